"""What is known about links before and after decoding: where words stand, and how sure a word is of its link."""

from __future__ import annotations

import numpy as np

from xlner.alignment.decoders.matrix import LinkMatrix, Similarity, checked

_SMALL = 2
"""Sides of so many words or fewer are left as they are, as in SimAlign."""


def distorted(similarity: Similarity, strength: float) -> Similarity:
    """Cosines that count less the further apart two words stand (SimAlign's distortion, Jalili Sabet et al. 2020).

    `(1 + cosine) / 2` is multiplied by `1 - strength · (i / (n - 1) - j / (m - 1))²` for the words `i` of `n` and `j`
    of `m`, and made a cosine again. A side of one word has no positions to compare: then nothing changes.

    `similarity` has shape (n_source, n_target), and so has the result. Raises `ValidationError` for any other rank.

    >>> distorted(np.ones((2, 2)), 0.5).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    scores = checked(similarity)
    if min(scores.shape) < _SMALL or strength == 0:
        return scores
    source, target = (np.linspace(0, 1, n, dtype=scores.dtype) for n in scores.shape)
    prior = 1 - (source[:, None] - target) ** 2 * scores.dtype.type(strength)
    return (1 + scores) * prior - 1


def unsure(similarity: Similarity, threshold: float) -> LinkMatrix:
    """True where both words are similar to many: SimAlign's null extension (Jalili Sabet et al. 2020).

    Each row and each column of `(1 + cosine) / 2` is made a distribution; its entropy, divided by the largest it can
    be, says how unsure that word is. A pair is unsure where the smaller entropy of its two words is above `threshold`.
    SimAlign's program sets the threshold to a percentile over a corpus; here it is the entropy itself, so that the
    links of a pair do not depend on others. A side of at most two words is never unsure, as there.

    `similarity` has shape (n_source, n_target), and so has the result. Raises `ValidationError` for any other rank.

    >>> unsure(np.array([[1.0, -1, -1], [0, 0, 0], [0, 0, 0]]), 0.9).any(axis=1).tolist()
    [False, True, True]
    """
    scores = checked(similarity)
    if min(scores.shape) <= _SMALL:
        return np.zeros(scores.shape, dtype=np.bool_)
    masses = np.maximum((1 + scores) / 2, 0)
    result: LinkMatrix = np.minimum(_entropy(masses)[:, None], _entropy(masses.T)) > threshold
    return result


def _entropy(rows: Similarity) -> Similarity:
    """The entropy of each row divided by that of as many equal values; 1 for a row of zeros."""
    total = rows.sum(axis=1, keepdims=True)
    shares = np.divide(rows, total, out=np.full_like(rows, 1 / rows.shape[1]), where=total > 0)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    entropy: Similarity = -(shares * logs).sum(axis=1) / np.log(rows.shape[1])
    return entropy
