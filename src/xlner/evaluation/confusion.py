"""Which label was given for which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xlner.evaluation.matching import inexact_pairs
from xlner.evaluation.spans import GoldAndPredicted, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """Entities by gold and predicted label.

    `counts` has shape `(n + 1, n + 1)`: row *i* for gold label *i*, column *j* for predicted label *j*; the last row
    holds predicted entities without a gold one, the last column gold entities without a predicted one. Rows add up to
    the gold entities of a label, columns to its predicted ones.
    """

    labels: tuple[str, ...]
    counts: Ints

    @classmethod
    def of(cls, sides: GoldAndPredicted) -> Confusion:
        """The matrix of the entities that share words, each in one pair at most.

        >>> from xlner import Entity, Sentence, evaluate
        >>> gold = [Sentence(("Ana", "Vigo"), (Entity(0, 2, "PER"),))]
        >>> predicted = [Sentence(("Ana", "Vigo"), (Entity(1, 2, "LOC"),))]
        >>> Confusion.of(evaluate(gold, predicted).sides).counts.tolist()
        [[0, 0, 0], [1, 0, 0], [0, 0, 0]]
        """
        size = len(sides.labels) + 1
        counts = np.zeros((size, size), dtype=np.int64)
        exact = sides.gold.labels[sides.exact()[0]]
        np.add.at(counts, (exact, exact), 1)
        gold, predicted = sides.gold.labels, sides.predicted.labels
        for g, p in inexact_pairs(sides):
            counts[-1 if g is None else gold[g], -1 if p is None else predicted[p]] += 1
        return cls(sides.labels, counts)
