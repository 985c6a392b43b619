"""The sentences of a study: those to train on, and one sample of test sentences that all conditions share."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from xlner.core.sentence import Sentence
from xlner.core.signature import Digest
from xlner.errors import InputError
from xlner.experiments.families.recipe import FamilyRecipe, StudyDataset
from xlner.experiments.families.similarity import LanguageProfile, LanguageSimilarity
from xlner.formats import raise_errors, read_sentences


@dataclass(frozen=True, slots=True)
class TrainingLanguage:
    """The labeled training sentences of a language."""

    language: str
    sentences: tuple[Sentence, ...]
    dataset: StudyDataset
    digest: str
    profile: LanguageProfile


@dataclass(frozen=True, slots=True)
class Target:
    """The labeled test sentences of a language, named `SET/LANGUAGE`."""

    name: str
    language: str
    sentences: tuple[Sentence, ...]
    dataset: StudyDataset
    digest: str
    profile: LanguageProfile

    @property
    def entities(self) -> int:
        """The number of gold entities."""
        return sum(len(sentence.entities) for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class StudyData:
    """All sentences of a study: `training` by language, and the targets; see docs/families.md for an example."""

    training: Mapping[str, TrainingLanguage]
    targets: tuple[Target, ...]

    def outside(self, languages: Sequence[str]) -> float:
        """Return the share of training words outside entities, averaged over languages."""
        shares = []
        for code in languages:
            sentences = self.training[code].sentences
            inside = sum(len(e) for s in sentences for e in s.entities)
            shares.append(1 - inside / sum(map(len, sentences)))
        return fmean(shares)

    def similarity(self, target: Target, languages: Sequence[str]) -> LanguageSimilarity:
        """Return how similar the nearest of some training languages is to a target."""
        return LanguageSimilarity.of(target.profile, [self.training[code].profile for code in languages])


def read_study_data(recipe: FamilyRecipe, folder: str | Path) -> StudyData:
    """Read the files of a recipe below `folder`, without the entities whose labels the recipe ignores.

    Training files are read only for languages that a condition trains on. Raises `InputError` for a file that is
    missing, cannot be read, or has no entity.
    """
    used = {code for condition in recipe.conditions for code in condition.languages}
    training = {}
    for code, dataset in recipe.training_sets.items():
        if code in used:
            sentences = [s for file in dataset.training_files for s in _read(file, folder, code, recipe)]
            profile = LanguageProfile.of(code, sentences)
            training[code] = TrainingLanguage(code, tuple(sentences), dataset, _digest(sentences), profile)
    tested = [(dataset, dataset.test, code) for dataset in recipe.sets if dataset.test for code in dataset.languages]
    return StudyData(training, tuple(_target(recipe, dataset, file, code, folder) for dataset, file, code in tested))


def _target(recipe: FamilyRecipe, dataset: StudyDataset, file: str, code: str, folder: str | Path) -> Target:
    name = f"{dataset.name}/{code}"
    sentences = _read(file, folder, code, recipe)
    profile = LanguageProfile.of(code, sentences)
    limit = recipe.limit if dataset.limit is None else dataset.limit
    if limit is not None and limit < len(sentences):
        chosen = random.Random(f"{recipe.sample_seed} {name}").sample(range(len(sentences)), limit)
        sentences = [sentences[k] for k in sorted(chosen)]
    return Target(name, code, tuple(sentences), dataset, _digest(sentences), profile)


def _read(pattern: str, folder: str | Path, code: str, recipe: FamilyRecipe) -> list[Sentence]:
    path = Path(folder) / pattern.replace("{lang}", code)
    read = raise_errors(read_sentences(path, language=code, require_tags=True))
    sentences = [s.with_entities(e for e in s.entities if e.label not in recipe.ignore) for s in read if s.tokens]
    if not any(sentence.entities for sentence in sentences):
        raise InputError("there is no entity in this file", path=path)
    return sentences


def _digest(sentences: Sequence[Sentence]) -> str:
    digest = Digest()
    for sentence in sentences:
        for token, tag in zip(sentence.tokens, sentence.tags(), strict=True):
            digest.update(token)
            digest.update(tag)
        digest.update("")
    return digest.hexdigest()
