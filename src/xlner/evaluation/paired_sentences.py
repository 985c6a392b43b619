"""Pairs of gold and predicted sentences with the same words."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import NamedTuple
from unicodedata import normalize

from xlner.core.pair import Outcome, Pair
from xlner.core.sentence import Sentence
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


def paired_sentences(gold: Iterable[Sentence], predicted: Iterable[Sentence | Pair]) -> Iterator[PairedSentence]:
    """Pair the sentences of both sides in order. Sentences without words are skipped on both sides.

    Words that differ only in Unicode normalization are the same; a `DataWarning` says so. Raises `InputError` at the
    first word that differs, also if that is so because one side has a sentence more, or if one side ends before the
    other.

    >>> [item.predicted.tokens for item in paired_sentences([Sentence(("a",)), Sentence(())], [Sentence(("a",))])]
    [('a',)]
    """
    sides = [(item for item in side if _tokens(item)) for side in (gold, predicted)]
    normalized = False
    for number, (g, p) in enumerate(zip_longest(*sides), start=1):
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
