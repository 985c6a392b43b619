"""Training an aligner on a bitext, or loading the model of an earlier training."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from xlner.alignment.statistical.model_folders import ModelFolder
from xlner.core.files import write_json
from xlner.core.pair import Pair
from xlner.errors import BackendError
from xlner.stages import TrainableAligner

_IDENTITY = "training.json"


def train_or_load(
    aligner: TrainableAligner,
    pairs: Iterable[Pair],
    folder: str | Path,
    bitext: Mapping[str, Any],
    *,
    overwrite: bool = False,
) -> TrainableAligner:
    """Train an aligner and save its model in `folder`, or load the model that the same call saved there before.

    - `pairs`: the pairs to learn from; not read if the model is loaded.
    - `bitext`: what identifies the pairs, such as names and hashes of files. Must be serializable as JSON.
    - `overwrite`: replaces the model of an earlier call, and no other files.

    Returns an aligner with the model. Raises `BackendError` if the folder holds a model trained with other options or
    another bitext, unless `overwrite` is set. For an example see docs/alignment-statistical.md.
    """
    folder = Path(folder)
    identity = json.loads(json.dumps({"options": dict(aligner.training_options), "bitext": dict(bitext)}))
    if overwrite and folder.is_dir() and (ModelFolder.discard(folder) or _is_identity(_identity(folder))):
        (folder / _IDENTITY).unlink(missing_ok=True)
    if folder.exists() and any(folder.iterdir()):
        if _identity(folder) != identity:
            raise BackendError(
                f"{folder} holds a model trained with other options or on another bitext",
                hint="use another folder, or --overwrite to train the model again",
            )
        return aligner.with_model(folder)
    trained = aligner.train(pairs, folder)
    write_json(folder / _IDENTITY, identity)
    return trained


def _is_identity(found: object) -> bool:
    """Whether it is what this module writes, and not the file of another program."""
    return isinstance(found, dict) and found.keys() == {"options", "bitext"}


def _identity(folder: Path) -> object:
    try:
        return json.loads((folder / _IDENTITY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
