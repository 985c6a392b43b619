"""SimAlign's null extension: words that are similar to many others stay unlinked."""

from __future__ import annotations

import numpy as np

from xlner.alignment.decoders.matrices import LinkMatrix, Similarity, check_similarity

_MAX_SKIPPED_WORDS = 2
"""If one sentence has this many words or fewer, nothing is excluded, as in SimAlign."""


def high_entropy_pairs(similarity: Similarity, threshold: float) -> LinkMatrix:
    """Return True for pairs of words that are both similar to many words (null extension, Jalili Sabet et al. 2020).

    Each row and each column of `(1 + cosine) / 2` is normalized to a distribution. The entropy of a word is the entropy
    of its distribution divided by the largest possible entropy. The result is True where the smaller entropy of the two
    words is above `threshold`. SimAlign sets the threshold to a percentile over a corpus; here it is the entropy
    itself, so the links of a pair do not depend on other pairs. If one side has at most two words, no pair is True, as
    in SimAlign.

    `similarity` and the result have shape (n_source, n_target). Raises `ValidationError` unless `similarity` has two
    dimensions.

    >>> high_entropy_pairs(np.array([[1.0, -1, -1], [0, 0, 0], [0, 0, 0]]), 0.9).any(axis=1).tolist()
    [False, True, True]
    """
    scores = check_similarity(similarity)
    if min(scores.shape) <= _MAX_SKIPPED_WORDS:
        return np.zeros(scores.shape, dtype=np.bool_)
    masses = np.maximum((1 + scores) / 2, 0)
    result: LinkMatrix = np.minimum(_entropy(masses)[:, None], _entropy(masses.T)) > threshold
    return result


def _entropy(rows: Similarity) -> Similarity:
    """The entropy of each row divided by the entropy of a uniform row; 1 for a row of zeros."""
    total = rows.sum(axis=1, keepdims=True)
    shares = np.divide(rows, total, out=np.full_like(rows, 1 / rows.shape[1]), where=total > 0)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    entropy: Similarity = -(shares * logs).sum(axis=1) / np.log(rows.shape[1])
    return entropy
