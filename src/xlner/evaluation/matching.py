"""Pairs of gold and predicted entities: each of them in one pair at most, and what is left over on both sides."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from xlner.evaluation.groups import Labeled, best_pair, groups
from xlner.evaluation.spans import GoldAndPredicted

Alike = tuple[int | None, int | None]
"""Positions of a gold and a predicted entity that stand for each other; None for the side where there is none."""


def inexact_pairs(sides: GoldAndPredicted) -> Iterator[Alike]:
    """Every entity that is not exactly right, once: with the one it overlaps, or alone.

    Of several that overlap the same one, the best fitting is its partner (see `groups`), the others are alone.
    """
    wrong = [np.flatnonzero(~exact) for exact in sides.exact()]
    gold, predicted = (
        _rows(spans.starts[k], spans.ends[k], spans.labels[k])
        for spans, k in zip((sides.gold, sides.predicted), wrong, strict=True)
    )
    in_gold, in_predicted = (k.tolist() for k in wrong)
    for group in groups(gold, predicted):
        alone_gold, alone_predicted = set(group.gold), set(group.predicted)
        if group.gold and group.predicted:
            g, p = best_pair([gold[k] for k in group.gold], [predicted[k] for k in group.predicted])
            yield in_gold[group.gold[g]], in_predicted[group.predicted[p]]
            alone_gold.remove(group.gold[g])
            alone_predicted.remove(group.predicted[p])
        yield from ((in_gold[k], None) for k in sorted(alone_gold))
        yield from ((None, in_predicted[k]) for k in sorted(alone_predicted))


def _rows(*columns: np.ndarray) -> list[Labeled]:
    return list(zip(*(column.tolist() for column in columns), strict=True))
