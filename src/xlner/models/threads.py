"""The CPUs of this process, and threads that compute batches side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from threadpoolctl import ThreadpoolController


def cpus() -> int:
    """The number of CPUs that this process may use; at most `OMP_NUM_THREADS`, if that is set.

    >>> cpus() >= 1
    True
    """
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    most = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    return min(found, int(most)) if most.isdecimal() and int(most) else found


def single_threaded_blas() -> AbstractContextManager[object]:
    """Limit matrix products of numpy to one thread: for code that runs threads of its own, and for small matrices.

    The threads of the library wait for each other in a loop. For the words of a sentence that costs more CPU time than
    the product itself. Without `threadpoolctl` there is no limit.

    >>> with single_threaded_blas():
    ...     pass
    """
    return _blas().limit(limits=1, user_api="blas") if find_spec("threadpoolctl") else nullcontext()


@cache
def _blas() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def single_threaded_torch() -> Iterator[None]:
    """Limit PyTorch to one thread, for code that runs threads of its own.

    The threads of PyTorch share single operations and wait for each other in a loop. That is several times slower if
    another process uses the same CPUs.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def worker_threads(device: Any) -> Iterator[int]:
    """The number of batches to compute at the same time on a `torch.device`.

    On a CPU that is the number of threads of PyTorch, which itself is limited to one thread meanwhile.
    """
    import torch

    if device.type != "cpu":
        yield 1
        return
    threads = torch.get_num_threads()
    with single_threaded_torch():
        yield threads
