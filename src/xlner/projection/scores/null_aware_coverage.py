"""The coverage score that counts words without any link less than words linked elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity, Span
from xlner.core.pair import Pair
from xlner.errors import ValidationError
from xlner.projection.scores.link_coverage import coverage, link_matrix

NULL_COST = 0.5
"""The length of a candidate word that has no link; a linked word has the length 1."""


def null_aware_coverage_score(
    pair: Pair, entities: Sequence[Entity], candidates: Sequence[Span], *, null_cost: float = NULL_COST
) -> NDArray[np.float64]:
    """`(Σ_{i∈s} max_{j∈t} m_ij + Σ_{j∈t} max_{i∈s} m_ij) / (|s| + linked(t) + null_cost · unlinked(t))`, in [0, 1].

    `m` holds the weights of the links, clipped to [0, 1], or 1 if the aligner gives none. A candidate word that is
    linked is evidence for the entity or against it. One that has no link at all, such as an article that the source
    language does not have, says little. The score equals `weighted_coverage_score` if every word of the candidate has
    a link, or with a `null_cost` of 1. Shape `(n_entities, n_candidates)`.

    Raises `ValidationError` for a pair without source sentence or alignment, and for a `null_cost` outside [0, 1].

    >>> from xlner import Alignment, Sentence
    >>> pair = Pair(Sentence(("Banco", "de", "España")), Sentence(("Bank", "Spain")), Alignment(((0, 0), (1, 2))))
    >>> null_aware_coverage_score(pair, [Entity(0, 2, "ORG")], [(0, 1), (0, 3)]).round(2).tolist()
    [[0.67, 0.89]]
    """
    if not 0 <= null_cost <= 1:
        raise ValidationError(f"null_cost {null_cost} is outside [0, 1]")
    matrix = link_matrix(pair, weighted=True)
    costs = np.where(matrix.any(axis=0), 1.0, null_cost)
    return coverage(matrix, entities, candidates, costs)
