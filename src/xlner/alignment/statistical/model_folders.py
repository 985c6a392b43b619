"""Folders that hold a trained aligner."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.core.files import replace_folder, write_json
from xlner.errors import BackendError

_METADATA = "model.json"


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model folder: the aligner that made it, the options of the training, and a hash of its files."""

    folder: Path
    aligner: str
    options: Mapping[str, Any]
    """Options of the training."""
    digest: str

    @classmethod
    def load(cls, folder: str | Path, aligner: str) -> ModelFolder:
        """Read the metadata of a folder. Raises `BackendError` if it holds no model of this aligner."""
        folder = Path(folder)
        try:
            metadata = json.loads((folder / _METADATA).read_text(encoding="utf-8"))
            trained_by, options, files = metadata["aligner"], metadata["options"], metadata["files"]
        except (OSError, ValueError, KeyError, TypeError):
            raise BackendError(
                f"{folder} holds no trained aligner", hint=f"train one: {how_to_train(aligner)}"
            ) from None
        if trained_by != aligner:
            raise BackendError(
                f"{folder} holds a model of {trained_by}, not of {aligner}", hint=f"use {trained_by}:{folder}"
            )
        missing = [name for name in files if not (folder / name).is_file()]
        if missing:
            raise BackendError(f"{folder} lacks its file {missing[0]}", hint="train the model again")
        digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode()).hexdigest()[:12]
        return cls(folder, aligner, options, digest)

    @staticmethod
    def discard(folder: Path) -> bool:
        """Remove the files of a model, and no others; False for a folder without one."""
        try:
            names = json.loads((folder / _METADATA).read_text(encoding="utf-8"))["files"]
            for name in [*names, _METADATA]:
                if Path(name).name == name:
                    (folder / name).unlink(missing_ok=True)
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return True

    @classmethod
    def save(
        cls, folder: str | Path, aligner: str, options: Mapping[str, Any], write: Callable[[Path], None]
    ) -> ModelFolder:
        """Let `write` fill a new folder, which gets its name only when it is complete.

        Raises `BackendError` if the folder cannot be created or is not empty.
        """
        folder = Path(folder)

        def fill(new: Path) -> None:
            write(new)
            files = {path.name: _digest(path) for path in sorted(new.iterdir())}
            write_json(new / _METADATA, {"aligner": aligner, "options": dict(options), "files": files})

        try:
            if folder.exists():
                folder.rmdir()
            replace_folder(folder, fill)
        except OSError as error:
            raise BackendError(
                f"cannot create the model folder {folder}: {error.strerror}", hint="use a new folder"
            ) from None
        return cls.load(folder, aligner)


def how_to_train(aligner: str) -> str:
    """Return the command that trains an aligner.

    >>> how_to_train("thot")
    'xlner align SOURCE TARGET --aligner thot --save-model FOLDER, then use thot:FOLDER'
    """
    return f"xlner align SOURCE TARGET --aligner {aligner} --save-model FOLDER, then use {aligner}:FOLDER"


def untrained(aligner: str) -> BackendError:
    """Return the error to raise if an aligner without a model is asked for links."""
    return BackendError(f"the aligner {aligner!r} has to be trained first", hint=how_to_train(aligner))


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
