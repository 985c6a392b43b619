"""Recipes of family studies: training and target languages, conditions and options as data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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

_CONDITION_NAME = re.compile(r"[\w][\w.+-]*")


@dataclass(frozen=True, slots=True)
class StudyDataset:
    """Sentences of one annotation style in several languages.

    - `languages`: the languages that the dataset has files for.
    - `test`: the file to test a language on, with `{lang}` in its name.
    - `train`: the file to train on, with `{lang}`; without it, no condition can train on the dataset.
    - `groups`: the groups of targets that mean gains are reported for.
    - `title`, `license`: for the report.
    - `limit`: number of test sentences to sample, instead of that of the recipe.

    >>> StudyDataset("news", ("de", "nl"), test="news/{lang}.conll").groups
    ('all',)
    """

    name: str
    languages: tuple[str, ...]
    test: str
    train: str | None = None
    groups: tuple[str, ...] = ("all",)
    title: str = ""
    license: str = ""
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A set of training languages.

    >>> Condition("west", ("nl", "en", "fr")).families
    ('Germanic', 'Romance')
    """

    name: str
    languages: tuple[str, ...]

    def __post_init__(self) -> None:
        if not _CONDITION_NAME.fullmatch(self.name):
            raise ValidationError(f"condition name {self.name!r} has other characters than letters, digits and . + -")
        if not self.languages:
            raise ValidationError(f"condition {self.name!r} has no training language")

    @property
    def families(self) -> tuple[str, ...]:
        """The families of the languages, in order of first use."""
        return tuple(dict.fromkeys(language(code).group for code in self.languages))


@dataclass(frozen=True, slots=True)
class FamilyRecipe:
    """A study: conditions that differ only in their training languages, and the datasets to test them on.

    - `baseline`: the name of the condition that all others are compared with.
    - `sets`: the datasets; a training language comes from the first one that can be trained on.
    - `conditions`: the sets of training languages.
    - `left_out`: triples of a condition, one of its families, and the condition without that family.
    - `seeds`: each condition is trained once with each seed.
    - `sentences`: the total number of training sentences of each condition, shared equally by its languages.
    - `limit`: number of test sentences to sample per target; all by default. `sample_seed` is the seed of the sample.
    - `ignore`: labels to remove from training and test sentences.
    - `compare`: further pairs of conditions to compare.
    - `training`: options of `TrainingOptions`.

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
    training: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if any(isinstance(pair, str) or len(pair) != 2 for pair in self.compare):
            raise ValidationError("compare needs pairs of conditions", hint='write compare = [["FIRST", "SECOND"]]')
        object.__setattr__(self, "compare", tuple((str(first), str(second)) for first, second in self.compare))
        names = [c.name for c in self.conditions]
        require_distinct(names, "conditions")
        require_distinct([s.name for s in self.sets], "sets")
        require_known(self.baseline, names, "baseline condition")
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
            if dataset.train is not None:
                made = dict.fromkeys(dataset.languages, dataset) | made
        return made

    @property
    def comparisons(self) -> tuple[tuple[str, str], ...]:
        """The pairs of conditions to compare, each once. A gain is that of the second condition over the first.

        Each condition is compared with the baseline, each condition that leaves a family out with the one that has
        it, and the pairs of `compare` with each other.
        """
        pairs = [(self.baseline, c.name) for c in self.conditions if c.name != self.baseline]
        left_out = [(without, whole) for whole, _, without in self.left_out]
        return tuple(dict.fromkeys([*pairs, *left_out, *self.compare]))

    def condition(self, name: str) -> Condition:
        """Return the condition with a name; raises `UnknownNameError` if there is none."""
        require_known(name, [c.name for c in self.conditions], "condition")
        return next(c for c in self.conditions if c.name == name)

    def controlled(self, condition: Condition) -> bool:
        """Return whether all training languages come from the datasets that those of the baseline come from."""
        sets = self.training_sets
        usual = {sets[code].name for code in self.condition(self.baseline).languages}
        return {sets[code].name for code in condition.languages} <= usual

    def restricted(self, conditions: Sequence[str] | None = None, seeds: Sequence[int] | None = None) -> FamilyRecipe:
        """Return the recipe with some of its conditions and with other seeds. The baseline always stays."""
        chosen = self.conditions
        if conditions is not None:
            wanted = {self.condition(name).name for name in conditions} | {self.baseline}
            chosen = tuple(c for c in self.conditions if c.name in wanted)
        names = {c.name for c in chosen}
        left_out = tuple(row for row in self.left_out if {row[0], row[2]} <= names)
        compare = tuple(pair for pair in self.compare if set(pair) <= names)
        own = self.seeds if seeds is None else tuple(seeds)
        return replace(self, conditions=chosen, left_out=left_out, compare=compare, seeds=own)


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
    ['european', 'european-xlmr']
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


def _recipe(name: str, data: dict[str, Any], path: str) -> FamilyRecipe:
    sets = tuple(record_from_table(StudyDataset, table, f"{path}: set") for table in tables(data, "set", path))
    conditions = [_condition(table, sets, f"{path}: condition") for table in tables(data, "condition", path)]
    left_out: list[tuple[str, str, str]] = []
    for table in tables(data, "leave-out", path):
        whole = record_from_table(_LeaveOutTable, table, f"{path}: leave-out").of
        _leave_out(whole, conditions, left_out)
    rest = {key: value for key, value in data.items() if key not in ("set", "condition", "leave-out")}
    made = {"name": name, "sets": sets, "conditions": tuple(conditions), "left_out": tuple(left_out)}
    return record_from_table(FamilyRecipe, {"title": name, **rest}, path, **made)


def _condition(table: Any, sets: Sequence[StudyDataset], where: str) -> Condition:
    """Build a condition from its languages, plus all training languages of its families."""
    given = record_from_table(_ConditionTable, table, where)
    codes = list(given.languages)
    can = list(dict.fromkeys(code for s in sets if s.train is not None for code in s.languages))
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
