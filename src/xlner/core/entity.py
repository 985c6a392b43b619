"""Entities: labeled spans of words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from xlner.errors import ValidationError
from xlner.text.offsets import Span

__all__ = ["Entity", "Span", "overlaps"]


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """A labeled half-open span of words, `[start, end)`.

    `score` is that of the recognizer or projector that made the entity, or None. Raises `ValidationError` if the span
    is empty or negative, the label is empty or contains white space, or the score is not finite.

    >>> Entity(2, 4, "ORG").span
    (2, 4)
    """

    start: int
    end: int
    label: str
    score: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValidationError(f"entity span [{self.start}, {self.end}) is empty or negative")
        if not self.label or self.label.split() != [self.label]:
            raise ValidationError(f"entity label {self.label!r} is empty or has white space")
        if self.score is not None and not math.isfinite(self.score):
            raise ValidationError(f"entity score {self.score} is not finite")

    @property
    def span(self) -> Span:
        """The pair `(start, end)`."""
        return (self.start, self.end)

    def __len__(self) -> int:
        return self.end - self.start


def overlaps(first: Span, second: Span) -> bool:
    """Return True if two half-open spans share a position.

    >>> overlaps((0, 2), (1, 3)), overlaps((0, 2), (2, 3))
    (True, False)
    """
    return first[0] < second[1] and second[0] < first[1]
