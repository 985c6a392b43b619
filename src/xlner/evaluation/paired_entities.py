"""One-to-one pairs of gold and predicted entities."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from xlner.evaluation.overlap_groups import LabeledSpan, best_pair, overlap_groups
from xlner.evaluation.spans import GoldAndPredicted

EntityPair = tuple[int | None, int | None]
"""The indices of a gold entity and its predicted counterpart; None for a side without one."""


def inexact_pairs(spans: GoldAndPredicted) -> Iterator[EntityPair]:
    """Yield each entity that is not exactly right once: paired with an entity that it overlaps, or alone.

    If several entities overlap the same one, only the best match is paired (see `best_pair`). The others are alone.
    """
    wrong = [np.flatnonzero(~exact) for exact in spans.exact()]
    gold, predicted = (
        _rows(side.starts[k], side.ends[k], side.labels[k])
        for side, k in zip((spans.gold, spans.predicted), wrong, strict=True)
    )
    in_gold, in_predicted = (k.tolist() for k in wrong)
    for group in overlap_groups(gold, predicted):
        alone_gold, alone_predicted = set(group.gold), set(group.predicted)
        if group.gold and group.predicted:
            g, p = best_pair([gold[k] for k in group.gold], [predicted[k] for k in group.predicted])
            yield in_gold[group.gold[g]], in_predicted[group.predicted[p]]
            alone_gold.remove(group.gold[g])
            alone_predicted.remove(group.predicted[p])
        yield from ((in_gold[k], None) for k in sorted(alone_gold))
        yield from ((None, in_predicted[k]) for k in sorted(alone_predicted))


def _rows(*columns: np.ndarray) -> list[LabeledSpan]:
    return list(zip(*(column.tolist() for column in columns), strict=True))
