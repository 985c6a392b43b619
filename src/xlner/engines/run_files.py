"""The files of a run folder, and which folder is one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.core.files import LOCK
from xlner.core.output_stream import TEMPORARY, reason
from xlner.errors import RunFolderError

MANIFEST = "run.json"
MODEL = "model"
_SHARD = re.compile(r"shard-\d{6,}\.(jsonl|done)")
_OTHERS = frozenset({LOCK, "config.toml", "summary.json", "report.json", MODEL})
"""What commands put into a run folder besides shards."""
_START_OVER = "use another folder, or --overwrite to start over"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a run depends on, and how many sentences are in a shard.

    >>> Manifest({"input": "a"}, 250).difference(Manifest({"input": "b"}, 250))
    'input'
    """

    identity: Mapping[str, Any]
    shard_size: int

    def difference(self, other: Manifest) -> str:
        """The keys of the identity that differ, for a message."""
        old, new = self.identity, other.identity
        return ", ".join(sorted(key for key in {*old, *new} if old.get(key) != new.get(key)))

    def as_text(self) -> str:
        """The manifest as JSON, the same text for equal manifests."""
        record = {"identity": self.identity, "shard_size": self.shard_size}
        return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a run folder; None if it has none. Raises `RunFolderError` if it is damaged."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        identity, size = manifest["identity"], manifest["shard_size"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise RunFolderError(f"{path} is damaged", hint=_START_OVER) from None
    if not isinstance(identity, dict) or type(size) is not int or size < 1:
        raise RunFolderError(f"{path} is damaged", hint=_START_OVER)
    return Manifest(identity, size)


def require_run_folder(folder: Path) -> None:
    """Raise `RunFolderError` if a folder is neither that of a run nor empty nor missing.

    A folder is that of a run if it has a manifest. If that is missing or damaged, the folder has the lock of a run,
    and nothing but files with the names that those of a run have.
    """
    try:
        if read_manifest(folder) is not None:
            return
    except RunFolderError:
        pass  # its other files tell whether the manifest is one
    try:
        names = sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise RunFolderError(f"run folder {folder} cannot be used: {reason(error)}", hint="name a new folder") from None
    other = [name for name in names if not _is_of_run(name)]
    if not other and LOCK not in names:
        other = [name for name in names if name != MODEL]  # an aligner is trained before the run begins
    if other:
        raise RunFolderError(
            f"{folder} holds other files, such as {other[0]}, and is not the folder of a run",
            hint="name a new folder",
        )


def finished_shards(folder: Path) -> list[Path]:
    """The shards of a run that have a mark, in order.

    >>> finished_shards(Path("docs"))
    []
    """
    found = sorted((path for path in folder.glob("shard-*.jsonl") if _SHARD.fullmatch(path.name)), key=_number)
    return [path for path in found if path.with_suffix(".done").exists()]


def _number(shard: Path) -> int:
    return int(shard.stem.removeprefix("shard-"))


def clear(folder: Path) -> None:
    """Remove the manifest and the shards of a run, and no other files."""
    (folder / MANIFEST).unlink(missing_ok=True)
    for path in folder.iterdir():
        if _SHARD.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _is_of_run(name: str) -> bool:
    return name == MANIFEST or name in _OTHERS or bool(_SHARD.fullmatch(name) or TEMPORARY.fullmatch(name))
