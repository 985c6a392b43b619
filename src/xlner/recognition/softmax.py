"""Probabilities from logits."""

from __future__ import annotations

import numpy as np

from xlner.models.windows import FloatArray


def softmax(logits: FloatArray) -> FloatArray:
    """The probabilities of each row of logits, shape `(n, n_classes)`.

    >>> softmax(np.zeros((1, 2), dtype=np.float32)).tolist()
    [[0.5, 0.5]]
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: FloatArray = powers / powers.sum(axis=1, keepdims=True)
    return probabilities
