"""What decoders take and give."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlner.errors import ValidationError

Similarity = NDArray[np.floating[Any]]
LinkMatrix = NDArray[np.bool_]


class DecodedLinks(NamedTuple):
    """Links with their weights, both of shape (n_source, n_target); the weight of a pair without link says nothing."""

    links: LinkMatrix
    weights: Similarity


def checked(similarity: Similarity) -> Similarity:
    """The matrix with -inf for NaN; raises `ValidationError` for any rank but 2.

    >>> checked(np.array([[0.5, np.nan]])).tolist()
    [[0.5, -inf]]
    """
    if similarity.ndim != 2:
        raise ValidationError(f"a similarity matrix has 2 dimensions, not {similarity.ndim}")
    return np.where(np.isnan(similarity), -np.inf, similarity)
