"""Aligners that learn from a bitext before they align it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from xlner.core.alignment import Alignment
from xlner.core.pair import Pair
from xlner.errors import BackendError

_IDENTITY = "training.json"


@runtime_checkable
class TrainableAligner(Protocol):
    """An aligner that has a model, or can make one."""

    @property
    def trained(self) -> bool:
        """Whether it has a model to align with."""
        ...

    @property
    def training_options(self) -> Mapping[str, object]:
        """What a model depends on besides the bitext."""
        ...

    def train(self, pairs: Iterable[Pair], folder: str | Path) -> TrainableAligner:
        """Learn from a bitext, save the model in a new folder, and return an aligner that has it."""
        ...

    def with_model(self, folder: str | Path) -> TrainableAligner:
        """This aligner with the model of a folder."""
        ...

    def align(self, pairs: Iterable[Pair]) -> list[Alignment]:
        """The links of each pair."""
        ...


def has_to_learn(aligner: object) -> bool:
    """True for an aligner that learns from a bitext and has not done so yet.

    >>> from xlner.fakes import OracleAligner
    >>> has_to_learn(OracleAligner())
    False
    """
    return getattr(aligner, "trained", True) is False


def learn(
    aligner: TrainableAligner,
    pairs: Iterable[Pair],
    folder: str | Path,
    bitext: Mapping[str, Any],
    *,
    overwrite: bool = False,
) -> TrainableAligner:
    """An aligner that has learned from the pairs, with its model in `folder`.

    `bitext` says what the pairs are (names and hashes of files). Where the folder has the model of an earlier call with
    the same options and bitext, that is taken. Raises `BackendError` where it has another one, unless `overwrite`.
    """
    folder = Path(folder)
    identity = json.loads(json.dumps({"options": dict(aligner.training_options), "bitext": dict(bitext)}))
    if overwrite and (folder / _IDENTITY).exists():
        shutil.rmtree(folder)
    if folder.exists() and any(folder.iterdir()):
        if _identity(folder) != identity:
            raise BackendError(
                f"{folder} holds a model of other options or of another bitext",
                hint="name another folder, or --overwrite to train it anew",
            )
        return aligner.with_model(folder)
    trained = aligner.train(pairs, folder)
    (folder / _IDENTITY).write_text(json.dumps(identity, indent=2) + "\n", encoding="utf-8")
    return trained


def _identity(folder: Path) -> object:
    try:
        return json.loads((folder / _IDENTITY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
