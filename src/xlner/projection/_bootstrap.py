"""How far scores of a sample of sentences may be off."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
"""Correct, predicted and gold entities, shape `(n_sentences, 3)`."""


def f1(counts: Counts) -> float:
    """F1 of all sentences together; 0 where there is nothing to count.

    >>> f1(np.array([[1, 1, 2], [1, 1, 1]]))
    0.8
    """
    correct, predicted, gold = counts.sum(axis=0).tolist()
    return 2 * correct / (predicted + gold) if predicted + gold else 0.0


def interval(
    statistic: Callable[[NDArray[np.int64]], float], n: int, *, seed: int, samples: int = 1000, level: float = 0.95
) -> tuple[float, float]:
    """The percentile interval of a statistic over bootstrap samples of `n` sentences (Efron 1979).

    `statistic` gets the indices of a sample, `n` of them with repetitions.

    >>> interval(lambda chosen: float(len(chosen)), 5, seed=1, samples=10)
    (5.0, 5.0)
    """
    random = np.random.default_rng(seed)
    values = [statistic(random.integers(n, size=n)) for _ in range(samples)]
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
