"""Links along which the words of one sentence are carried to those of the other at the least cost."""

from __future__ import annotations

import numpy as np

from xlner.alignment.decoders.matrix import DecodedLinks, Similarity, checked
from xlner.errors import ValidationError

_LEAST_EPSILON = 0.005
"""Below it the powers of a matrix of cosines leave the range of floats."""


def transport(
    similarity: Similarity, *, threshold: float = 0.4, epsilon: float = 0.07, iterations: int = 100
) -> DecodedLinks:
    """Links that carry more than `threshold` of what they could in an optimal transport plan.

    Every word has the same mass, carrying from one to the other costs `1 - cosine`, and `epsilon` times the entropy of
    the plan is taken off the cost (Cuturi 2013); so words compete for each other, other than in a softmax. AWESoME (Dou
    and Neubig 2021) describes this as an alternative to it. The plan comes from `iterations` rounds of Sinkhorn's
    algorithm. The weight of a link is its entry divided by the largest that it could have, which is the mass of a word
    of the longer sentence: 1 / max(n_source, n_target). The default threshold and epsilon are what is best for `e5` on
    development data of word alignment (XL-WA, Spanish and Dutch).

    `similarity` has shape (n_source, n_target). Raises `ValidationError` for any other rank, for an epsilon below
    0.005, and for less than one iteration.

    >>> transport(np.array([[0.9, 0.8], [0.8, 0.3]])).links.tolist()
    [[False, True], [True, False]]
    """
    if not (epsilon >= _LEAST_EPSILON and iterations >= 1):
        raise ValidationError(
            f"epsilon {epsilon} must be at least {_LEAST_EPSILON} and iterations {iterations} at least 1"
        )
    scores = checked(similarity).astype(np.float64)
    if not scores.size:
        return DecodedLinks(np.zeros(scores.shape, dtype=np.bool_), scores)
    best = scores.max()
    plan = sinkhorn(np.exp((scores - (best if np.isfinite(best) else 0)) / epsilon), iterations)
    weights = np.minimum(plan * max(plan.shape), 1.0)
    return DecodedLinks(weights > threshold, weights)


def sinkhorn(kernel: Similarity, iterations: int) -> Similarity:
    """The matrix `diag(u) K diag(v)` whose columns sum to 1 / m, and its rows nearly to 1 / n; empty ones stay empty.

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
