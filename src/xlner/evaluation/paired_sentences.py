"""Pairs of gold and predicted sentences with the same words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import NamedTuple

from xlner.core.pair import Outcome, Pair
from xlner.core.sentence import Sentence
from xlner.errors import InputError


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

    Raises `InputError` at the first word that differs, or if one side ends before the other.

    >>> [item.predicted.tokens for item in paired_sentences([Sentence(("a",)), Sentence(())], [Sentence(("a",))])]
    [('a',)]
    """
    sides = ((item for item in side if _tokens(item)) for side in (gold, predicted))
    for number, (g, p) in enumerate(zip_longest(*sides), start=1):
        if g is None or p is None:
            longer, shorter = ("predicted", "gold") if g is None else ("gold", "predicted")
            raise InputError(
                f"the {longer} data has this sentence, but the {shorter} data ends before it",
                sentence=number,
                hint="compare files with the same sentences in the same order",
            )
        if _tokens(g) != _tokens(p):
            _refuse(_tokens(g), _tokens(p), number)
        assert isinstance(g, Sentence)
        yield PairedSentence(g, p.labeled, p) if isinstance(p, Pair) else PairedSentence(g, p, None)


def _tokens(item: Sentence | Pair) -> tuple[str, ...]:
    return item.target.tokens if isinstance(item, Pair) else item.tokens


def _refuse(gold: tuple[str, ...], predicted: tuple[str, ...], number: int) -> None:
    at = next(k for k, (a, b) in enumerate(zip_longest(gold, predicted)) if a != b)
    words = [repr(side[at]) if at < len(side) else "missing" for side in (gold, predicted)]
    raise InputError(
        f"word {at + 1} is {words[0]} in the gold data and {words[1]} in the predicted data",
        sentence=number,
        hint="compare files with the same words",
    )
