"""What trains the conditions of a study: fine-tuning of any encoder, or of the upper layers of the offline one."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.core.files import write_durably
from xlner.core.sentence import Sentence
from xlner.experiments.families.recipe import Condition, FamilyRecipe
from xlner.experiments.recipe_files import record_from_table
from xlner.models.e5.states import E5States
from xlner.models.training_state import remove_training_files
from xlner.stages import Recognizer
from xlner.transfer.multilingual.recipe import LabeledCorpus, MultilingualRecipe
from xlner.transfer.report import TrainingReport
from xlner.transfer.sampling import counts
from xlner.transfer.training_options import TrainingOptions
from xlner.transfer.training_sets import TrainingSet

FACTS = "training.json"
"""What a training reported, beside its model."""
_ENGINE = "auto"
"""What computes the states of the offline encoder: the fastest engine that is installed."""

TrainerOptions = TrainingOptions | MultilingualRecipe
Trainer = Callable[[Sequence[TrainingSet], Path, Any], tuple[Recognizer, Mapping[str, Any]]]
"""Trains on sets of sentences into a folder, with `TrainerOptions`; returns the recognizer and a record of it."""


@dataclass(frozen=True, slots=True)
class FineTuning:
    """Fine-tunes the encoder in `model`, a folder or a name on the hub, as `xlner train` does."""

    model: str
    device: str

    @property
    def version(self) -> str:
        """The version of the model, for the identity of a run."""
        from xlner.models.hub import folder_version, model_folder

        return folder_version(model_folder(self.model))

    def __call__(
        self, sets: Sequence[TrainingSet], folder: Path, options: TrainingOptions
    ) -> tuple[Recognizer, Mapping[str, Any]]:
        """Train, unless a run that was stopped before testing has trained already."""
        from xlner.recognition.hf import HfRecognizer
        from xlner.transfer.training import train

        facts = _kept_facts(folder)
        if facts is None:
            facts = _facts(train(self.model, sets, folder, options, overwrite=folder.is_dir()))
            _keep_facts(folder, facts)
        return HfRecognizer(str(folder), device=self.device), facts

    def clean(self) -> None:
        """Nothing is left besides models."""


class UpperLayers:
    """Fine-tunes the upper layers of the offline encoder, as `xlner train-multilingual` does.

    The states of the lower layers are computed once for all runs: those of training sentences are kept in a folder
    until the study is done, those of test sentences in memory.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reader: E5States | None = None

    @property
    def version(self) -> str:
        """The version of the encoder, for the identity of a run."""
        return E5States(0, engine=_ENGINE).version

    def __call__(
        self, sets: Sequence[TrainingSet], folder: Path, options: MultilingualRecipe
    ) -> tuple[Recognizer, Mapping[str, Any]]:
        """Train, unless a run that was stopped before testing has trained already."""
        from xlner.recognition.multilingual.recognizer import MultilingualRecognizer
        from xlner.transfer.multilingual.training import train_multilingual

        facts, output = _kept_facts(folder), folder / "weights.npz"
        if facts is None:
            sentences = {s.language: s.train for s in sets}

            def read(corpus: LabeledCorpus, part: str) -> Sequence[Sentence]:
                return sentences[corpus.name]

            folder.mkdir(parents=True, exist_ok=True)
            report = train_multilingual(options, read, output, states_folder=self._folder, engine=_ENGINE)
            facts = {
                "steps": report.steps,
                "loss": [round(loss, 4) for loss in report.losses],
                "sentences": dict(report.sentences),
                "seconds": round(report.seconds, 1),
                "torch": _torch_version(),
            }
            _keep_facts(folder, facts)
        # A second reader of these states, for which they are remembered from run to run: see `SharedStates`.
        self._reader = self._reader or E5States(options.lower, engine=_ENGINE)
        return MultilingualRecognizer(str(output), engine=_ENGINE), facts

    def clean(self) -> None:
        """Delete the states, and their folder if nothing else is in it."""
        if self._folder.is_dir():
            remove_training_files(self._folder)


def fine_tuning_options(recipe: FamilyRecipe, condition: Condition, seed: int, device: str) -> TrainingOptions:
    """The options of `train` for a condition.

    Raises `UnknownNameError` for an unknown one in the recipe, and `ValidationError` for a bad value.
    """
    fixed: dict[str, Any] = {"total": recipe.size(condition), "temperature": math.inf, "seed": seed, "device": device}
    return record_from_table(TrainingOptions, _given(recipe), "training", **fixed)


def upper_layers_options(recipe: FamilyRecipe, condition: Condition, seed: int) -> MultilingualRecipe:
    """The recipe of `train-multilingual` for a condition.

    A language has the same sentences in all conditions, and those of a smaller share are among those of a larger one.
    Raises `UnknownNameError` for an unknown option, and `ValidationError` for a bad value.
    """
    sets = tuple(
        LabeledCorpus(code, code, train=code, sentences=share) for code, share in shares(recipe, condition).items()
    )
    fixed: dict[str, Any] = {"sets": sets, "languages": {}, "seed": seed, "dev_sentences": 0}
    return record_from_table(MultilingualRecipe, _given(recipe), "training", **fixed)


def shares(recipe: FamilyRecipe, condition: Condition) -> dict[str, int]:
    """The number of sentences of each language, as equal as possible."""
    return counts(dict.fromkeys(condition.languages, 1), recipe.size(condition), math.inf)


def _given(recipe: FamilyRecipe) -> dict[str, Any]:
    """The options in a recipe. Underscores, as in recipes of `train-multilingual`, are read as hyphens."""
    return {key.replace("_", "-"): value for key, value in recipe.training.items()}


def _kept_facts(folder: Path) -> dict[str, Any] | None:
    """The record of a training that was stopped before testing."""
    kept = folder.with_name(FACTS)
    if not (folder.is_dir() and kept.is_file()):
        return None
    facts: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return facts


def _keep_facts(folder: Path, facts: Mapping[str, Any]) -> None:
    write_durably(folder.with_name(FACTS), json.dumps(facts))


def _facts(report: TrainingReport) -> dict[str, Any]:
    import transformers

    return {
        "steps": report.steps,
        "loss": [round(epoch.loss, 4) for epoch in report.epochs],
        "sentences": dict(report.sentences),
        "sequences": report.windows,
        "trained parameters": report.trained_parameters,
        "seconds": round(report.seconds, 1),
        "warnings": list(report.warnings),
        "torch": _torch_version(),
        "transformers": transformers.__version__,
    }


def _torch_version() -> str:
    import torch

    return str(torch.__version__)
