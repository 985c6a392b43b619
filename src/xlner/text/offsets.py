"""Half-open ranges of positions."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

Span = tuple[int, int]
"""`[start, end)`, in code points of a text or in tokens of a sentence."""


def words_in(offsets: Sequence[Span], start: int, end: int) -> Span | None:
    """Return the span of the words that share a character with `[start, end)`, or None if there are none.

    >>> words_in([(0, 3), (4, 8)], 2, 5), words_in([(0, 3), (4, 8)], 3, 4)
    ((0, 2), None)
    """
    first = bisect_right(offsets, start, key=lambda word: word[1])
    last = bisect_left(offsets, end, key=lambda word: word[0])
    return (first, last) if first < last else None


def whole_words_in(offsets: Sequence[Span], start: int, end: int) -> Span | None:
    """Return the span of the words of `[start, end)`; None if it begins or ends elsewhere than a word.

    >>> whole_words_in([(0, 3), (4, 8)], 4, 8), whole_words_in([(0, 3), (4, 8)], 4, 7)
    ((1, 2), None)
    """
    span = words_in(offsets, start, end)
    return span if span and (offsets[span[0]][0], offsets[span[1] - 1][1]) == (start, end) else None


def cut_at(word: Span, cuts: Sequence[int]) -> list[Span]:
    """The parts of a word that is cut at these positions, in order; the word alone if none of them is inside of it.

    >>> cut_at((2, 9), [2, 4, 12]), cut_at((2, 9), [])
    ([(2, 4), (4, 9)], [(2, 9)])
    """
    start, end = word
    inside = cuts[bisect_right(cuts, start) : bisect_left(cuts, end)]
    return list(zip((start, *inside), (*inside, end), strict=True))
