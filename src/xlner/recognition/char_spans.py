"""Character spans as spans of words."""

from __future__ import annotations

from collections.abc import Sequence

from xlner.core.entity import Span


def words_in(offsets: Sequence[Span], start: int, end: int) -> Span | None:
    """Return the span of the words that share a character with `[start, end)`, or None if there are none.

    >>> words_in([(0, 3), (4, 8)], 5, 8)
    (1, 2)
    """
    inside = [k for k, (a, b) in enumerate(offsets) if a < end and start < b]
    return (inside[0], inside[-1] + 1) if inside else None
