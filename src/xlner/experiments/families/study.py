"""A family study: every condition trained with every seed, and tested on every target.

Targets in the languages of a condition are tested, too, but are no zero-shot targets: the analysis keeps them apart.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from xlner._version import __version__
from xlner.engines.run_folder import lock_folder
from xlner.errors import UnknownNameError
from xlner.experiments.families.recipe import Condition, FamilyRecipe
from xlner.experiments.families.runs import (
    TargetRun,
    TrainingRun,
    begin_run,
    clear_run,
    read_run,
    run_folder,
    write_run,
)
from xlner.experiments.families.sources import Source, Sources, read_sources
from xlner.stages import Recognizer
from xlner.transfer.report import TrainingReport
from xlner.transfer.training_options import TrainingOptions
from xlner.transfer.training_sets import TrainingSet
from xlner.transfer.zero_shot import zero_shot

Say = Callable[[str], None]
Learn = Callable[[Sequence[TrainingSet], Path, TrainingOptions], tuple[Recognizer, Mapping[str, Any]]]
"""Trains on sets of sentences into a folder; returns the recognizer and facts about the training."""


def _say_nothing(_: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Study:
    """A recipe made concrete: an encoder to train, the folder with the data, and where runs are kept.

    `keep_models` keeps the trained models, which take much room. `device` and `dtype` say where and how precisely to
    compute, see `TrainingOptions`.
    """

    recipe: FamilyRecipe
    model: str
    data: str | Path
    out: str | Path
    keep_models: bool = False
    overwrite: bool = False
    device: str = "auto"

    def run(self, say: Say = _say_nothing, learn: Learn | None = None) -> tuple[Sources, list[TrainingRun]]:
        """Do every run that is not there yet, seed by seed, and return all of them with what they were tested on.

        The same call goes on where it was stopped: within a run from the last checkpoint of its training. `learn`
        takes the place of fine-tuning. Raises `RunFolderError` where `out` is in use by another process or holds runs
        of another model, other data or other options; `InputError` for files that cannot be read; what `train` raises.
        """
        sources = read_sources(self.recipe, self.data)
        version = _version(self.model) if learn is None else self.model
        jobs = [(condition, seed) for seed in self.recipe.seeds for condition in self.recipe.conditions]
        done: list[TrainingRun] = []
        with lock_folder(Path(self.out)):
            for number, (condition, seed) in enumerate(jobs, start=1):
                identity = self._identity(condition, seed, sources, version)
                folder = run_folder(self.out, condition.name, seed)
                if self.overwrite:
                    clear_run(folder)
                run = read_run(folder, identity)
                if run is None:
                    begin_run(folder, identity)
                    say(f"run {number} of {len(jobs)}: {condition.name}, seed {seed}")
                    run = self._run(condition, seed, sources, folder, learn or self._fine_tune)
                    write_run(folder, run)
                    self._clean(folder)
                    say(_summary(run))
                done.append(run)
        return sources, done

    def tuning(self, seed: int) -> TrainingOptions:
        """How every condition is trained; raises `UnknownNameError` for options that there are not."""
        options = {key.replace("-", "_"): value for key, value in self.recipe.training.items()}
        fixed = {"total": self.recipe.sentences, "temperature": float("inf"), "seed": seed, "device": self.device}
        known = {f.name for f in fields(TrainingOptions)} - set(fixed)
        for key in options:
            if key not in known:
                raise UnknownNameError(f"unknown option of training {key!r}", hint=f"known: {', '.join(sorted(known))}")
        return TrainingOptions(**{**options, **fixed})

    def _identity(self, condition: Condition, seed: int, sources: Sources, version: str) -> dict[str, Any]:
        tuning = asdict(self.tuning(seed))
        for machine in ("device", "batch_tokens"):
            tuning.pop(machine)
        tuning["temperature"] = str(tuning["temperature"])  # infinity is not JSON
        return {
            "model": version,
            "options": tuning,
            "training data": {code: sources.training[code].digest for code in condition.languages},
            "test data": {target.name: target.digest for target in sources.targets},
            "xlner": __version__,
        }

    def _run(self, condition: Condition, seed: int, sources: Sources, folder: Path, learn: Learn) -> TrainingRun:
        sets = [_training_set(sources.training[code]) for code in condition.languages]
        start = time.perf_counter()
        recognizer, facts = learn(sets, folder / "model", self.tuning(seed))
        trained = time.perf_counter()
        found = zero_shot(
            recognizer, {t.name: t.sentences for t in sources.targets}, ignore=self.recipe.ignore, samples=1
        )
        targets = {name: TargetRun.of(target.scores) for name, target in found.targets.items()}
        # A run that was broken off has trained for longer than since this start.
        training = max(float(facts.get("seconds", 0.0)), trained - start)
        seconds = {"training": round(training, 1), "testing": round(time.perf_counter() - trained, 1)}
        return TrainingRun(condition.name, seed, targets, seconds, facts)

    def _fine_tune(
        self, sets: Sequence[TrainingSet], folder: Path, tuning: TrainingOptions
    ) -> tuple[Recognizer, Mapping[str, Any]]:
        from xlner.recognition.hf import HfRecognizer
        from xlner.transfer.training import train

        kept = folder.with_name("training.json")
        if folder.is_dir() and kept.is_file():  # stopped between training and testing
            facts = json.loads(kept.read_text(encoding="utf-8"))
        else:
            facts = _facts(train(self.model, sets, folder, tuning, overwrite=folder.is_dir()))
            kept.write_text(json.dumps(facts), encoding="utf-8")
        return HfRecognizer(str(folder), device=self.device), facts

    def _clean(self, folder: Path) -> None:
        if self.keep_models:
            return
        if (folder / "model").is_dir():
            shutil.rmtree(folder / "model")
        (folder / "training.json").unlink(missing_ok=True)


def _training_set(source: Source) -> TrainingSet:
    return TrainingSet(source.language, source.sentences, (), source.origin.name, source.origin.license)


def _version(model: str) -> str:
    from xlner.models.hub import folder_version, model_folder

    return folder_version(model_folder(model))


def _facts(report: TrainingReport) -> dict[str, Any]:
    import torch
    import transformers

    return {
        "steps": report.steps,
        "loss": [round(epoch.loss, 4) for epoch in report.epochs],
        "sentences": dict(report.sentences),
        "sequences": report.windows,
        "trained parameters": report.trained_parameters,
        "seconds": round(report.seconds, 1),
        "warnings": list(report.warnings),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def _summary(run: TrainingRun) -> str:
    values = [target.f1 for target in run.targets.values()]
    return (
        f"{run.condition}, seed {run.seed}: mean F1 {sum(values) / len(values):.4f} on {len(values)} targets; "
        f"training {run.seconds['training']:.0f} s, testing {run.seconds['testing']:.0f} s"
    )
