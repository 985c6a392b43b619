"""Totals of resampled sentences: how far a score of a sample may be off, and whether a difference may be chance.

Sentences with the same counts cannot be told apart, so that how often each *kind* of row is drawn follows a
multinomial (or binomial) distribution. Resampling takes as long as there are kinds, not sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
"""Counts of every sentence, shape `(n_sentences, n_counts)`."""
Floats = NDArray[np.float64]

_CELLS = 4_000_000  # draws held at once: 32 MB


def f1(correct: NDArray[np.generic], predicted: NDArray[np.generic], gold: NDArray[np.generic]) -> Floats:
    """F1 of each total; 0 where there is nothing to count.

    >>> f1(np.array([2, 0]), np.array([2, 0]), np.array([3, 0])).tolist()
    [0.8, 0.0]
    """
    total = np.asarray(predicted + gold, dtype=np.float64)  # type: ignore[operator]
    return np.divide(2.0 * np.asarray(correct, dtype=np.float64), total, out=np.zeros_like(total), where=total > 0)


def bootstrap(rows: Rows, *, samples: int, seed: int) -> Rows:
    """Column totals of bootstrap samples of the rows (Efron 1979), shape `(samples, n_counts)`.

    >>> bootstrap(np.array([[1, 0], [1, 2]]), samples=3, seed=0)[:, 0].tolist()
    [2, 2, 2]
    """
    if not len(rows):
        return np.zeros((samples, rows.shape[1]), dtype=np.int64)
    random = np.random.default_rng(seed)
    kinds, times = np.unique(rows, axis=0, return_counts=True)
    totals = [random.multinomial(len(rows), times / len(rows), size=n) @ kinds for n in _blocks(samples, len(kinds))]
    return np.concatenate(totals)


def randomize(differences: Rows, *, trials: int, seed: int | Sequence[int]) -> Rows:
    """Column totals of the differences between two systems in the sentences whose outputs are swapped.

    In every trial each sentence is swapped with probability 1/2 (approximate randomization, Noreen 1989): the first
    system then has its own totals plus these, the second its own minus these. Shape `(trials, n_counts)`.

    >>> sorted(set(randomize(np.array([[3], [0]]), trials=20, seed=0)[:, 0].tolist()))
    [0, 3]
    """
    random = np.random.default_rng(seed)
    kinds, times = np.unique(differences[differences.any(axis=1)], axis=0, return_counts=True)
    totals = [random.binomial(times, 0.5, size=(n, len(kinds))) @ kinds for n in _blocks(trials, len(kinds))]
    return np.concatenate(totals)


def percentiles(values: Floats, level: float) -> tuple[float, float]:
    """The middle `level` of the values.

    >>> percentiles(np.arange(101.0), 0.5)
    (25.0, 75.0)
    """
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _blocks(count: int, kinds: int) -> Iterator[int]:
    """Parts of `count`, so that no more than a bounded number of draws is held at once."""
    block = max(1, _CELLS // max(1, kinds))
    for start in range(0, count, block):
        yield min(block, count - start)
