"""Memory that runs out, and devices that stop working, while a stage processes a batch."""

from __future__ import annotations

import gc
import re
import sys
from contextlib import suppress

_NO_MEMORY = re.compile(r"out of memory|CUBLAS_STATUS_ALLOC_FAILED|bad_alloc", re.IGNORECASE)
_BROKEN = re.compile(r"CUDA (?:error|failed)|device-side assert|CUBLAS_STATUS|cuDNN error|NCCL error|HIP error")
_LEAST = 16

_halvings: list[None] = []
"""One for each time that the budgets of this process were halved."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory was not enough, of the machine or of a GPU.

    >>> is_out_of_memory(RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")), is_out_of_memory(ValueError())
    (True, False)
    """
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and _NO_MEMORY.search(str(error)) is not None


def is_broken_device(error: BaseException) -> bool:
    """Whether a GPU has failed for another reason, after which it fails for every batch of this process.

    >>> is_broken_device(RuntimeError("CUDA error: device-side assert triggered"))
    True
    """
    return isinstance(error, RuntimeError) and not is_out_of_memory(error) and bool(_BROKEN.search(str(error)))


def within_memory(budget: int) -> int:
    """The budget of a batch, such as a number of words, after memory ran out in this process.

    >>> within_memory(4096) <= 4096
    True
    """
    return max(min(budget, _LEAST), budget >> len(_halvings))


def shrink_batches(halvings: int) -> None:
    """Halve the budgets of all later batches of this process so many times."""
    _halvings.extend([None] * halvings)


def free_memory() -> None:
    """Let go of the memory of a GPU that is not used. Call it when no exception holds the batch that failed."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        gc.collect()
        with suppress(Exception):  # a device that does not answer
            torch.cuda.empty_cache()
