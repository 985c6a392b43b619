"""Run a family study: train each condition with each seed, and test it on all targets.

Targets in a training language of a condition are tested, too, but the analysis excludes them: they are not zero-shot.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from xlner._version import __version__
from xlner.core.files import lock_folder
from xlner.errors import ValidationError
from xlner.experiments.families.recipe import UPPER_LAYERS, Condition, FamilyRecipe
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
from xlner.experiments.families.trainers import (
    FACTS,
    FineTuning,
    Trainer,
    TrainerOptions,
    UpperLayers,
    fine_tuning_options,
    shares,
    upper_layers_options,
)
from xlner.experiments.progress import Log, no_log
from xlner.text.counts import counted
from xlner.transfer.training_sets import TrainingSet
from xlner.transfer.zero_shot import zero_shot


@dataclass(frozen=True, slots=True)
class Study:
    """A recipe with everything that a run needs; see docs/families.md for an example.

    - `model`: the encoder to train, a folder or a name on the hub; None for the offline encoder, if the recipe has the
      trainer `train-multilingual`.
    - `data`: the folder with the files that the recipe names.
    - `out`: the folder for runs.
    - `keep_models`: keep the trained models, which take a lot of disk space.
    - `overwrite`: repeat runs that are already done.
    - `device`: where to compute, see `TrainingOptions`.
    """

    recipe: FamilyRecipe
    model: str | None
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
        version, clean = str(self.model), _nothing
        if trainer is None:
            trainer = own = self._trainer
            version, clean = own.version, own.clean
        data = read_study_data(self.recipe, self.data)
        _check_sizes(self.recipe, data)
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
                    run = self._run(condition, seed, data, folder, trainer)
                    write_run(folder, run)
                    self._clean(folder)
                    log(_summary(run))
                elif not (folder / FACTS).exists():  # stopped while cleaning
                    self._clean(folder)
                done.append(run)
            clean()
        return data, done

    def options(self, condition: Condition, seed: int) -> TrainerOptions:
        """Return the options that a condition is trained with; raises `UnknownNameError` for unknown ones."""
        if self.recipe.trainer == UPPER_LAYERS:
            return upper_layers_options(self.recipe, condition, seed)
        return fine_tuning_options(self.recipe, condition, seed, self.device)

    @property
    def _trainer(self) -> FineTuning | UpperLayers:
        if self.recipe.trainer == UPPER_LAYERS:
            if self.model is not None:
                raise ValidationError(
                    f"recipe {self.recipe.name!r} trains the offline encoder, not {self.model!r}",
                    hint="leave the model out",
                )
            if self.device not in ("auto", "cpu"):
                raise ValidationError(
                    f"recipe {self.recipe.name!r} trains on the CPU, not on {self.device!r}",
                    hint="leave the device out",
                )
            return UpperLayers(Path(self.out) / "states")
        if self.model is None:
            raise ValidationError(
                f"recipe {self.recipe.name!r} needs a model", hint="name a folder or a model on the hub"
            )
        return FineTuning(self.model, self.device)

    def _identity(self, condition: Condition, seed: int, data: StudyData, version: str) -> dict[str, Any]:
        options = asdict(self.options(condition, seed))
        for machine in ("device", "batch_tokens"):
            options.pop(machine, None)
        if "temperature" in options:
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
        recognizer, facts = trainer(sets, folder / "model", self.options(condition, seed))
        trained = time.perf_counter()
        found = zero_shot(recognizer, {t.name: t.sentences for t in data.targets}, ignore=self.recipe.ignore, samples=1)
        targets = {name: TargetPredictions.of(target.scores) for name, target in found.targets.items()}
        # A run that was interrupted has trained for longer than since this start.
        training = max(float(facts.get("seconds", 0.0)), trained - start)
        seconds = {"training": round(training, 1), "testing": round(time.perf_counter() - trained, 1)}
        return TrainingRun(condition.name, seed, targets, seconds, facts)

    def _clean(self, folder: Path) -> None:
        if self.keep_models:
            return
        (folder / FACTS).unlink(missing_ok=True)  # first, so that a model without it is known to be in the way
        if (folder / "model").is_dir():
            shutil.rmtree(folder / "model")


def _training_set(training: TrainingLanguage) -> TrainingSet:
    return TrainingSet(training.language, training.sentences, (), training.dataset.name, training.dataset.license)


def _nothing() -> None:
    """Clean up after a given trainer."""


def _check_sizes(recipe: FamilyRecipe, data: StudyData) -> None:
    """Raise `ValidationError` if the upper layers would be trained on fewer sentences than the recipe says."""
    if recipe.trainer != UPPER_LAYERS:
        return  # `train` repeats sentences
    for condition in recipe.conditions:
        for code, share in shares(recipe, condition).items():
            size = len(data.training[code].sentences)
            if size < share:
                raise ValidationError(
                    f"condition {condition.name!r} needs {share} sentences of {code}, but there are {size}",
                    hint="train on fewer sentences, or leave the language out",
                )


def _summary(run: TrainingRun) -> str:
    values = [target.f1 for target in run.targets.values()]
    return (
        f"{run.condition}, seed {run.seed}: "
        f"mean F1 {sum(values) / len(values):.4f} on {counted(len(values), 'target')}; "
        f"training {run.seconds['training']:.0f} s, testing {run.seconds['testing']:.0f} s"
    )
