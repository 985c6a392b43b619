"""Links that pair off words, so that the sum of their similarities is largest."""

from __future__ import annotations

import math

import numpy as np

from xlner.alignment.decoders.matrix import LinkMatrix, Similarity, checked
from xlner.errors import MissingExtraError


def match(similarity: Similarity, *, threshold: float = -math.inf) -> LinkMatrix:
    """The matching with the largest `Σ (similarity - threshold)`: at most one link per word, solved exactly.

    Without a threshold as many words as possible are linked, however unlike they are, as in SimAlign's `mwmf` (Jalili
    Sabet et al. 2020); with one, only links above it add to the sum, and no others are made. Which of several best
    matchings is found is left to the solver, the same one every time.

    `similarity` has shape (n_source, n_target), and so has the result. Raises `ValidationError` for any other rank,
    `MissingExtraError` where scipy is not installed. From `[[0.9, 0.8], [0.8, 0.02]]` it makes `[[0, 1], [1, 0]]`.
    """
    try:
        from scipy.optimize import linear_sum_assignment
    except ImportError:
        raise MissingExtraError("scipy", extra="offline") from None
    scores = checked(similarity).astype(np.float64)
    links = np.zeros(scores.shape, dtype=np.bool_)
    allowed = (scores > -np.inf) & (scores > threshold)
    if not allowed.any():
        return links
    gains = scores - threshold if threshold > -np.inf else _all_worthwhile(scores, allowed)
    rows, columns = linear_sum_assignment(np.where(allowed, gains, 0.0), maximize=True)
    links[rows, columns] = allowed[rows, columns]
    return links


def _all_worthwhile(scores: Similarity, allowed: LinkMatrix) -> Similarity:
    """Gains of which any one more outweighs all others: every matching that is best has as many links as can be."""
    lowest, highest = scores[allowed].min(), scores[allowed].max()
    gains: Similarity = scores - lowest + (highest - lowest + 1) * min(scores.shape)
    return gains
