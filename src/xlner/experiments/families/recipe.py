"""Recipes of family studies: training and target languages, conditions and options as data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from xlner.errors import ValidationError
from xlner.experiments.recipe_files import (
    builtin_recipe_names,
    read_recipe_file,
    record_from_table,
    require_distinct,
    require_known,
    tables,
)
from xlner.text.language_families import language

FINE_TUNING, UPPER_LAYERS = TRAINERS = ("train", "train-multilingual")
"""The trainers, by the names of the commands."""
_CONDITION_NAME = re.compile(r"[\w][\w.+-]*")


@dataclass(frozen=True, slots=True)
class StudyDataset:
    """Sentences of one annotation style in one or several languages.

    - `languages`: the languages that the dataset has files for.
    - `test`: the file to test a language on, with `{lang}` in its name where there are several languages; without it,
      the dataset is only for training.
    - `train`: the file or files to train on, likewise; without it, no condition can train on the dataset.
    - `style`: a name for its style of annotation, by default that of the dataset. Datasets of one style can be trained
      on together without a change of style.
    - `groups`: the groups of targets that mean gains are reported for.
    - `title`, `license`: for the report.
    - `limit`: number of test sentences to sample, instead of that of the recipe.

    >>> StudyDataset("news", ("de", "nl"), test="news/{lang}.conll").groups
    ('all',)
    """

    name: str
    languages: tuple[str, ...]
    test: str | None = None
    train: str | tuple[str, ...] | None = None
    groups: tuple[str, ...] = ("all",)
    title: str = ""
    license: str = ""
    limit: int | None = None
    style: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "style", self.style or self.name)
        if self.test is None and self.train is None:
            raise ValidationError(f"set {self.name!r} has neither train nor test")
        files = (*self.training_files, *([] if self.test is None else [self.test]))
        same = next((file for file in files if "{lang}" not in file), None)
        if same is not None and len(self.languages) > 1:
            raise ValidationError(
                f"set {self.name!r} has several languages but one file {same}", hint="write {lang} in its name"
            )

    @property
    def training_files(self) -> tuple[str, ...]:
        """The files to train on."""
        return (self.train,) if isinstance(self.train, str) else self.train or ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A set of training languages. `sentences` is the total number to train on, if it is not that of the recipe.

    >>> Condition("west", ("nl", "en", "fr")).families
    ('Germanic', 'Romance')
    """

    name: str
    languages: tuple[str, ...]
    sentences: int | None = None

    def __post_init__(self) -> None:
        if not _CONDITION_NAME.fullmatch(self.name):
            raise ValidationError(f"condition name {self.name!r} has other characters than letters, digits and . + -")
        if not self.languages:
            raise ValidationError(f"condition {self.name!r} has no training language")
        if self.sentences is not None and self.sentences < 1:
            raise ValidationError(f"condition {self.name!r}: {self.sentences} sentences is not at least 1")

    @property
    def families(self) -> tuple[str, ...]:
        """The families of the languages, in order of first use."""
        return tuple(dict.fromkeys(language(code).group for code in self.languages))


@dataclass(frozen=True, slots=True)
class FamilyRecipe:
    """A study: conditions that differ in their training languages or sizes, and the datasets to test them on.

    - `baseline`: the name of the condition that all others are compared with.
    - `sets`: the datasets; a training language comes from the first one that can be trained on.
    - `conditions`: the sets of training languages.
    - `left_out`: triples of a condition, one of its families, and the condition without that family.
    - `grown`: by condition, the names of the conditions with the same languages at all sizes, smallest first.
    - `seeds`: each condition is trained once with each seed.
    - `sentences`: the total number of training sentences of each condition, shared equally by its languages.
    - `limit`: number of test sentences to sample per target; all by default. `sample_seed` is the seed of the sample.
    - `ignore`: labels to remove from training and test sentences.
    - `compare`: further pairs of conditions to compare.
    - `trainer`: `train` for fine-tuning as by `xlner train`, or `train-multilingual` for the upper layers of the
      offline encoder.
    - `training`: options of the trainer: those of `TrainingOptions` or `MultilingualRecipe`.

    Raises `ValidationError` and `UnknownNameError` for values that do not fit together.

    >>> read_family_recipe("european").baseline
    'en'
    """

    name: str
    title: str
    baseline: str
    sets: tuple[StudyDataset, ...]
    conditions: tuple[Condition, ...]
    left_out: tuple[tuple[str, str, str], ...]
    seeds: tuple[int, ...]
    sentences: int
    limit: int | None = None
    sample_seed: int = 0
    ignore: tuple[str, ...] = ()
    compare: tuple[tuple[str, str], ...] = ()
    grown: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    trainer: str = FINE_TUNING
    training: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if any(isinstance(pair, str) or len(pair) != 2 for pair in self.compare):
            raise ValidationError("compare needs pairs of conditions", hint='write compare = [["FIRST", "SECOND"]]')
        object.__setattr__(self, "compare", tuple((str(first), str(second)) for first, second in self.compare))
        names = [c.name for c in self.conditions]
        require_distinct(names, "conditions")
        require_distinct([s.name for s in self.sets], "sets")
        require_known(self.baseline, names, "baseline condition")
        require_known(self.trainer, TRAINERS, "trainer")
        if not self.seeds or self.sentences < 1:
            raise ValidationError("a study needs seeds and at least one training sentence")
        require_distinct(self.seeds, "seeds")
        for name in (name for pair in self.compare for name in pair):
            require_known(name, names, "condition to compare")
        for condition in self.conditions:
            for code in condition.languages:
                require_known(code, self.training_sets, f"training language of condition {condition.name!r}:")

    @property
    def training_sets(self) -> dict[str, StudyDataset]:
        """The dataset of each training language: the first one with training sentences of the language."""
        made: dict[str, StudyDataset] = {}
        for dataset in self.sets:
            if dataset.training_files:
                made = dict.fromkeys(dataset.languages, dataset) | made
        return made

    @property
    def comparisons(self) -> tuple[tuple[str, str], ...]:
        """The pairs of conditions to compare, each once. A gain is that of the second condition over the first.

        Each condition of the usual size is compared with the baseline, each condition that leaves a family out with
        the one that has it, each size of a condition with the next larger one, and the pairs of `compare` with each
        other.
        """
        pairs = [(self.baseline, c.name) for c in self.conditions if c.name != self.baseline and c.sentences is None]
        left_out = [(without, whole) for whole, _, without in self.left_out]
        return tuple(dict.fromkeys([*pairs, *left_out, *self.growth, *self.compare]))

    @property
    def growth(self) -> tuple[tuple[str, str], ...]:
        """The pairs of conditions that differ only in the next size."""
        return tuple(pair for names in self.grown.values() for pair in pairwise(names))

    def size(self, condition: Condition) -> int:
        """Return the number of sentences that a condition is trained on."""
        return condition.sentences or self.sentences

    def condition(self, name: str) -> Condition:
        """Return the condition with a name; raises `UnknownNameError` if there is none."""
        require_known(name, [c.name for c in self.conditions], "condition")
        return next(c for c in self.conditions if c.name == name)

    def controlled(self, condition: Condition) -> bool:
        """Return whether all training languages are in the styles that those of the baseline are in."""
        sets = self.training_sets
        usual = {sets[code].style for code in self.condition(self.baseline).languages}
        return {sets[code].style for code in condition.languages} <= usual

    def restricted(self, conditions: Sequence[str] | None = None, seeds: Sequence[int] | None = None) -> FamilyRecipe:
        """Return the recipe with some of its conditions and with other seeds. The baseline always stays."""
        chosen = self.conditions
        if conditions is not None:
            wanted = {self.condition(name).name for name in conditions} | {self.baseline}
            chosen = tuple(c for c in self.conditions if c.name in wanted)
        names = {c.name for c in chosen}
        left_out = tuple(row for row in self.left_out if {row[0], row[2]} <= names)
        compare = tuple(pair for pair in self.compare if set(pair) <= names)
        sizes = {name: tuple(n for n in every if n in names) for name, every in self.grown.items()}
        grown = {name: every for name, every in sizes.items() if len(every) > 1}
        own = self.seeds if seeds is None else tuple(seeds)
        return replace(self, conditions=chosen, left_out=left_out, compare=compare, grown=grown, seeds=own)


def read_family_recipe(name: str | Path) -> FamilyRecipe:
    """Read a recipe that ships with xlner, by name, or a recipe in a TOML file.

    Raises `UnknownNameError` for an unknown name or key, `InputError` for a file that cannot be read, and
    `ValidationError` for invalid values.

    >>> read_family_recipe("european").condition("en+romance").languages
    ('en', 'es', 'fr', 'pt')
    """
    return _recipe(*read_recipe_file(__package__, name))


def family_recipe_names() -> list[str]:
    """Return the names of the family recipes that ship with xlner.

    >>> family_recipe_names()
    ['european', 'european-xlmr', 'open']
    """
    return builtin_recipe_names(__package__)


@dataclass(frozen=True, slots=True)
class _ConditionTable:
    name: str
    languages: tuple[str, ...] = ()
    families: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _LeaveOutTable:
    of: str


@dataclass(frozen=True, slots=True)
class _GrowthTable:
    of: str
    sentences: tuple[int, ...]


def _recipe(name: str, data: dict[str, Any], path: str) -> FamilyRecipe:
    sets = tuple(record_from_table(StudyDataset, table, f"{path}: set") for table in tables(data, "set", path))
    conditions = [_condition(table, sets, f"{path}: condition") for table in tables(data, "condition", path)]
    left_out: list[tuple[str, str, str]] = []
    for table in tables(data, "leave-out", path):
        whole = record_from_table(_LeaveOutTable, table, f"{path}: leave-out").of
        _leave_out(whole, conditions, left_out)
    growth = [record_from_table(_GrowthTable, table, f"{path}: growth") for table in tables(data, "growth", path)]
    require_distinct([given.of for given in growth], "conditions of growth")
    usual = data.get("sentences")
    grown = {given.of: _grow(given, conditions, usual, f"{path}: growth") for given in growth if type(usual) is int}
    rest = {key: value for key, value in data.items() if key not in ("set", "condition", "leave-out", "growth")}
    made = {"name": name, "sets": sets, "conditions": tuple(conditions), "left_out": tuple(left_out), "grown": grown}
    return record_from_table(FamilyRecipe, {"title": name, **rest}, path, **made)


def _condition(table: Any, sets: Sequence[StudyDataset], where: str) -> Condition:
    """Build a condition from its languages, plus all training languages of its families."""
    given = record_from_table(_ConditionTable, table, where)
    codes = list(given.languages)
    can = list(dict.fromkeys(code for s in sets if s.training_files for code in s.languages))
    for family in given.families:
        members = [code for code in can if language(code).group == family]
        if not members:
            raise ValidationError(f"{where}: no training language is of family {family!r}")
        codes += members
    return Condition(given.name, tuple(dict.fromkeys(codes)))


def _leave_out(whole: str, conditions: list[Condition], left_out: list[tuple[str, str, str]]) -> None:
    """Leave out each family of a condition in turn.

    The new condition is named `no-FAMILY`, unless an existing condition has the same languages.
    """
    require_known(whole, [c.name for c in conditions], "condition")
    full = next(c for c in conditions if c.name == whole)
    for family in full.families:
        codes = tuple(code for code in full.languages if language(code).group != family)
        same = next((c for c in conditions if set(c.languages) == set(codes)), None)
        if same is None:
            same = Condition(f"no-{family.lower().replace(' ', '-')}", codes)
            conditions.append(same)
        left_out.append((whole, family, same.name))


def _grow(given: _GrowthTable, conditions: list[Condition], usual: int, where: str) -> tuple[str, ...]:
    """Add a condition `NAME-SIZE` for each size of a condition; return the names at all sizes, smallest first."""
    require_known(given.of, [c.name for c in conditions], "condition")
    if any(type(size) is not int for size in given.sentences):
        raise ValidationError(f"{where}: sentences is not a list of numbers", hint="write sentences = [1000, 2000]")
    of = next(c for c in conditions if c.name == given.of)
    sizes = {size: f"{of.name}-{size}" for size in given.sentences if size != usual}
    conditions += [Condition(name, of.languages, size) for size, name in sizes.items()]
    return tuple(name for _, name in sorted({**sizes, usual: of.name}.items()))
