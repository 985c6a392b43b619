"""Recipes: experiments as data. Which methods there are, on which datasets, with which backends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from xlner.errors import UnknownNameError, ValidationError
from xlner.experiments.recipe_files import check_keys, read_recipe_file, recipes_of

T = TypeVar("T")


class Approach(StrEnum):
    """How labels come to the target sentence."""

    FORWARD = "forward"
    """From its translation, along word links."""
    BACK = "back"
    """From the marked back-translation of its labeled translation, along word links within the language."""
    TRANSFER = "transfer"
    """From a recognizer that reads the target sentence itself."""


@dataclass(frozen=True, slots=True)
class Method:
    """One row of an experiment: a route, and the stages that are its own.

    `aligner` is a name in `Backends.aligners`; the spec of the projector may have the names of other backends in
    braces, such as `{target-recognizer}`. With `target_entities` the target sentence comes with the entities that
    the target recognizer finds in it, for projectors that want them as candidates. `published` says which published
    figures are comparable: values of columns of `published.csv`.
    """

    name: str
    route: Approach = Approach.FORWARD
    aligner: str | None = None
    projector: str | None = None
    target_entities: bool = False
    published: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "route", Approach(self.route))
        wanted = self.route is not Approach.TRANSFER
        if wanted != (self.aligner is not None) or wanted != (self.projector is not None):
            raise ValidationError(
                f"method {self.name!r} needs an aligner and a projector"
                if wanted
                else f"method {self.name!r} of route transfer has no aligner and no projector"
            )


@dataclass(frozen=True, slots=True)
class Backends:
    """The stages that all methods share, as backend specs, and the aligners by the names that methods use.

    `recognizers` has recognizers for single source languages, `back_translators` translators back into single target
    languages; `recognizer` and `back_translator` are for all others. `scorer` is a translator that gives translation
    scores. An aligner `links:FILE` is links that are there already, in Pharaoh format, with {lang} in the file name. In
    all specs {lang}, {source-lang} and {data} are the languages and the dataset's folder.
    """

    name: str
    translator: str | None = None
    recognizer: str | None = None
    back_translator: str | None = None
    target_recognizer: str | None = None
    scorer: str | None = None
    recognizers: Mapping[str, str] = field(default_factory=dict, hash=False)
    back_translators: Mapping[str, str] = field(default_factory=dict, hash=False)
    aligners: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class DatasetPlan:
    """Where a dataset is, and what of it counts.

    `reader` is one of the data sets that `xlner datasets` lists, in its folder or from the hub; or else `target` and
    `source` are names of files in the folder, with {lang}, of which the first that exists is read. With `source`, or
    with `labeled_source` for a reader, source sentences come with their labels; `source_field` names the field of the
    target's JSONL that holds a translation.
    """

    name: str
    title: str
    langs: tuple[str, ...]
    reader: str | None = None
    split: str = "test"
    labeled_source: bool = False
    target: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    translator: str | None = None
    source_langs: Mapping[str, str] = field(default_factory=dict, hash=False)
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.target) == (self.reader is not None):
            raise ValidationError(f"dataset {self.name!r} needs a reader or names of target files, and not both")


@dataclass(frozen=True, slots=True)
class ReproductionRecipe:
    """An experiment: datasets, sets of backends and methods, each by name."""

    name: str
    title: str
    source_lang: str
    datasets: Mapping[str, DatasetPlan]
    backends: Mapping[str, Backends]
    methods: tuple[Method, ...]

    def dataset(self, name: str) -> DatasetPlan:
        """The dataset of a name; raises `UnknownNameError` with the known ones."""
        return _known(self.datasets, name, "dataset")

    def with_backends(
        self, backends: str, aligners: Mapping[str, str], recognizers: Mapping[str, str]
    ) -> tuple[Backends, tuple[Method, ...]]:
        """Backends of a name with more aligners and recognizers, and the methods.

        Recognizers are by source language. A method is repeated with an aligner that no method of the recipe names; it
        then has no published figures.
        """
        known = _known(self.backends, backends, "backends")
        merged = replace(
            known, aligners={**known.aligners, **aligners}, recognizers={**known.recognizers, **recognizers}
        )
        named = {method.aligner for method in self.methods}
        new = [name for name in aligners if name not in named]
        first = next((m.aligner for m in self.methods if m.aligner is not None), None)
        more = [
            replace(m, name=m.name.replace(first, name), aligner=name, published={})
            for name in new
            for m in self.methods
            if first is not None and m.aligner == first
        ]
        return merged, (*self.methods, *more)


def read_recipe(name: str | Path) -> ReproductionRecipe:
    """A recipe that comes with xlner, by name, or one in a TOML file.

    Raises `UnknownNameError` for a name that is neither and for unknown keys, `InputError` for a file that cannot be
    read, `ValidationError` for values that make no sense.

    >>> len(read_recipe("politov2025").methods)
    13
    """
    return _recipe(*read_recipe_file(__package__, name))


def recipe_names() -> list[str]:
    """The recipes that come with xlner.

    >>> "politov2025" in recipe_names()
    True
    """
    return recipes_of(__package__)


def _recipe(name: str, data: dict[str, Any], path: str) -> ReproductionRecipe:
    check_keys(data, {"title", "source-lang", "datasets", "backends", "method"}, path)
    datasets = {
        k: DatasetPlan(k, **_fields(v, DatasetPlan, f"{path}: dataset {k}")) for k, v in _tables(data, "datasets")
    }
    backends = {k: Backends(k, **_fields(v, Backends, f"{path}: backends {k}")) for k, v in _tables(data, "backends")}
    methods = tuple(Method(**_fields(m, Method, f"{path}: method")) for m in data.get("method", []))
    twice = {m.name for m in methods if sum(o.name == m.name for o in methods) > 1}
    if twice:
        raise ValidationError(f"{path}: several methods are called {min(twice)!r}")
    return ReproductionRecipe(name, data.get("title", name), data.get("source-lang", "en"), datasets, backends, methods)


def _tables(data: Mapping[str, Any], key: str) -> Sequence[tuple[str, Mapping[str, Any]]]:
    return list(data.get(key, {}).items())


def _fields(table: Mapping[str, Any], cls: type, where: str) -> dict[str, Any]:
    """The entries of a TOML table as arguments of a dataclass; raises where one is unknown or missing."""
    known = {f.replace("_", "-"): f for f in cls.__dataclass_fields__}  # type: ignore[attr-defined]
    if cls is not Method:
        known.pop("name")
    check_keys(table, set(known), where)
    try:
        cls(**({} if cls is Method else {"name": ""}), **{known[k]: v for k, v in table.items()})
    except (TypeError, ValueError) as error:
        raise ValidationError(f"{where}: {error}") from None
    return {known[k]: tuple(v) if isinstance(v, list) else v for k, v in table.items()}


def _known(table: Mapping[str, T], name: str, what: str) -> T:
    if name not in table:
        raise UnknownNameError(f"unknown {what} {name!r}", hint=f"known: {', '.join(table)}")
    return table[name]
