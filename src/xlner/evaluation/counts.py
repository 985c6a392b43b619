"""Precision, recall and F1 from counts of entities."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of correct, predicted and gold entities. `partial` ones count half as correct.

    >>> Counts(correct=1, predicted=2, gold=4).f1
    0.3333333333333333
    """

    correct: int = 0
    predicted: int = 0
    gold: int = 0
    partial: int = 0

    @property
    def precision(self) -> float:
        """The share of the predicted entities that are correct; 0 if there are none."""
        return self._credit / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """The share of the gold entities that were found; 0 if there are none."""
        return self._credit / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; 0 if there are no entities."""
        total = self.predicted + self.gold
        return 2 * self._credit / total if total else 0.0

    @property
    def _credit(self) -> float:
        return self.correct + self.partial / 2

    @classmethod
    def total(cls, counts: Iterable[Counts]) -> Counts:
        """The sum of several counts.

        >>> Counts.total([Counts(1, 2, 3), Counts(1, 1, 1)])
        Counts(correct=2, predicted=3, gold=4, partial=0)
        """
        counts = list(counts)
        return cls(
            sum(c.correct for c in counts),
            sum(c.predicted for c in counts),
            sum(c.gold for c in counts),
            sum(c.partial for c in counts),
        )
