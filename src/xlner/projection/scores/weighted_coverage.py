"""The coverage score that uses link weights or a similarity matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity, Span
from xlner.core.pair import Pair
from xlner.errors import ValidationError
from xlner.projection.scores.link_coverage import coverage, link_matrix


def weighted_coverage_score(
    pair: Pair,
    entities: Sequence[Entity],
    candidates: Sequence[Span],
    *,
    similarity: NDArray[np.floating] | None = None,
) -> NDArray[np.float64]:
    """`(Σ_{i∈s} max_{j∈t} m_ij + Σ_{j∈t} max_{i∈s} m_ij) / (|s| + |t|)`, shape `(n_entities, n_candidates)`.

    `m` is the first of these that is available, clipped to [0, 1]:

    - `similarity`, shape `(n_source, n_target)`, such as cosines of word vectors,
    - the similarity that the alignment has (aligners add it with `similarity=true`),
    - the weights of the links, 0 without a link.

    This is the greedy matching of BERTScore (Zhang et al. 2020) with the two sides weighted by their lengths, and it
    equals `coverage_score` if every weight is 1.

    Raises `ValidationError` for a similarity with another shape or with numbers that are not finite, and, without a
    similarity, for a pair without source sentence or alignment.

    >>> from xlner import Alignment, Sentence
    >>> pair = Pair(Sentence(("a", "b")), Sentence(("A",)), Alignment(((0, 0), (0, 1)), (0.9, 0.3)))
    >>> weighted_coverage_score(pair, [Entity(0, 1, "LOC")], [(0, 1), (0, 2)]).round(2).tolist()
    [[0.9, 0.7]]
    """
    if similarity is None and pair.alignment is not None:
        similarity = pair.alignment.similarity
    if similarity is None:
        return coverage(link_matrix(pair, weighted=True), entities, candidates)
    shape = (0 if pair.source is None else len(pair.source), len(pair.target))
    matrix = np.asarray(similarity, dtype=np.float64)
    if matrix.shape != shape:
        raise ValidationError(f"a similarity of shape {matrix.shape} does not fit sentences of {shape} words")
    if not np.isfinite(matrix).all():
        raise ValidationError("a similarity must be finite")
    return coverage(np.clip(matrix, 0.0, 1.0), entities, candidates)
