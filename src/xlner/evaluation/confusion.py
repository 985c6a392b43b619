"""Confusion matrices: which labels were predicted for which gold labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xlner.evaluation.paired_entities import inexact_pairs
from xlner.evaluation.spans import GoldAndPredicted, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """Counts of entities by gold and predicted label.

    `counts` has the shape `(n + 1, n + 1)`: row *i* is gold label *i*, column *j* is predicted label *j*. The last row
    counts predicted entities without a gold entity, the last column gold entities without a predicted entity. Each row
    adds up to the gold entities with a label, each column to the predicted ones.
    """

    labels: tuple[str, ...]
    counts: Ints

    @classmethod
    def of(cls, spans: GoldAndPredicted) -> Confusion:
        """The confusion matrix of gold and predicted spans. Each entity is paired with at most one that overlaps it.

        >>> from xlner import Entity, Sentence, evaluate
        >>> gold = [Sentence(("Ana", "Vigo"), (Entity(0, 2, "PER"),))]
        >>> predicted = [Sentence(("Ana", "Vigo"), (Entity(1, 2, "LOC"),))]
        >>> Confusion.of(evaluate(gold, predicted).spans).counts.tolist()
        [[0, 0, 0], [1, 0, 0], [0, 0, 0]]
        """
        size = len(spans.labels) + 1
        counts = np.zeros((size, size), dtype=np.int64)
        exact = spans.gold.labels[spans.exact()[0]]
        np.add.at(counts, (exact, exact), 1)
        gold, predicted = spans.gold.labels, spans.predicted.labels
        for g, p in inexact_pairs(spans):
            counts[-1 if g is None else gold[g], -1 if p is None else predicted[p]] += 1
        return cls(spans.labels, counts)
