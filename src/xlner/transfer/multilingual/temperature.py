"""The temperature of a classifier: what its logits are divided by, so that probabilities are as high as it is right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TEMPERATURES = tuple(round(0.5 + 0.05 * k, 2) for k in range(51))


def best_temperature(logits: NDArray[np.float32], allowed: NDArray[np.bool_]) -> float:
    """The temperature at which the classes that words may have are the most likely (Guo et al. 2017).

    - `logits`, `allowed`: shape (n_words, n_classes).

    >>> best_temperature(np.array([[2.0, 0.0], [2.0, 0.0]], np.float32), np.array([[True, False], [False, True]]))
    3.0
    """

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        return float((logsumexp(scaled) - logsumexp(np.where(allowed, scaled, -np.inf))).mean())

    return min(_TEMPERATURES, key=loss)


def logsumexp(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    """The logarithm of the sum of the exponentials of each row; at least one number of a row is finite."""
    top = rows.max(axis=1)
    result: NDArray[np.float64] = np.log(np.exp(rows - top[:, None]).sum(axis=1)) + top
    return result
