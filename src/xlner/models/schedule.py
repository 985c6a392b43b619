"""What is trained on when, and how fast."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_POOL = 16
"""Batches whose sequences are sorted by length, so that little is padded."""


def shuffled_batches(lengths: Sequence[int], size: int, rng: np.random.Generator) -> list[list[int]]:
    """Every index once, in batches of `size` sequences of about the same length, in random order.

    >>> shuffled_batches([9, 1, 8, 2], 2, np.random.default_rng(0))
    [[2, 0], [1, 3]]
    """
    order = rng.permutation(len(lengths)).tolist()
    batches = []
    for start in range(0, len(order), size * _POOL):
        pool = sorted(order[start : start + size * _POOL], key=lengths.__getitem__)
        batches += [pool[i : i + size] for i in range(0, len(pool), size)]
    return [batches[i] for i in rng.permutation(len(batches)).tolist()]


def rate(step: int, steps: int, warm_up: float = 0.1) -> float:
    """The share of the learning rate: rises in even parts for a share `warm_up` of the steps, then falls to 0.

    >>> [round(rate(step, 20), 2) for step in (0, 1, 2, 11, 19)]
    [0.5, 1.0, 1.0, 0.5, 0.06]
    """
    warm = max(1, round(warm_up * steps))
    return (step + 1) / warm if step < warm else (steps - step) / max(1, steps - warm)
