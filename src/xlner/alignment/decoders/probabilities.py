"""Links whose probability is above a threshold both ways."""

from __future__ import annotations

import numpy as np

from xlner.alignment.decoders._matrix import Decoded, Similarity, checked


def softmax(similarity: Similarity, *, threshold: float = 1e-3, temperature: float = 1.0) -> Decoded:
    """Links with a probability above `threshold` from source to target and from target to source.

    This is AWESoME (Dou and Neubig 2021): the probabilities are softmaxes of each row and of each column of
    `similarity / temperature`, where AWESoME has dot products of vectors and a temperature of 1. The weight of a link
    is the harmonic mean of its two probabilities.

    `similarity` has shape (n_source, n_target). Raises `ValidationError` for any other rank.

    >>> dots = np.array([[90.0, 70.0], [75.0, 71.0]])
    >>> softmax(dots).links.tolist()
    [[True, False], [False, True]]
    """
    scores = checked(similarity) / temperature
    there = _softmax(scores, axis=1)
    back = _softmax(scores, axis=0)
    return Decoded((there > threshold) & (back > threshold), harmonic_mean(there, back))


def harmonic_mean(first: Similarity, second: Similarity) -> Similarity:
    """`2 a b / (a + b)`, 0 where both are.

    >>> harmonic_mean(np.array([0.5, 0.0]), np.array([1.0, 0.0])).round(2).tolist()
    [0.67, 0.0]
    """
    total = first + second
    mean: Similarity = np.divide(2 * first * second, total, out=np.zeros_like(total), where=total > 0)
    return mean


def _softmax(scores: Similarity, axis: int) -> Similarity:
    """Softmax along an axis; 0 all over where every score is -inf."""
    if not scores.size:
        return np.zeros_like(scores)
    best = scores.max(axis=axis, keepdims=True)
    powers: Similarity = np.exp(scores - np.where(np.isfinite(best), best, 0))
    total = powers.sum(axis=axis, keepdims=True)
    shares: Similarity = np.divide(powers, total, out=np.zeros_like(powers), where=total > 0)
    return shares
