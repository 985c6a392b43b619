"""The sentences of a study: what is trained on, and the same sample of test sentences for every condition."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from xlner.core.sentence import Sentence
from xlner.core.signature import Digest
from xlner.errors import InputError
from xlner.experiments.families.recipe import DataSet, FamilyRecipe
from xlner.experiments.families.similarity import Likeness, Profile
from xlner.formats import raise_errors, read_sentences


@dataclass(frozen=True, slots=True)
class Source:
    """Labeled sentences of a language to train on."""

    language: str
    sentences: tuple[Sentence, ...]
    origin: DataSet
    digest: str
    profile: Profile


@dataclass(frozen=True, slots=True)
class Target:
    """Labeled sentences of a language to test on, called `SET/LANGUAGE`."""

    name: str
    language: str
    sentences: tuple[Sentence, ...]
    origin: DataSet
    digest: str
    profile: Profile

    @property
    def entities(self) -> int:
        """How many entities there are to find."""
        return sum(len(sentence.entities) for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that a study reads."""

    training: Mapping[str, Source]
    targets: tuple[Target, ...]

    def outside(self, languages: Sequence[str]) -> float:
        """The share of words outside of names in the training text of some languages, the mean over languages."""
        shares = []
        for code in languages:
            sentences = self.training[code].sentences
            inside = sum(len(e) for s in sentences for e in s.entities)
            shares.append(1 - inside / sum(map(len, sentences)))
        return fmean(shares)

    def likeness(self, target: Target, languages: Sequence[str]) -> Likeness:
        """How near a target is to the nearest of some training languages."""
        return Likeness.of(target.profile, [self.training[code].profile for code in languages])


def read_sources(recipe: FamilyRecipe, folder: str | Path) -> Sources:
    """Read the files of a recipe below `folder`; entities whose labels the recipe ignores are taken out.

    Only languages that a condition trains on are read to train on. Raises `InputError` where a file is missing or
    cannot be read, and where a set has nothing to find.
    """
    used = {code for condition in recipe.conditions for code in condition.languages}
    training = {}
    for code, dataset in recipe.training_sets.items():
        if code in used:
            sentences = _read(dataset.train or "", folder, code, recipe)
            profile = Profile.of(code, sentences)
            training[code] = Source(code, tuple(sentences), dataset, _digest(sentences), profile)
    targets = tuple(_target(recipe, dataset, code, folder) for dataset in recipe.sets for code in dataset.languages)
    return Sources(training, targets)


def _target(recipe: FamilyRecipe, dataset: DataSet, code: str, folder: str | Path) -> Target:
    name = f"{dataset.name}/{code}"
    sentences = _read(dataset.test, folder, code, recipe)
    profile = Profile.of(code, sentences)
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
