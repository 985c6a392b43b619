"""The coverage score: the share of linked words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity, Span
from xlner.core.pair import Pair
from xlner.projection.scores.link_coverage import coverage, link_matrix


def coverage_score(pair: Pair, entities: Sequence[Entity], candidates: Sequence[Span]) -> NDArray[np.float64]:
    """`(linked words of s + linked words of t) / (|s| + |t|)`, in [0, 1], shape `(n_entities, n_candidates)`.

    A word of the entity counts if it has a link into the candidate, and a word of the candidate if it has a link into
    the entity. If no word has two such links, this equals `alignment_score`. If words have many links,
    `alignment_score` exceeds 1 and favors spans with function words, which aligners like to link; coverage does not.

    Raises `ValidationError` for a pair without source sentence or alignment.

    >>> from xlner import Alignment, Sentence
    >>> pair = Pair(Sentence(("a", "b")), Sentence(("A",)), Alignment(((0, 0), (0, 1))))
    >>> coverage_score(pair, [Entity(0, 1, "LOC")], [(0, 1), (0, 2)]).tolist()
    [[1.0, 1.0]]
    """
    return coverage(link_matrix(pair, weighted=False), entities, candidates)
