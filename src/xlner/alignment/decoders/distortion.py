"""SimAlign's distortion: similarities lowered by the distance between the positions of two words."""

from __future__ import annotations

import numpy as np

from xlner.alignment.decoders.matrices import Similarity, check_similarity

_MIN_WORDS = 2
"""Words that a sentence needs before its words have relative positions to compare."""


def apply_distortion(similarity: Similarity, strength: float) -> Similarity:
    """Lower the cosines of words that are far apart (SimAlign's distortion, Jalili Sabet et al. 2020).

    The function multiplies `(1 + cosine) / 2` by `1 - strength · (i / (n - 1) - j / (m - 1))²` for word `i` of `n` and
    word `j` of `m`, and converts the product back to a cosine. If either sentence has a single word, nothing changes.

    `similarity` and the result have shape (n_source, n_target). Raises `ValidationError` unless `similarity` has two
    dimensions.

    >>> apply_distortion(np.ones((2, 2)), 0.5).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    scores = check_similarity(similarity)
    if min(scores.shape) < _MIN_WORDS or strength == 0:
        return scores
    source, target = (np.linspace(0, 1, n, dtype=scores.dtype) for n in scores.shape)
    prior = 1 - (source[:, None] - target) ** 2 * scores.dtype.type(strength)
    return (1 + scores) * prior - 1
