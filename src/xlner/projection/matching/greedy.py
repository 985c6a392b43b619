"""Greedy matching: the best-scoring free candidate first."""

from __future__ import annotations

from collections.abc import Iterable

from xlner.projection.matching.match import Option, match_spans

__all__ = ["Option", "greedy"]


def greedy(options: Iterable[Option], length: int) -> list[Option]:
    """Pick options by falling score, each entity at most once, spans disjoint, in a sentence of `length` words.

    Ties are decided: the longer span first, then the leftmost, then the entity that comes first.

    >>> greedy([Option(0, (0, 2), 0.9), Option(1, (1, 3), 0.8), Option(1, (2, 3), 0.5)], 3)
    [Option(entity=0, span=(0, 2), score=0.9), Option(entity=1, span=(2, 3), score=0.5)]
    """
    return sorted(match_spans(options, length, matcher="greedy").chosen, key=_rank)


def _rank(option: Option) -> tuple[float, int, int, int]:
    start, end = option.span
    return (-option.score, start - end, start, option.entity)
