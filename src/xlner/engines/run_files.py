"""The files of a run folder, and which folder is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from xlner.core.files import LOCK
from xlner.core.output_stream import TEMPORARY, reason
from xlner.engines.plan import PLAN, START_OVER, read_plan
from xlner.errors import RunFolderError

MODEL = "model"
COMMAND = "command.json"
CONFIG = "config.toml"
SUMMARY = "summary.json"
_OLD_PLAN = "run.json"
_OLD_SHARD = re.compile(r"shard-\d{6,}\.(jsonl|done)")
_PLACE = re.compile(r"output-[0-9a-f]{8}")
_SHARDS, _DONE = "shards", "done"
_FOLDER = re.compile(r"\d{3,}")
_SHARD = re.compile(r"\d{6,}\.[a-z]+")
_OTHERS = frozenset({LOCK, COMMAND, CONFIG, SUMMARY, "report.json", MODEL, "slurm", _SHARDS, _DONE})
"""What commands put into a run folder besides its plan."""


def require_run_folder(folder: Path) -> None:
    """Raise `RunFolderError` if a folder is neither that of a run nor empty nor missing.

    A folder is that of a run if it has a plan. If that is missing or damaged, the folder has the lock of a run, and
    nothing but files with the names that those of a run have.
    """
    try:
        if read_plan(folder) is not None:
            return
    except RunFolderError:
        pass  # its other files tell whether the plan is one
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


def refuse_old_run(folder: Path) -> None:
    """Raise `RunFolderError` if a folder has a run of an older version, whose shards cannot be used."""
    if (folder / _OLD_PLAN).exists() and not (folder / PLAN).exists():
        raise RunFolderError(f"{folder} holds a run of an older version of xlner", hint=START_OVER)


def finished_shards(folder: Path) -> list[Path]:
    """The shards of a run that have a mark, in order.

    >>> finished_shards(Path("docs"))
    []
    """
    found = [path for path in _shard_files(folder) if path.suffix == ".jsonl" and _SHARD.fullmatch(path.name)]
    marks = (folder / _DONE / path.parent.name / f"{path.stem}.json" for path in found)
    return sorted((path for path, mark in zip(found, marks, strict=True) if mark.exists()), key=lambda p: int(p.stem))


def clear(folder: Path) -> None:
    """Remove the plan and the shards of a run, and no other files."""
    for name in (PLAN, _OLD_PLAN, COMMAND):
        (folder / name).unlink(missing_ok=True)
    for path in folder.iterdir():
        if _OLD_SHARD.fullmatch(path.name):
            path.unlink(missing_ok=True)
    places = [folder, *(path for path in folder.iterdir() if _PLACE.fullmatch(path.name) and path.is_dir())]
    for place in places:
        for path in _shard_files(place):
            path.unlink(missing_ok=True)
        for name in (_SHARDS, _DONE):
            for inner in [*(place / name).glob("*"), place / name]:
                with suppress(OSError):  # it holds other files, or is not there
                    inner.rmdir()
    for place in places[1:]:
        with suppress(OSError):
            place.rmdir()


def remove_temporary(folder: Path) -> None:
    """Remove what killed workers left of shards; nobody may be working in the folder."""
    for place in [folder, *folder.glob("output-*")]:
        for path in _shard_files(place):
            if TEMPORARY.fullmatch(path.name):
                path.unlink(missing_ok=True)


def _shard_files(place: Path) -> Iterator[Path]:
    for name in (_SHARDS, _DONE):
        for inner in (place / name).glob("*"):
            if _FOLDER.fullmatch(inner.name) and inner.is_dir():
                yield from (p for p in inner.iterdir() if _SHARD.fullmatch(p.name) or TEMPORARY.fullmatch(p.name))


def _is_of_run(name: str) -> bool:
    patterns = (_OLD_SHARD, TEMPORARY, _PLACE)
    return name in (PLAN, _OLD_PLAN) or name in _OTHERS or any(p.fullmatch(name) for p in patterns)
