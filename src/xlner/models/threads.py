"""How many threads are worth their while."""

from __future__ import annotations

import os


def cpus() -> int:
    """The CPUs that this process may use.

    >>> cpus() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
