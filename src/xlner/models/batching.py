"""Batches of sequences of similar length, limited by a number of sub-words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_GPU_TOKENS = 16384
"""Sub-words in a batch on anything but a CPU, unless stated otherwise."""


def padded_batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Indices of sequences in batches of at most `budget` sub-words, padding included; shortest first.

    A batch is padded to its longest sequence. A sequence that is longer than the budget is a batch of its own.

    >>> padded_batches([5, 1, 2], budget=4)
    [[1, 2], [0]]
    """
    return _batches(lengths, budget, padded=True)


def token_batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """The same for models that need no padding.

    >>> token_batches([3, 1, 2, 9], budget=4)
    [[1, 2], [0], [3]]
    """
    return _batches(lengths, budget, padded=False)


def token_budget(device: Any, *, cpu: int, gpu: int = _GPU_TOKENS) -> int:
    """The sub-words in a batch that suit a `torch.device`."""
    return cpu if device.type == "cpu" else gpu


def _batches(lengths: Sequence[int], budget: int, *, padded: bool) -> list[list[int]]:
    batches: list[list[int]] = []
    total = 0
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        size = lengths[index] * (len(batches[-1]) + 1) if padded and batches else total + lengths[index]
        if not batches or size > budget:
            batches.append([])
            total = 0
        batches[-1].append(index)
        total += lengths[index]
    return batches
