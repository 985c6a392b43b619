"""The state of a training run on disk, so that it can go on after a crash as if nothing had happened."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xlner.errors import RunFolderError


class TrainingState:
    """A folder with the identity of a run and its latest state.

    Raises `RunFolderError` where the folder belongs to a run with another identity, unless `overwrite` discards that.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any], *, overwrite: bool = False) -> None:
        self.folder = folder
        if overwrite:
            self.clear()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(f"training folder {folder} cannot be made: {error.strerror}") from None
        manifest = folder / "run.json"
        if manifest.exists():
            self._compare(json.loads(manifest.read_text(encoding="utf-8")), dict(identity))
        else:
            manifest.write_text(json.dumps(dict(identity)), encoding="utf-8")

    def _compare(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        different = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        if different:
            raise RunFolderError(
                f"{self.folder} holds a training run with another {', '.join(different)}",
                hint="give --overwrite to start anew",
            )

    def load(self) -> dict[str, Any] | None:
        """The latest state; None where there is none yet."""
        import torch

        path = self.folder / "state.pt"
        if not path.exists():
            return None
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return state

    def save(self, state: Mapping[str, Any]) -> None:
        """Replace the latest state; at no moment is there none."""
        import torch

        part = self.folder / "state.pt.part"
        with part.open("wb") as stream:
            torch.save(dict(state), stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(self.folder / "state.pt")

    def clear(self) -> None:
        """Remove the folder."""
        if self.folder.is_dir():
            shutil.rmtree(self.folder)
