"""Links from an optimal transport plan between the words of two sentences."""

from __future__ import annotations

import numpy as np

from xlner.alignment.decoders.matrices import DecodedLinks, Similarity, check_similarity
from xlner.errors import UsageError

_MIN_EPSILON = 0.005
"""Below this value the exponentials of cosines leave the range of floats."""


def transport(
    similarity: Similarity, *, threshold: float = 0.4, epsilon: float = 0.07, iterations: int = 100
) -> DecodedLinks:
    """Return links that carry more than `threshold` of their largest possible mass in an optimal transport plan.

    Every word has the same mass, and moving mass between two words costs `1 - cosine`. The plan minimizes the cost
    minus `epsilon` times the entropy of the plan (Cuturi 2013). Unlike in a softmax, words compete for each other.
    AWESoME (Dou and Neubig 2021) describes this as an alternative to the softmax. The plan is computed with
    `iterations` iterations of Sinkhorn's algorithm. The weight of a link is its entry in the plan divided by its
    largest possible value, `1 / max(n_source, n_target)`. The default threshold and epsilon were best for `e5` on
    development data for word alignment (XL-WA, Spanish and Dutch).

    `similarity` has shape (n_source, n_target). Raises `ValidationError` unless it has two dimensions, and `UsageError`
    for an epsilon below 0.005 or less than one iteration.

    >>> transport(np.array([[0.9, 0.8], [0.8, 0.3]])).links.tolist()
    [[False, True], [True, False]]
    """
    if not (epsilon >= _MIN_EPSILON and iterations >= 1):
        raise UsageError(f"epsilon {epsilon} must be at least {_MIN_EPSILON} and iterations {iterations} at least 1")
    scores = check_similarity(similarity).astype(np.float64)
    if not scores.size:
        return DecodedLinks(np.zeros(scores.shape, dtype=np.bool_), scores)
    best = scores.max()
    plan = sinkhorn(np.exp((scores - (best if np.isfinite(best) else 0)) / epsilon), iterations)
    weights = np.minimum(plan * max(plan.shape), 1.0)
    return DecodedLinks(weights > threshold, weights)


def sinkhorn(kernel: Similarity, iterations: int) -> Similarity:
    """Return `diag(u) K diag(v)`: columns sum to 1 / m, rows nearly to 1 / n, and empty rows and columns stay empty.

    >>> sinkhorn(np.array([[1.0, 0.0], [2.0, 3.0]]), 500).round(2).tolist()
    [[0.5, 0.0], [0.0, 0.5]]
    """
    n, m = kernel.shape
    v = np.ones(m)
    for _ in range(iterations):
        u = _inverse(kernel @ v) / n
        v = _inverse(u @ kernel) / m
    plan: Similarity = u[:, None] * kernel * v
    return plan


def _inverse(x: Similarity) -> Similarity:
    inverse: Similarity = np.divide(1, x, out=np.zeros_like(x), where=x > 0)
    return inverse
