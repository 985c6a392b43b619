"""Pairs of gold and predicted sentences with the same words."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import NamedTuple
from unicodedata import normalize

from xlner.core.pair import Outcome, Pair
from xlner.core.sentence import Sentence
from xlner.core.sentence_block import SentenceBlock
from xlner.errors import DataWarning, InputError


class PairedSentence(NamedTuple):
    """A gold sentence, the same sentence with predicted entities, and the pair that has the predictions, if any.

    >>> sentence = Sentence(("Vigo",))
    >>> PairedSentence(sentence, sentence, Pair(sentence, error="aligner: too long")).error
    'aligner: too long'
    """

    gold: Sentence
    predicted: Sentence
    pair: Pair | None

    @property
    def error(self) -> str | None:
        """The error of the sentence, if a stage failed on it."""
        if self.pair is not None:
            return self.pair.error
        return str(self.predicted.meta["error"]) if "error" in self.predicted.meta else None

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes of the source entities."""
        return self.pair.projection.outcomes if self.pair is not None and self.pair.projection is not None else ()


class PairedBlock(NamedTuple):
    """Gold sentences, and the same sentences with predicted entities."""

    gold: SentenceBlock
    predicted: SentenceBlock

    def sentences(self) -> Iterator[PairedSentence]:
        """The pairs one by one."""
        for gold, predicted in zip(self.gold.sentences(), self.predicted.sentences(), strict=True):
            yield PairedSentence(gold, predicted, None)


def paired_sentences(
    gold: Iterable[Sentence | SentenceBlock], predicted: Iterable[Sentence | Pair | SentenceBlock]
) -> Iterator[PairedSentence]:
    """Pair the sentences of both sides in order. Sentences without words are skipped on both sides.

    Words that differ only in Unicode normalization are the same; a `DataWarning` says so. Raises `InputError` at the
    first word that differs, also if that is so because one side has a sentence more, or if one side ends before the
    other.

    >>> [item.predicted.tokens for item in paired_sentences([Sentence(("a",)), Sentence(())], [Sentence(("a",))])]
    [('a',)]
    """
    for item in paired_blocks(gold, predicted):
        if isinstance(item, PairedBlock):
            yield from item.sentences()
        else:
            yield item


def paired_blocks(
    gold: Iterable[Sentence | SentenceBlock], predicted: Iterable[Sentence | Pair | SentenceBlock]
) -> Iterator[PairedSentence | PairedBlock]:
    """The same pairs; where both sides have blocks of sentences with the same words, they are pairs of blocks."""
    sides = _Side(gold), _Side(predicted)
    number, normalized = 1, False
    while True:
        block = _equal_blocks(*sides)
        if block is not None:
            yield block
            number += len(block.gold)
            continue
        for side, other in (sides, sides[::-1]):
            if other.left and (rest := side.block()) is not None:  # so that both come to their next blocks at once
                side.take(min(other.left, len(rest)))
        g, p = (next(side, None) for side in sides)
        if g is None and p is None:
            return
        if g is None or p is None:
            longer, shorter = ("predicted", "gold") if g is None else ("gold", "predicted")
            raise InputError(
                f"the {longer} data has this sentence, but the {shorter} data ends before it",
                sentence=number,
                hint="compare files with the same sentences in the same order",
            )
        if _tokens(g) != _tokens(p):
            if not _same_normalized(_tokens(g), _tokens(p)):
                raise _difference(_tokens(g), _tokens(p), number, [_tokens(next(side, None)) for side in sides])
            if not normalized:
                normalized = True
                _note_normalization(number)
        assert isinstance(g, Sentence)
        yield PairedSentence(g, p.labeled, p) if isinstance(p, Pair) else PairedSentence(g, p, None)
        number += 1


class _Side(Iterator[Sentence | Pair]):
    """The sentences of one side that have words."""

    def __init__(self, items: Iterable[Sentence | Pair | SentenceBlock]) -> None:
        self._items = iter(items)
        self._block: SentenceBlock | None = None
        self._waiting: Sentence | Pair | None = None
        self._taken: Iterator[Sentence] = iter(())
        self.step = 1  # sentences to take when single ones are needed
        self.left = 0
        """Sentences of a block that are given one by one before anything else."""

    def block(self) -> SentenceBlock | None:
        """The block that comes next; None if something else does."""
        if self.left or self._waiting is not None:
            return None
        while self._block is None:
            item = next(self._items, None)
            if isinstance(item, SentenceBlock):
                self._block = item if len(item) else None
            elif item is None or _tokens(item):
                self._waiting = item
                return None
        return self._block

    def skip(self, count: int) -> None:
        """Go on behind sentences of the block that comes next."""
        assert self._block is not None
        self._block = self._block.cut(count)[1] if count < len(self._block) else None

    def take(self, count: int) -> None:
        """Give the next sentences of the block one by one."""
        assert self._block is not None
        self._taken, self.left = self._block.cut(count)[0].sentences(), count
        self.skip(count)

    def __next__(self) -> Sentence | Pair:
        if not self.left and (block := self.block()) is not None:
            self.take(min(self.step, len(block)))
            self.step *= 2
        if self.left:
            self.left -= 1
            return next(self._taken)
        item, self._waiting = self._waiting, None
        if item is None:
            raise StopIteration
        return item


def _equal_blocks(gold: _Side, predicted: _Side) -> PairedBlock | None:
    """What both sides have next, if these are blocks of sentences with the same words."""
    first, second = gold.block(), predicted.block()
    if first is None or second is None:
        return None
    count = min(len(first), len(second))
    first, second = first.cut(count)[0], second.cut(count)[0]
    if first.words != second.words or (first.lengths != second.lengths).any():
        gold.take(count)
        predicted.take(count)
        return None
    for side in (gold, predicted):
        side.skip(count)
        side.step = 1
    return PairedBlock(first, second)


def _tokens(item: Sentence | Pair | None) -> tuple[str, ...]:
    if item is None:
        return ()
    return item.target.tokens if isinstance(item, Pair) else item.tokens


def _same_normalized(gold: tuple[str, ...], predicted: tuple[str, ...]) -> bool:
    return _normalized(gold) == _normalized(predicted)


def _normalized(words: tuple[str, ...]) -> list[str]:
    return [normalize("NFC", word) for word in words]


def _note_normalization(number: int) -> None:
    message = f"sentence {number}: the words differ only in Unicode normalization (NFC and NFD) and count as the same"
    warnings.warn(message, DataWarning, stacklevel=4)


def _difference(
    gold: tuple[str, ...], predicted: tuple[str, ...], number: int, following: list[tuple[str, ...]]
) -> InputError:
    """The error for sentences with other words; `following` has the words of the sentences after them."""
    for words, after, more, less in (
        (gold, following[1], "predicted", "gold"),
        (predicted, following[0], "gold", "predicted"),
    ):
        if after and _same_normalized(words, after):
            return InputError(
                f"the {more} data has a sentence here that the {less} data does not have",
                sentence=number,
                hint="compare files with the same sentences in the same order",
            )
    composed = zip_longest(_normalized(gold), _normalized(predicted))
    at = next(k for k, (a, b) in enumerate(composed) if a != b)
    shown = [repr(side[at]) if at < len(side) else "missing" for side in (gold, predicted)]
    return InputError(
        f"word {at + 1} is {shown[0]} in the gold data and {shown[1]} in the predicted data",
        sentence=number,
        hint="compare files with the same words",
    )
