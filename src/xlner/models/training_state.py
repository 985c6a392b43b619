"""The state of a training run on disk, from which a killed run resumes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from xlner.core.files import LOCK, lock_folder, replacing, write_durably
from xlner.core.output_stream import TEMPORARY, reason
from xlner.errors import RunFolderError

_IDENTITY, _STATE = "run.json", "state.pt"
_STATES = re.compile(r"states-[0-9a-f]{12}-[0-9a-f]{16}\.(f16|npz)")
"""The states of frozen layers, which some trainings keep in their folder."""
_START_OVER = "use --overwrite to start over"
_SHOWN = 80  # characters of the error of a damaged file


class TrainingState:
    """A folder with the identity of a training run and its latest state, as a context manager.

    `identity` holds what the result of the run depends on, as JSON values. With `overwrite` an older run is discarded.

    Raises `RunFolderError` if the folder belongs to a run with another identity, holds other files, is damaged, is in
    use by another process, or cannot be created.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any], *, overwrite: bool = False) -> None:
        self.folder = folder
        _require_training_folder(folder)
        self._lock = lock_folder(folder, "training folder")
        try:
            self._open(json.loads(json.dumps(dict(identity))), overwrite)
        except BaseException:
            self._lock.close()
            raise

    @classmethod
    def beside(cls, model: Path, identity: Mapping[str, Any], *, overwrite: bool = False) -> TrainingState:
        """The state in `MODEL.training`, next to the folder that the trained model is written to."""
        return cls(model.with_name(f"{model.name}.training"), identity, overwrite=overwrite)

    def __enter__(self) -> TrainingState:
        return self

    def __exit__(self, *exception: object) -> None:
        self._lock.close()

    def is_new(self) -> bool:
        """Whether there is no state yet."""
        return not (self.folder / _STATE).exists()

    def load(self) -> dict[str, Any] | None:
        """The latest state; None if there is none yet."""
        import torch

        if self.is_new():
            return None
        path = self.folder / _STATE
        try:
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # torch has no one error for a file that is none of its own
            text = " ".join(str(error).split())[:_SHOWN]
            raise RunFolderError(f"{path} is damaged ({text})", hint=_START_OVER) from None
        if not isinstance(state, dict):
            raise RunFolderError(f"{path} is damaged", hint=_START_OVER)
        return state

    def save(self, state: Mapping[str, Any]) -> None:
        """Replace the latest state. The old one stays until the new one is complete."""
        import torch

        with replacing(self.folder / _STATE, durable=True) as stream:
            torch.save(dict(state), stream)

    def clear(self) -> None:
        """Remove the files of the training, and the folder if nothing else is in it."""
        remove_training_files(self.folder)

    def _open(self, identity: Mapping[str, Any], overwrite: bool) -> None:
        manifest = self.folder / _IDENTITY
        if overwrite:
            manifest.unlink(missing_ok=True)
            (self.folder / _STATE).unlink(missing_ok=True)
        if not manifest.exists():
            write_durably(manifest, json.dumps(identity))
            return
        try:
            old = json.loads(manifest.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            old = None
        if not isinstance(old, dict):
            raise RunFolderError(f"{manifest} is damaged", hint=_START_OVER)
        different = sorted(key for key in {*old, *identity} if old.get(key) != identity.get(key))
        if different:
            raise RunFolderError(
                f"{self.folder} holds a training run with another {', '.join(different)}",
                hint=_START_OVER,
            )


def remove_training_files(folder: Path) -> None:
    """Remove the files of a training from a folder, and the folder if nothing else is in it."""
    for path in folder.iterdir():
        if _is_of_training(path.name):
            path.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def _require_training_folder(folder: Path) -> None:
    """Raise `RunFolderError` if a folder holds files that are not of a training."""
    try:
        other = sorted(path.name for path in folder.iterdir() if not _is_of_training(path.name))
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise RunFolderError(f"training folder {folder} cannot be used: {reason(error)}") from None
    if other:
        raise RunFolderError(
            f"{folder} holds other files, such as {other[0]}, and is not the folder of a training",
            hint="name another output",
        )


def _is_of_training(name: str) -> bool:
    return name in {_IDENTITY, _STATE, LOCK} or bool(_STATES.fullmatch(name) or TEMPORARY.fullmatch(name))
