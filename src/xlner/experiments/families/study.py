"""Run a family study: train each condition with each seed, and test it on all targets.

Targets in a training language of a condition are tested, too, but the analysis excludes them: they are not zero-shot.
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
from xlner.core.files import lock_folder, write_durably
from xlner.experiments.families.recipe import Condition, FamilyRecipe
from xlner.experiments.families.runs import (
    TargetPredictions,
    TrainingRun,
    begin_run,
    clear_run,
    read_run,
    run_folder,
    write_run,
)
from xlner.experiments.families.study_data import StudyData, TrainingLanguage, read_study_data
from xlner.experiments.progress import Log, no_log
from xlner.experiments.recipe_files import require_known
from xlner.stages import Recognizer
from xlner.text.counts import counted
from xlner.transfer.report import TrainingReport
from xlner.transfer.training_options import TrainingOptions
from xlner.transfer.training_sets import TrainingSet
from xlner.transfer.zero_shot import zero_shot

_FACTS = "training.json"
"""What a training reported, beside its model."""

Trainer = Callable[[Sequence[TrainingSet], Path, TrainingOptions], tuple[Recognizer, Mapping[str, Any]]]
"""Trains on sets of sentences into a folder; returns the recognizer and a record of the training."""


@dataclass(frozen=True, slots=True)
class Study:
    """A recipe with everything that a run needs; see docs/families.md for an example.

    - `model`: the encoder to train, a folder or a name on the hub.
    - `data`: the folder with the files that the recipe names.
    - `out`: the folder for runs.
    - `keep_models`: keep the trained models, which take a lot of disk space.
    - `overwrite`: repeat runs that are already done.
    - `device`: where to compute, see `TrainingOptions`.
    """

    recipe: FamilyRecipe
    model: str
    data: str | Path
    out: str | Path
    keep_models: bool = False
    overwrite: bool = False
    device: str = "auto"

    def run(self, log: Log = no_log, trainer: Trainer | None = None) -> tuple[StudyData, list[TrainingRun]]:
        """Do all runs that are not done yet, seed by seed; return the data of the study and all its runs.

        The same call resumes a study that was stopped, within a run from the last checkpoint of its training.
        `trainer` replaces fine-tuning. Raises `RunFolderError` if another process uses `out`, or if `out` holds runs
        with another model, other data or other options; `InputError` for files that cannot be read; and what `train`
        raises.
        """
        data = read_study_data(self.recipe, self.data)
        version = _version(self.model) if trainer is None else self.model
        jobs = [(condition, seed) for seed in self.recipe.seeds for condition in self.recipe.conditions]
        done: list[TrainingRun] = []
        with lock_folder(Path(self.out)):
            for number, (condition, seed) in enumerate(jobs, start=1):
                identity = self._identity(condition, seed, data, version)
                folder = run_folder(self.out, condition.name, seed)
                if self.overwrite:
                    clear_run(folder)
                run = read_run(folder, identity)
                if run is None:
                    begin_run(folder, identity)
                    log(f"run {number} of {len(jobs)}: {condition.name}, seed {seed}")
                    run = self._run(condition, seed, data, folder, trainer or self._fine_tune)
                    write_run(folder, run)
                    self._clean(folder)
                    log(_summary(run))
                elif not (folder / _FACTS).exists():  # stopped while cleaning
                    self._clean(folder)
                done.append(run)
        return data, done

    def training_options(self, seed: int) -> TrainingOptions:
        """Return the options that all conditions are trained with; raises `UnknownNameError` for unknown ones."""
        options = {key.replace("-", "_"): value for key, value in self.recipe.training.items()}
        fixed = {"total": self.recipe.sentences, "temperature": float("inf"), "seed": seed, "device": self.device}
        known = sorted({f.name for f in fields(TrainingOptions)} - set(fixed))
        for key in options:
            require_known(key, known, "option of training")
        return TrainingOptions(**{**options, **fixed})

    def _identity(self, condition: Condition, seed: int, data: StudyData, version: str) -> dict[str, Any]:
        options = asdict(self.training_options(seed))
        for machine in ("device", "batch_tokens"):
            options.pop(machine)
        options["temperature"] = str(options["temperature"])  # infinity is not JSON
        return {
            "model": version,
            "options": options,
            "training data": {code: data.training[code].digest for code in condition.languages},
            "test data": {target.name: target.digest for target in data.targets},
            "xlner": __version__,
        }

    def _run(self, condition: Condition, seed: int, data: StudyData, folder: Path, trainer: Trainer) -> TrainingRun:
        sets = [_training_set(data.training[code]) for code in condition.languages]
        start = time.perf_counter()
        recognizer, facts = trainer(sets, folder / "model", self.training_options(seed))
        trained = time.perf_counter()
        found = zero_shot(recognizer, {t.name: t.sentences for t in data.targets}, ignore=self.recipe.ignore, samples=1)
        targets = {name: TargetPredictions.of(target.scores) for name, target in found.targets.items()}
        # A run that was interrupted has trained for longer than since this start.
        training = max(float(facts.get("seconds", 0.0)), trained - start)
        seconds = {"training": round(training, 1), "testing": round(time.perf_counter() - trained, 1)}
        return TrainingRun(condition.name, seed, targets, seconds, facts)

    def _fine_tune(
        self, sets: Sequence[TrainingSet], folder: Path, options: TrainingOptions
    ) -> tuple[Recognizer, Mapping[str, Any]]:
        from xlner.recognition.hf import HfRecognizer
        from xlner.transfer.training import train

        kept = folder.with_name(_FACTS)
        if folder.is_dir() and kept.is_file():  # stopped between training and testing
            facts = json.loads(kept.read_text(encoding="utf-8"))
        else:
            facts = _facts(train(self.model, sets, folder, options, overwrite=folder.is_dir()))
            write_durably(kept, json.dumps(facts))
        return HfRecognizer(str(folder), device=self.device), facts

    def _clean(self, folder: Path) -> None:
        if self.keep_models:
            return
        (folder / _FACTS).unlink(missing_ok=True)  # first, so that a model without it is known to be in the way
        if (folder / "model").is_dir():
            shutil.rmtree(folder / "model")


def _training_set(training: TrainingLanguage) -> TrainingSet:
    return TrainingSet(training.language, training.sentences, (), training.dataset.name, training.dataset.license)


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
        f"{run.condition}, seed {run.seed}: "
        f"mean F1 {sum(values) / len(values):.4f} on {counted(len(values), 'target')}; "
        f"training {run.seconds['training']:.0f} s, testing {run.seconds['testing']:.0f} s"
    )
