"""Batches of sequences by token budget."""

from __future__ import annotations

from collections.abc import Sequence


def token_batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Indices of sequences, shortest first, cut into batches of at most `budget` tokens, at least one sequence each.

    >>> token_batches([3, 1, 2, 9], budget=4)
    [[1, 2], [0], [3]]
    """
    batches: list[list[int]] = []
    room = 0
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if not batches or lengths[index] > room:
            batches.append([])
            room = budget
        batches[-1].append(index)
        room -= lengths[index]
    return batches


def padded_batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """The same where the sequences of a batch are padded to its longest, which then counts for each of them.

    >>> padded_batches([5, 1, 2], budget=4)
    [[1, 2], [0]]
    """
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if not batches or lengths[index] * (len(batches[-1]) + 1) > budget:
            batches.append([])
        batches[-1].append(index)
    return batches
