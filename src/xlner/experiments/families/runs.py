"""The training runs of a study on disk.

A run is a folder with the identity of the run, its predictions and, written last, the record that marks it as done.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from xlner.core.entity import Entity
from xlner.core.files import write_durably
from xlner.core.resampling import Rows
from xlner.errors import RunFolderError
from xlner.evaluation import Scores

_IDENTITY = "identity.json"
_RECORD = "run.json"
_PREDICTIONS = "predictions.jsonl.gz"


@dataclass(frozen=True, slots=True, eq=False)
class TargetPredictions:
    """The entities that a model predicted in one target, with their counts and the signature of the scores.

    `counts` has correct, predicted and gold entities of each sentence, shape `(n_sentences, 3)`.
    """

    counts: Rows
    entities: tuple[tuple[Entity, ...], ...]
    signature: str

    @property
    def f1(self) -> float:
        """F1 of all entities."""
        correct, predicted, gold = self.counts.sum(axis=0).tolist()
        return 2 * correct / (predicted + gold) if predicted + gold else 0.0

    @classmethod
    def of(cls, scores: Scores) -> TargetPredictions:
        """Keep the part of scores that a study needs."""
        spans = scores.spans
        numbers = spans.sentence_of(spans.predicted.starts).tolist()
        found: list[list[Entity]] = [[] for _ in range(scores.sentences)]
        for number, start, end, label in zip(numbers, *(part.tolist() for part in spans.predicted), strict=True):
            first = int(spans.offsets[number])
            found[number].append(Entity(start - first, end - first, spans.labels[label]))
        counts = scores.by_sentence.sum(axis=1)[:, :3]
        return cls(counts, tuple(map(tuple, found)), str(scores.signature))


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRun:
    """A condition trained with one seed, and tested on all targets.

    - `targets`: the predictions by target.
    - `seconds`: wall-clock time of `training` and `testing`.
    - `facts`: the record of the training, such as steps, loss and warnings.

    See docs/families.md for an example.
    """

    condition: str
    seed: int
    targets: Mapping[str, TargetPredictions]
    seconds: Mapping[str, float]
    facts: Mapping[str, Any]


def run_folder(out: str | Path, condition: str, seed: int) -> Path:
    """Return the folder of a run below the output folder of the study."""
    return Path(out) / "runs" / condition / f"seed-{seed}"


def begin_run(folder: Path, identity: Mapping[str, Any]) -> None:
    """Create the folder of a run and write its identity."""
    folder.mkdir(parents=True, exist_ok=True)
    write_durably(folder / _IDENTITY, _json(identity))


def write_run(folder: Path, run: TrainingRun) -> None:
    """Write the predictions, then the record: a run with a record is complete."""
    lines = (
        {"target": name, "counts": counts, "entities": [[e.start, e.end, e.label] for e in found]}
        for name, target in run.targets.items()
        for counts, found in zip(target.counts.tolist(), target.entities, strict=True)
    )
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    data = gzip.compress(text.encode("utf-8"), mtime=0)
    write_durably(folder / _PREDICTIONS, data)
    record = {
        "condition": run.condition,
        "seed": run.seed,
        "seconds": dict(run.seconds),
        "training": dict(run.facts),
        "f1": {name: round(target.f1, 4) for name, target in run.targets.items()},
        "signatures": {name: target.signature for name, target in run.targets.items()},
        "predictions": hashlib.sha256(data).hexdigest(),
    }
    write_durably(folder / _RECORD, _json(record))


def read_run(folder: Path, identity: Mapping[str, Any]) -> TrainingRun | None:
    """Return the run in a folder, or None if it is not done.

    Raises `RunFolderError` if the run has another identity (model, data, options) or is damaged.
    """
    old, new = _read_json(folder / _IDENTITY), json.loads(json.dumps(dict(identity)))
    if old is None:
        return None
    different = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    if different:
        raise RunFolderError(
            f"{folder} holds a run with another {', '.join(different)}",
            hint="use another folder, or --overwrite to run it again",
        )
    record = _read_json(folder / _RECORD)
    if record is None:
        return None
    data = (folder / _PREDICTIONS).read_bytes() if (folder / _PREDICTIONS).is_file() else b""
    if hashlib.sha256(data).hexdigest() != record["predictions"]:
        raise RunFolderError(f"{folder / _PREDICTIONS} is damaged", hint="give --overwrite to run it again")
    lines = [json.loads(line) for line in gzip.decompress(data).decode("utf-8").splitlines()]
    targets = {name: _target_predictions(lines, name, signature) for name, signature in record["signatures"].items()}
    return TrainingRun(record["condition"], record["seed"], targets, record["seconds"], record["training"])


def clear_run(folder: Path) -> None:
    """Delete a run. The record goes first, so that a partly deleted run does not count as done."""
    (folder / _RECORD).unlink(missing_ok=True)
    if folder.is_dir():
        shutil.rmtree(folder)


def _target_predictions(lines: Sequence[Mapping[str, Any]], name: str, signature: str) -> TargetPredictions:
    own = [line for line in lines if line["target"] == name]
    counts = np.array([line["counts"] for line in own], dtype=np.int64).reshape(-1, 3)
    entities = tuple(tuple(Entity(start, end, label) for start, end, label in line["entities"]) for line in own)
    return TargetPredictions(counts, entities, signature)


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        raise RunFolderError(f"{path} is damaged", hint="give --overwrite to run it again") from None
    return record


def _json(record: Mapping[str, Any]) -> bytes:
    return (json.dumps(dict(record), indent=1, ensure_ascii=False) + "\n").encode("utf-8")
