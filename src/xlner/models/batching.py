"""Batches of sequences of similar length, limited by a number of sub-words."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from xlner.core.memory import within_memory

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


def batches_in_memory(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """The same batches one by one; if memory runs out in one of them, those after it are smaller.

    >>> list(batches_in_memory([1, 2, 1], budget=2))
    [[0, 2], [1]]
    """
    now = within_memory(budget)
    waiting = deque(padded_batches(lengths, now))
    while waiting:
        yield waiting.popleft()
        if within_memory(budget) < now:  # memory ran out
            now, left = within_memory(budget), [k for batch in waiting for k in batch]
            waiting = deque([left[k] for k in batch] for batch in padded_batches([lengths[k] for k in left], now))
