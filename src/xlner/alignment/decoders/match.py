"""One-to-one links with the largest sum of similarities."""

from __future__ import annotations

import math

import numpy as np

from xlner.alignment.decoders.matrices import LinkMatrix, Similarity, check_similarity
from xlner.errors import MissingExtraError


def match(similarity: Similarity, *, threshold: float = -math.inf) -> LinkMatrix:
    """Return the matching that maximizes `Σ (similarity - threshold)`: at most one link per word, solved exactly.

    Without a threshold, as many words as possible are linked, however low their similarity, as in SimAlign's `mwmf`
    (Jalili Sabet et al. 2020). With a threshold, only pairs above it are linked. If several matchings are equally good,
    the solver decides, always in the same way.

    `similarity` and the result have shape (n_source, n_target). Raises `ValidationError` unless `similarity` has two
    dimensions, and `MissingExtraError` if scipy is not installed. For `[[0.9, 0.8], [0.8, 0.02]]` the links are
    `[[0, 1], [1, 0]]`.
    """
    try:
        from scipy.optimize import linear_sum_assignment
    except ImportError:
        raise MissingExtraError("scipy", extra="offline") from None
    scores = check_similarity(similarity).astype(np.float64)
    links = np.zeros(scores.shape, dtype=np.bool_)
    allowed = (scores > -np.inf) & (scores > threshold)
    if not allowed.any():
        return links
    gains = scores - threshold if threshold > -np.inf else _gains_without_threshold(scores, allowed)
    rows, columns = linear_sum_assignment(np.where(allowed, gains, 0.0), maximize=True)
    links[rows, columns] = allowed[rows, columns]
    return links


def _gains_without_threshold(scores: Similarity, allowed: LinkMatrix) -> Similarity:
    """Shift the gains so that one more link outweighs all others: the best matching has as many links as possible."""
    lowest, highest = scores[allowed].min(), scores[allowed].max()
    gains: Similarity = scores - lowest + (highest - lowest + 1) * min(scores.shape)
    return gains
