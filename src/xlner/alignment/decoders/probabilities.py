"""Links whose probability is above a threshold in both directions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from xlner.alignment.decoders.matrices import DecodedLinks, Similarity, check_similarity
from xlner.errors import UsageError


def softmax(similarity: Similarity, *, threshold: float = 1e-3, temperature: float = 1.0) -> DecodedLinks:
    """Return links whose probability is above `threshold` from source to target and from target to source.

    This is the method of AWESoME (Dou and Neubig 2021). The probabilities are the softmax of each row and of each
    column of `similarity / temperature`. AWESoME uses dot products of vectors and a temperature of 1. The weight of a
    link is the harmonic mean of its two probabilities.

    `similarity` has shape (n_source, n_target). Raises `ValidationError` unless it has two dimensions, and `UsageError`
    if the temperature is not positive.

    >>> dots = np.array([[90.0, 70.0], [75.0, 71.0]])
    >>> softmax(dots).links.tolist()
    [[True, False], [False, True]]
    """
    return _in_both_directions(_softmax_of_rows, similarity, threshold, temperature)


def entmax(similarity: Similarity, *, threshold: float = 0.0, temperature: float = 1.0) -> DecodedLinks:
    """Return links whose 1.5-entmax probability is above `threshold` in both directions.

    The same as `softmax`, except that words much less similar than the best get a probability of exactly 0 (Peters,
    Niculae and Martins 2019), so AWESoME (Dou and Neubig 2021) needs no threshold. The weight of a link is the harmonic
    mean of its two probabilities.

    `similarity` has shape (n_source, n_target). Raises `ValidationError` unless it has two dimensions, and `UsageError`
    if the temperature is not positive.

    >>> entmax(np.array([[5.0, 1.0], [2.0, 3.0]])).weights.round(3).tolist()
    [[1.0, 0.0], [0.0, 0.908]]
    """
    return _in_both_directions(entmax_of_rows, similarity, threshold, temperature)


def entmax_of_rows(scores: Similarity) -> Similarity:
    """Return the exact 1.5-entmax of each row: `p = max(x / 2 - τ, 0)²`, where τ is chosen so that the row sums to 1.

    Let M be the mean of the k largest values of `x / 2` and S the mean of their squares. Then τ is
    `M - sqrt((1 - k (S - M²)) / k)` for the largest k whose k-th value is at least τ (Peters et al. 2019, algorithm 2).
    A row that contains only -inf becomes all 0.

    >>> entmax_of_rows(np.array([[1.0, 1.0, -9.0], [4.0, 0.0, 0.0]])).round(2).tolist()
    [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]
    """
    if not scores.size:
        return np.zeros_like(scores)
    best = scores.max(axis=1, keepdims=True)
    # τ is at most 1 below the largest value. Values further below get probability 0, and so does -inf.
    x = np.maximum((scores - np.where(np.isfinite(best), best, 0)) / 2, -2)
    largest = -np.sort(-x, axis=1)
    k = np.arange(1, x.shape[1] + 1, dtype=x.dtype)
    mean = largest.cumsum(axis=1) / k
    spread = (largest**2).cumsum(axis=1) - k * mean**2
    bound = mean - np.sqrt(np.maximum((1 - spread) / k, 0))
    support = (bound <= largest).sum(axis=1, keepdims=True)
    shares: Similarity = np.maximum(x - np.take_along_axis(bound, support - 1, axis=1), 0) ** 2
    shares[~np.isfinite(best[:, 0])] = 0
    return shares


def harmonic_mean(first: Similarity, second: Similarity) -> Similarity:
    """Return `2 a b / (a + b)`, and 0 where both are 0.

    >>> harmonic_mean(np.array([0.5, 0.0]), np.array([1.0, 0.0])).round(2).tolist()
    [0.67, 0.0]
    """
    total = first + second
    mean: Similarity = np.divide(2 * first * second, total, out=np.zeros_like(total), where=total > 0)
    return mean


def _in_both_directions(
    of_rows: Callable[[Similarity], Similarity], similarity: Similarity, threshold: float, temperature: float
) -> DecodedLinks:
    if not temperature > 0:
        raise UsageError(f"temperature {temperature} must be positive")
    scores = check_similarity(similarity) / temperature
    forward, reverse = of_rows(scores), of_rows(scores.T).T
    return DecodedLinks((forward > threshold) & (reverse > threshold), harmonic_mean(forward, reverse))


def _softmax_of_rows(scores: Similarity) -> Similarity:
    """The softmax of each row; all 0 for a row that contains only -inf."""
    if not scores.size:
        return np.zeros_like(scores)
    best = scores.max(axis=1, keepdims=True)
    powers: Similarity = np.exp(scores - np.where(np.isfinite(best), best, 0))
    total = powers.sum(axis=1, keepdims=True)
    shares: Similarity = np.divide(powers, total, out=np.zeros_like(powers), where=total > 0)
    return shares
