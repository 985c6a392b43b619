"""Put the finished shards of a run together: their bytes, and what was counted in them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from xlner.core.files import STANDARD_STREAM, open_output_bytes
from xlner.engines.counts import add
from xlner.engines.plan import Plan
from xlner.engines.shard_files import Mark, ShardFiles
from xlner.engines.work import Written

_BLOCK = 1 << 20


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

    Nothing is parsed. `written` is that of `run_sharded`. Without an output only the counts are put together, and an
    output that has these bytes already is left as it is. Raises `RunFolderError` for a shard whose bytes have changed,
    and `InputError` if the output cannot be written.

    >>> join(Plan({}, 10), "RUN", None).shards
    0
    """
    files = ShardFiles(Path(folder), plan.run)
    others = None if written is None else written.files(files)
    joined, marks = Joined(), list[Mark]()
    for number in range(plan.shards):
        lines = plan.shard(number).count
        mark = files.finished(number, lines)
        other = None if others is None else others.finished(number, lines)
        if mark is None or (others is not None and other is None):
            break
        add(joined.counts, mark.counts)
        if other is not None:
            add(joined.written, other.counts)
        marks.append(replace(other or mark, counts={}))
        joined.shards += 1
    if output is not None and not _is_there(output, marks):
        with open_output_bytes(output) as stream:
            for mark in marks:
                (others or files).copy(mark.shard, mark, stream)
    return joined


def _is_there(output: str | Path, marks: Sequence[Mark]) -> bool:
    """Whether a file has the bytes of these shards already: to read it takes less time than to write it again."""
    path, size = Path(output), sum(mark.size for mark in marks)
    is_file = str(output) != STANDARD_STREAM and path.is_file() and not path.is_symlink()
    if not is_file or path.stat().st_size != size:
        return False
    try:
        with path.open("rb") as stream:
            return all(_digest(stream, mark.size) == mark.sha256 for mark in marks)
    except OSError:
        return False


def _digest(stream: IO[bytes], size: int) -> str:
    """The hash of the next bytes of a stream."""
    digest = hashlib.sha256()
    while size > 0 and (block := stream.read(min(size, _BLOCK))):
        digest.update(block)
        size -= len(block)
    return digest.hexdigest()
