"""Put the finished shards of a run together: their bytes, and what was counted in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from xlner.core.files import open_output_bytes
from xlner.engines.counts import add
from xlner.engines.plan import Plan
from xlner.engines.shard_files import Mark, ShardFiles
from xlner.engines.work import Written


@dataclass(slots=True)
class Joined:
    """What was joined: the number of shards from the first one on, and all that was counted in them.

    >>> Joined().shards
    0
    """

    shards: int = 0
    counts: dict[str, Any] = field(default_factory=dict)
    written: dict[str, Any] = field(default_factory=dict)
    """What was counted in the output, if it is not JSONL with everything."""


def join(plan: Plan, folder: str | Path, output: str | Path | None, *, written: Written | None = None) -> Joined:
    """Copy the finished shards of a run to an output, in order, up to the first one that is not finished.

    Nothing is parsed. `written` is that of `run_sharded`. Without an output only the counts are put together. Raises
    `RunFolderError` for a shard whose bytes have changed, and `InputError` if the output cannot be written.

    >>> join(Plan({}, 10), "RUN", None).shards
    0
    """
    files = ShardFiles(Path(folder), plan.run)
    if output is None:
        return _joined(plan, files, written, None)
    with open_output_bytes(output) as stream:
        return _joined(plan, files, written, stream)


def _joined(plan: Plan, files: ShardFiles, written: Written | None, stream: IO[bytes] | None) -> Joined:
    joined = Joined()
    others = None if written is None else written.files(files)
    for number in range(plan.shards):
        lines = plan.shard(number).count
        mark = files.finished(number, lines)
        other: Mark | None = None if others is None else others.finished(number, lines)
        if mark is None or (others is not None and other is None):
            break
        add(joined.counts, mark.counts)
        if others is not None and other is not None:
            add(joined.written, other.counts)
            if stream is not None:
                others.copy(number, other, stream)
        elif stream is not None:
            files.copy(number, mark, stream)
        joined.shards += 1
    return joined
