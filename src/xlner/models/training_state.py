"""The state of a training run on disk, from which a killed run resumes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xlner.core.files import lock_folder, replacing, write_durably
from xlner.errors import RunFolderError

_IDENTITY, _STATE = "run.json", "state.pt"


class TrainingState:
    """A folder with the identity of a training run and its latest state, as a context manager.

    `identity` holds what the result of the run depends on, as JSON values. With `overwrite` an older run is discarded.

    Raises `RunFolderError` if the folder belongs to a run with another identity, is in use by another process, or
    cannot be created.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any], *, overwrite: bool = False) -> None:
        self.folder = folder
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

    def load(self) -> dict[str, Any] | None:
        """The latest state; None if there is none yet."""
        import torch

        path = self.folder / _STATE
        if not path.exists():
            return None
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return state

    def save(self, state: Mapping[str, Any]) -> None:
        """Replace the latest state. The old one stays until the new one is complete."""
        import torch

        with replacing(self.folder / _STATE, durable=True) as stream:
            torch.save(dict(state), stream)

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

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
        except ValueError:
            raise RunFolderError(f"{manifest} is damaged", hint="use --overwrite to start over") from None
        different = sorted(key for key in {*old, *identity} if old.get(key) != identity.get(key))
        if different:
            raise RunFolderError(
                f"{self.folder} holds a training run with another {', '.join(different)}",
                hint="use --overwrite to start over",
            )
