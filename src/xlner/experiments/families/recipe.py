"""Recipes of family studies: training and target languages, conditions and options as data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from xlner.errors import UnknownNameError, ValidationError
from xlner.experiments.recipe_files import check_keys, read_recipe_file, recipes_of
from xlner.text.language_families import language

T = TypeVar("T")
_NAME = re.compile(r"[\w][\w.+-]*")


@dataclass(frozen=True, slots=True)
class DataSet:
    """Sentences of one annotation style in several languages, in files whose names have {lang} in them.

    `test` is what a language is tested on; the languages of a set with `train` can be trained on. Means are reported
    over each of the `groups`. `limit` is how many test sentences are drawn, in place of that of the recipe.
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
        if not _NAME.fullmatch(self.name):
            raise ValidationError(f"condition name {self.name!r} has other characters than letters, digits and . + -")
        if not self.languages:
            raise ValidationError(f"condition {self.name!r} has no training language")

    @property
    def families(self) -> tuple[str, ...]:
        """The families of the languages, in order of first use."""
        return tuple(dict.fromkeys(language(code).group for code in self.languages))


@dataclass(frozen=True, slots=True)
class FamilyRecipe:
    """A study: conditions that differ only in their training languages, and what they are tested on.

    Every condition is trained on `sentences` sentences in all, shared equally by its languages. `comparisons` are pairs
    of conditions, the gain of the second over the first: every condition against the baseline, every condition that
    leaves a family out against the one with it, and the pairs in `compare`. `training` has the options of
    `TrainingOptions`.
    """

    name: str
    title: str
    baseline: str
    sets: tuple[DataSet, ...]
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
        object.__setattr__(self, "compare", tuple((str(first), str(second)) for first, second in self.compare))
        names = [c.name for c in self.conditions]
        _require_distinct("conditions", names)
        _require_distinct("sets", [s.name for s in self.sets])
        _known(names, self.baseline, "baseline condition")
        if not self.seeds or self.sentences < 1:
            raise ValidationError("a study needs seeds and at least one training sentence")
        _require_distinct("seeds", list(self.seeds))
        for name in (name for pair in self.compare for name in pair):
            _known(names, name, "condition to compare")
        trained = self.training_sets
        for condition in self.conditions:
            for code in condition.languages:
                _known(list(trained), code, f"training language of condition {condition.name!r}:")

    @property
    def training_sets(self) -> dict[str, DataSet]:
        """The set that each training language comes from: the first one that has it."""
        made: dict[str, DataSet] = {}
        for dataset in self.sets:
            if dataset.train is not None:
                made = dict.fromkeys(dataset.languages, dataset) | made
        return made

    @property
    def comparisons(self) -> tuple[tuple[str, str], ...]:
        """Pairs of conditions to compare, each once."""
        pairs = [(self.baseline, c.name) for c in self.conditions if c.name != self.baseline]
        left_out = [(without, whole) for whole, _, without in self.left_out]
        return tuple(dict.fromkeys([*pairs, *left_out, *self.compare]))

    def condition(self, name: str) -> Condition:
        """The condition of a name."""
        _known([c.name for c in self.conditions], name, "condition")
        return next(c for c in self.conditions if c.name == name)

    def controlled(self, condition: Condition) -> bool:
        """True where all training languages come from the set that those of the baseline come from."""
        sets = self.training_sets
        usual = {sets[code].name for code in self.condition(self.baseline).languages}
        return {sets[code].name for code in condition.languages} <= usual

    def restricted(self, conditions: Sequence[str] | None = None, seeds: Sequence[int] | None = None) -> FamilyRecipe:
        """The same with some of the conditions, the baseline among them, and with other seeds."""
        chosen = self.conditions
        if conditions is not None:
            wanted = {self.condition(name).name for name in conditions} | {self.baseline}
            chosen = tuple(c for c in self.conditions if c.name in wanted)
        names = {c.name for c in chosen}
        left_out = tuple(row for row in self.left_out if {row[0], row[2]} <= names)
        compare = tuple(pair for pair in self.compare if set(pair) <= names)
        own = self.seeds if seeds is None else tuple(seeds)
        return replace(self, conditions=chosen, left_out=left_out, compare=compare, seeds=own)


def read_recipe(name: str | Path) -> FamilyRecipe:
    """A recipe that comes with xlner, by name, or one in a TOML file.

    Raises `UnknownNameError` for a name that is neither and for unknown keys, `InputError` for a file that cannot be
    read, `ValidationError` for values that make no sense.

    >>> read_recipe("european").condition("en+romance").languages
    ('en', 'es', 'fr', 'pt')
    """
    return _recipe(*read_recipe_file(__package__, name))


def recipe_names() -> list[str]:
    """The recipes that come with xlner.

    >>> recipe_names()
    ['european', 'european-xlmr']
    """
    return recipes_of(__package__)


def _recipe(name: str, data: dict[str, Any], path: str) -> FamilyRecipe:
    sets = tuple(_record(DataSet, table, f"{path}: set") for table in data.pop("set", []))
    conditions = [_condition(table, sets, f"{path}: condition") for table in data.pop("condition", [])]
    left_out: list[tuple[str, str, str]] = []
    for table in data.pop("leave-out", []):
        check_keys(table, {"of"}, f"{path}: leave-out")
        _leave_out(str(table.get("of")), conditions, left_out)
    defaults = {"name": name, "title": name, "sets": sets, "conditions": tuple(conditions), "left-out": tuple(left_out)}
    for key in ("name", "sets", "conditions", "left-out"):
        if key in data:
            raise UnknownNameError(f"{path}: unknown key {key!r}")
    return _record(FamilyRecipe, {**defaults, **data}, path)


def _condition(table: Mapping[str, Any], sets: Sequence[DataSet], where: str) -> Condition:
    """A condition from languages, and from families of which it takes all languages that can be trained on."""
    check_keys(table, {"name", "languages", "families"}, where)
    codes = list(table.get("languages", []))
    can = list(dict.fromkeys(code for s in sets if s.train is not None for code in s.languages))
    for family in table.get("families", []):
        members = [code for code in can if language(code).group == family]
        if not members:
            raise ValidationError(f"{where}: no training language is of family {family!r}")
        codes += members
    return Condition(str(table.get("name", "")), tuple(dict.fromkeys(codes)))


def _leave_out(whole: str, conditions: list[Condition], left_out: list[tuple[str, str, str]]) -> None:
    """Leave out each family of a condition in turn; one whose languages another condition has is that condition."""
    _known([c.name for c in conditions], whole, "condition")
    full = next(c for c in conditions if c.name == whole)
    for family in full.families:
        codes = tuple(code for code in full.languages if language(code).group != family)
        same = next((c for c in conditions if set(c.languages) == set(codes)), None)
        if same is None:
            same = Condition(f"no-{family.lower().replace(' ', '-')}", codes)
            conditions.append(same)
        left_out.append((whole, family, same.name))


def _record(cls: type[T], table: Mapping[str, Any], where: str) -> T:
    """A dataclass from a TOML table; raises where a key is unknown or missing."""
    known = {f.name.replace("_", "-"): f for f in fields(cls)}  # type: ignore[arg-type]
    check_keys(table, set(known), where)
    for key, entry in known.items():
        if key not in table and entry.default is MISSING and entry.default_factory is MISSING:
            raise ValidationError(f"{where}: {key!r} is missing")
    values = {known[k].name: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    try:
        return cls(**values)
    except (TypeError, ValueError) as error:
        raise error if isinstance(error, ValidationError) else ValidationError(f"{where}: {error}") from None


def _known(names: Sequence[str], name: str, what: str) -> None:
    if name not in names:
        raise UnknownNameError(f"unknown {what} {name!r}", hint=f"known: {', '.join(names)}")


def _require_distinct(what: str, names: Sequence[object]) -> None:
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise ValidationError(f"several {what} are called {twice[0]!r}")
