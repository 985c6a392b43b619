"""Bootstrap resampling and approximate randomization over the counts of sentences.

Sentences with the same counts are interchangeable. The number of times that each distinct row is drawn therefore
follows a multinomial (or binomial) distribution, and the running time depends on the number of distinct rows instead of
the number of sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from xlner.errors import ValidationError

Rows = NDArray[np.int64]
"""Counts of every sentence, shape `(n_sentences, n_counts)`."""
Floats = NDArray[np.float64]

_CELLS = 4_000_000  # draws in memory at once: 32 MB


def f1(correct: NDArray[np.generic], predicted: NDArray[np.generic], gold: NDArray[np.generic]) -> Floats:
    """F1 of each total; 0 if nothing is predicted and nothing is in the gold data.

    >>> f1(np.array([2, 0]), np.array([2, 0]), np.array([3, 0])).tolist()
    [0.8, 0.0]
    """
    total = np.asarray(predicted + gold, dtype=np.float64)  # type: ignore[operator]
    return np.divide(2.0 * np.asarray(correct, dtype=np.float64), total, out=np.zeros_like(total), where=total > 0)


def bootstrap(rows: Rows, *, samples: int, seed: int) -> Rows:
    """Column totals of bootstrap samples of the rows (Efron 1979), shape `(samples, n_counts)`.

    Each sample draws as many rows as there are, with replacement. Raises `ValidationError` if `samples` is less than 1.

    >>> bootstrap(np.array([[1, 0], [1, 2]]), samples=3, seed=0)[:, 0].tolist()
    [2, 2, 2]
    """
    _require_draws("samples", samples)
    if not len(rows):
        return np.zeros((samples, rows.shape[1]), dtype=np.int64)
    random = np.random.default_rng(seed)
    kinds, times = np.unique(rows, axis=0, return_counts=True)
    totals = [random.multinomial(len(rows), times / len(rows), size=n) @ kinds for n in _blocks(samples, len(kinds))]
    return np.concatenate(totals)


def randomize(differences: Rows, *, trials: int, seed: int | Sequence[int]) -> Rows:
    """Column totals of the differences in random halves of the sentences, shape `(trials, n_counts)`.

    This is approximate randomization (Noreen 1989): each trial swaps the outputs of two systems in each sentence with
    probability 1/2. `differences` are the counts of the second system minus those of the first. The first system gains
    the returned totals by the swap, and the second loses them. Raises `ValidationError` if `trials` is less than 1.

    >>> sorted(set(randomize(np.array([[3], [0]]), trials=20, seed=0)[:, 0].tolist()))
    [0, 3]
    """
    _require_draws("trials", trials)
    random = np.random.default_rng(seed)
    kinds, times = np.unique(differences[differences.any(axis=1)], axis=0, return_counts=True)
    totals = [random.binomial(times, 0.5, size=(n, len(kinds))) @ kinds for n in _blocks(trials, len(kinds))]
    return np.concatenate(totals)


def percentiles(values: Floats, level: float) -> tuple[float, float]:
    """The bounds of the central share `level` of the values, by linear interpolation.

    Raises `ValidationError` unless `level` is between 0 and 1.

    >>> percentiles(np.arange(101.0), 0.5)
    (25.0, 75.0)
    """
    if not 0 <= level <= 1:
        raise ValidationError(f"level {level} is not between 0 and 1")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _require_draws(name: str, count: int) -> None:
    if count < 1:
        raise ValidationError(f"{name} is {count} but must be at least 1")


def _blocks(count: int, kinds: int) -> Iterator[int]:
    """Split `count` into blocks that limit the memory for the draws."""
    block = max(1, _CELLS // max(1, kinds))
    for start in range(0, count, block):
        yield min(block, count - start)
