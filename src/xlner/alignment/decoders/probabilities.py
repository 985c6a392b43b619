"""Links whose probability is above a threshold both ways."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from xlner.alignment.decoders.matrix import DecodedLinks, Similarity, checked
from xlner.errors import ValidationError


def softmax(similarity: Similarity, *, threshold: float = 1e-3, temperature: float = 1.0) -> DecodedLinks:
    """Links with a probability above `threshold` from source to target and from target to source.

    This is AWESoME (Dou and Neubig 2021): the probabilities are softmaxes of each row and of each column of
    `similarity / temperature`, where AWESoME has dot products of vectors and a temperature of 1. The weight of a link
    is the harmonic mean of its two probabilities.

    `similarity` has shape (n_source, n_target). Raises `ValidationError` for any other rank, and for a temperature
    that is not positive.

    >>> dots = np.array([[90.0, 70.0], [75.0, 71.0]])
    >>> softmax(dots).links.tolist()
    [[True, False], [False, True]]
    """
    return _both_ways(_softmax_of_rows, similarity, threshold, temperature)


def entmax(similarity: Similarity, *, threshold: float = 0.0, temperature: float = 1.0) -> DecodedLinks:
    """Links with a 1.5-entmax probability above `threshold` from source to target and from target to source.

    As `softmax`, with probabilities that are exactly 0 for what is much less likely than the best (Peters, Niculae and
    Martins 2019), so that AWESoME (Dou and Neubig 2021) needs no threshold. The weight of a link is the harmonic mean
    of its two probabilities.

    `similarity` has shape (n_source, n_target). Raises `ValidationError` for any other rank, and for a temperature
    that is not positive.

    >>> entmax(np.array([[5.0, 1.0], [2.0, 3.0]])).weights.round(3).tolist()
    [[1.0, 0.0], [0.0, 0.908]]
    """
    return _both_ways(entmax_of_rows, similarity, threshold, temperature)


def entmax_of_rows(scores: Similarity) -> Similarity:
    """The 1.5-entmax of each row, by sorting, exactly: `p = max(x / 2 - τ, 0)²` with the τ that makes it sum to 1.

    With the k largest values of `x / 2`, their mean M and the mean S of their squares, τ is
    `M - sqrt((1 - k (S - M²)) / k)`, for the largest k whose k-th value is not below it (Peters et al. 2019, algorithm
    2). A row that has nothing but -inf is all 0.

    >>> entmax_of_rows(np.array([[1.0, 1.0, -9.0], [4.0, 0.0, 0.0]])).round(2).tolist()
    [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]
    """
    if not scores.size:
        return np.zeros_like(scores)
    best = scores.max(axis=1, keepdims=True)
    # τ is never more than 1 below the largest value: what is further down counts for nothing, -inf neither.
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
    """`2 a b / (a + b)`, 0 where both are.

    >>> harmonic_mean(np.array([0.5, 0.0]), np.array([1.0, 0.0])).round(2).tolist()
    [0.67, 0.0]
    """
    total = first + second
    mean: Similarity = np.divide(2 * first * second, total, out=np.zeros_like(total), where=total > 0)
    return mean


def _both_ways(
    of_rows: Callable[[Similarity], Similarity], similarity: Similarity, threshold: float, temperature: float
) -> DecodedLinks:
    if not temperature > 0:
        raise ValidationError(f"temperature {temperature} must be positive")
    scores = checked(similarity) / temperature
    there, back = of_rows(scores), of_rows(scores.T).T
    return DecodedLinks((there > threshold) & (back > threshold), harmonic_mean(there, back))


def _softmax_of_rows(scores: Similarity) -> Similarity:
    """The softmax of each row; 0 all over where a row has nothing but -inf."""
    if not scores.size:
        return np.zeros_like(scores)
    best = scores.max(axis=1, keepdims=True)
    powers: Similarity = np.exp(scores - np.where(np.isfinite(best), best, 0))
    total = powers.sum(axis=1, keepdims=True)
    shares: Similarity = np.divide(powers, total, out=np.zeros_like(powers), where=total > 0)
    return shares
