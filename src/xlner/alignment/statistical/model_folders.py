"""Folders that hold a trained aligner."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.errors import BackendError

_FACTS = "model.json"


@dataclass(frozen=True, slots=True)
class Model:
    """A model folder: who made it, with which options, and a hash of what it holds."""

    folder: Path
    aligner: str
    options: Mapping[str, Any]
    """Options of the training."""
    digest: str

    @classmethod
    def load(cls, folder: str | Path, aligner: str) -> Model:
        """Read the facts of a folder; raises `BackendError` where it holds no model of this aligner."""
        folder = Path(folder)
        try:
            facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
            made_by, options, files = facts["aligner"], facts["options"], facts["files"]
        except (OSError, ValueError, KeyError, TypeError):
            raise BackendError(
                f"{folder} holds no trained aligner", hint=f"train one: {how_to_train(aligner)}"
            ) from None
        if made_by != aligner:
            raise BackendError(f"{folder} holds a model of {made_by}, not of {aligner}", hint=f"use {made_by}:{folder}")
        missing = [name for name in files if not (folder / name).is_file()]
        if missing:
            raise BackendError(f"{folder} has lost its file {missing[0]}", hint="train it again")
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]
        return cls(folder, aligner, options, digest)

    @classmethod
    def save(cls, folder: str | Path, aligner: str, options: Mapping[str, Any], write: Callable[[Path], None]) -> Model:
        """Let `write` fill a new folder, which takes its name only once it is complete.

        Raises `BackendError` where the folder cannot be made or holds anything already.
        """
        folder = Path(folder)
        partial = folder.with_name(folder.name + ".part")
        try:
            if folder.exists():
                folder.rmdir()
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
        except OSError as error:
            raise BackendError(
                f"model folder {folder} cannot be made: {error.strerror}", hint="name a new folder"
            ) from None
        try:
            write(partial)
            files = {path.name: _digest(path) for path in sorted(partial.iterdir())}
            facts = {"aligner": aligner, "options": dict(options), "files": files}
            (partial / _FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
            partial.replace(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return cls.load(folder, aligner)


def how_to_train(aligner: str) -> str:
    """The command that trains an aligner.

    >>> how_to_train("thot")
    'xlner align SOURCE TARGET --aligner thot --save-model FOLDER, then use thot:FOLDER'
    """
    return f"xlner align SOURCE TARGET --aligner {aligner} --save-model FOLDER, then use {aligner}:FOLDER"


def untrained(aligner: str) -> BackendError:
    """What to raise where an aligner without a model is asked for links."""
    return BackendError(f"the aligner {aligner!r} has to be trained first", hint=how_to_train(aligner))


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
