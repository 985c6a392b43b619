"""Candidates: target spans that source entities may be projected onto."""

from __future__ import annotations

from collections.abc import Sequence

from xlner.core.alignment import Alignment
from xlner.core.entity import Entity, Span


def aligned_words(entities: Sequence[Entity], alignment: Alignment) -> list[list[int]]:
    """The target words linked to each entity, sorted and distinct.

    >>> aligned_words([Entity(0, 2, "LOC")], Alignment(((0, 3), (1, 3), (1, 1))))
    [[1, 3]]
    """
    words: list[set[int]] = [set() for _ in entities]
    owners = {position: k for k, e in enumerate(entities) for position in range(e.start, e.end)}
    for source, target in alignment.links:
        owner = owners.get(source)
        if owner is not None:
            words[owner].add(target)
    return [sorted(w) for w in words]


def ngrams(length: int, max_length: int) -> list[Span]:
    """All spans of up to `max_length` words in a sentence of `length` words.

    >>> ngrams(2, 5)
    [(0, 1), (0, 2), (1, 2)]
    """
    return [(i, j) for i in range(length) for j in range(i + 1, min(length, i + max_length) + 1)]


def between_aligned(words: Sequence[int], max_length: int | None = None) -> list[Span]:
    """All spans that begin and end with a linked word of one entity, of up to `max_length` words.

    No other span can be optimal under the alignment score: a span whose outer word is not linked scores less than
    the span without that word.

    >>> between_aligned([1, 3])
    [(1, 2), (1, 4), (3, 4)]
    """
    spans = [(i, j + 1) for a, i in enumerate(words) for j in words[a:]]
    return spans if max_length is None else [s for s in spans if s[1] - s[0] <= max_length]


def merged_ranges(words: Sequence[int], max_gap: int = 1) -> list[Span]:
    """Ranges of linked words, joined across at most `max_gap` words without a link.

    >>> merged_ranges([1, 2, 4, 8], max_gap=1)
    [(1, 5), (8, 9)]
    """
    ranges: list[Span] = []
    for word in words:
        if ranges and word - ranges[-1][1] <= max_gap:
            ranges[-1] = (ranges[-1][0], word + 1)
        else:
            ranges.append((word, word + 1))
    return ranges
