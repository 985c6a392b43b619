"""The matrices that decoders take and return."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlner.errors import ValidationError

Similarity = NDArray[np.floating[Any]]
"""Similarities of words, shape (n_source, n_target)."""
LinkMatrix = NDArray[np.bool_]
"""True where two words are linked, shape (n_source, n_target)."""


class DecodedLinks(NamedTuple):
    """Links and their weights, both of shape (n_source, n_target). The weight of an unlinked pair has no meaning.

    >>> links, weights = DecodedLinks(np.eye(2, dtype=np.bool_), np.array([[0.9, 0.2], [0.1, 0.8]]))
    >>> weights[links].tolist()
    [0.9, 0.8]
    """

    links: LinkMatrix
    weights: Similarity


def check_similarity(similarity: Similarity) -> Similarity:
    """Return the matrix with NaN replaced by -inf. Raises `ValidationError` unless it has two dimensions.

    >>> check_similarity(np.array([[0.5, np.nan]])).tolist()
    [[0.5, -inf]]
    """
    if similarity.ndim != 2:
        raise ValidationError(f"a similarity matrix has 2 dimensions, not {similarity.ndim}")
    return np.where(np.isnan(similarity), -np.inf, similarity)
