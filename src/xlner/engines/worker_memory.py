"""The memory that processes take, and that is free, as Linux tells it."""

from __future__ import annotations

import re
from pathlib import Path

_MACHINE = Path("/proc/meminfo")


def memory_of_machine() -> tuple[int, int] | None:
    """How many bytes of memory this machine has, and how many are free; None where the system does not tell.

    >>> found = memory_of_machine()
    >>> found is None or found[0] > found[1]
    True
    """
    found = _kilobytes(_MACHINE, "MemTotal", "MemAvailable")
    return None if found is None else (found[0], found[1])


def own_memory(process: int) -> int | None:
    """The most bytes that a process has had for itself so far, without files that it shares with others.

    None where the system does not tell, and for a process that has ended.

    >>> own_memory(-1) is None
    True
    """
    found = _kilobytes(Path(f"/proc/{process}/status"), "VmHWM", "RssFile", "RssShmem")
    return None if found is None else max(0, found[0] - found[1] - found[2])


def _kilobytes(path: Path, *names: str) -> list[int] | None:
    """Values of a file of `name: value kB`, in bytes; None if any is missing."""
    try:
        values = dict(re.findall(r"^(\w+):\s*(\d+) kB$", path.read_text(encoding="ascii", errors="replace"), re.M))
    except OSError:
        return None
    return [int(values[name]) * 1024 for name in names] if set(names) <= values.keys() else None
