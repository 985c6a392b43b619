"""How much of a run is finished, from its marks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.engines.plan import Plan
from xlner.engines.shard_files import ShardFiles

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class RunStatus:
    """Shards and sentences of a run: all of them, those that are finished, and the failed sentences among those.

    `missing` has the numbers, from 1, of shards that are not finished, as ranges from first to last.

    >>> RunStatus(3, 2, 30, 20, 0, ((3, 3),)).shown()
    'shard 3'
    """

    shards: int
    finished: int
    sentences: int
    done: int
    failed: int
    missing: tuple[tuple[int, int], ...] = ()

    def shown(self) -> str:
        """The shards that are not finished, for a message."""
        ranges = [f"{first}–{last}" if last > first else str(first) for first, last in self.missing[:_SHOWN]]
        several = len(self.missing) > 1 or any(first != last for first, last in self.missing)
        return f"shard{'s' * several} {', '.join(ranges)}{' …' * (len(self.missing) > _SHOWN)}"

    def as_dict(self) -> dict[str, Any]:
        """The status for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def run_status(plan: Plan, folder: str | Path) -> RunStatus:
    """Read the marks of a run.

    >>> run_status(Plan({}, 10, 25), "RUN").missing
    ((1, 3),)
    """
    files = ShardFiles(Path(folder), plan.run)
    finished = done = failed = 0
    missing: list[list[int]] = []
    for number in range(plan.shards):
        mark = files.finished(number, plan.shard(number).count)
        if mark is not None:
            finished, done, failed = finished + 1, done + mark.lines, failed + len(mark.failed)
        elif missing and missing[-1][1] == number:
            missing[-1][1] = number + 1
        else:
            missing.append([number + 1, number + 1])
    ranges = tuple((first, last) for first, last in missing)
    return RunStatus(plan.shards, finished, plan.sentences, done, failed, ranges)
