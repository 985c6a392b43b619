"""What tests cost: seconds of CPU, of this process and of those that it waited for, whatever else the machine does."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

SLOW, FAST = 2.0, 0.5
"""Tests that take more seconds should be marked `slow`, and tests that take less should not."""


class Cost(NamedTuple):
    """A test, its seconds, and whether it is marked `slow`."""

    test: str
    seconds: float
    marked: bool


def cpu_seconds() -> float:
    """Seconds since the process began; those of `WorkerProcesses` do not count, because another process forks them."""
    return sum(os.times()[:4])


def wrongly_marked(costs: Iterable[Cost]) -> list[str]:
    """A line for each test whose mark does not fit its cost, the slowest first."""
    wrong = [c for c in costs if (c.seconds < FAST if c.marked else c.seconds > SLOW)]
    return [
        f"{c.seconds:5.1f} s of CPU, {'' if c.marked else 'not '}marked slow: {c.test}"
        for c in sorted(wrong, key=lambda c: -c.seconds)
    ]
