"""Folders and files that appear once they are complete."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from xlner.errors import InputError

_MODEL_FILES = ("config.json", "adapter.json")


def require_room(folder: Path, overwrite: bool) -> None:
    """Raise `InputError` where a folder has something in it that is not to be replaced, or is no model's."""
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if overwrite and folder.is_dir() and not any((folder / name).is_file() for name in _MODEL_FILES):
        raise InputError("holds no model, and is not replaced", path=folder, hint="name another folder")
    if folder.exists() and not (overwrite and folder.is_dir()):
        hint = "give --overwrite to replace it" if folder.is_dir() else "name a folder"
        raise InputError("exists already", path=folder, hint=hint)


def replace_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Have a folder written beside its place, then put it there, with nothing of an old one left."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as scratch:
        part = Path(scratch) / "new"
        part.mkdir()
        write(part)
        if folder.exists():
            folder.rename(Path(scratch) / "old")
        part.rename(folder)


def write_durably(path: Path, data: str | bytes) -> None:
    """Write a file beside its place, have it reach the disk, then put it there."""
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as stream:
        stream.write(data.encode("utf-8") if isinstance(data, str) else data)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
