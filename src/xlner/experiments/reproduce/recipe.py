"""Recipes of reproductions: the methods, datasets and backends of an experiment as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from xlner.errors import UnknownNameError, ValidationError
from xlner.experiments.recipe_files import (
    builtin_recipe_names,
    check_keys,
    named_tables,
    read_recipe_file,
    record_from_table,
    require_distinct,
    require_known,
    tables,
)
from xlner.text.suggestions import names_hint


class Approach(StrEnum):
    """How a method labels the target sentence.

    >>> Approach("forward") is Approach.FORWARD
    True
    """

    FORWARD = "forward"
    """Translate the target sentence, label the translation, and project along word links."""
    BACK = "back"
    """Translate the labeled translation back with markers, and project along word links within the target language."""
    TRANSFER = "transfer"
    """Run a recognizer on the target sentence itself."""


@dataclass(frozen=True, slots=True)
class Method:
    """One row of an experiment: an approach, and the stages that only this method uses.

    - `aligner`: a name in `Backends.aligners`.
    - `projector`: a spec. It may contain names of other backends in braces, such as `{target-recognizer}`.
    - `projectors`: specs by target language, instead of `projector`.
    - `target_entities`: whether the projector gets the entities that the target recognizer finds, as candidates.
    - `published`: the columns of `published.csv`, with their values, that select the published result.

    Raises `UnknownNameError` for an unknown approach, and `ValidationError` unless the method has both an aligner and a
    projector, or neither for the approach `transfer`.

    >>> Method("default", aligner="itermax", projector="greedy").approach
    <Approach.FORWARD: 'forward'>
    """

    name: str
    approach: Approach = Approach.FORWARD
    aligner: str | None = None
    projector: str | None = None
    projectors: Mapping[str, str] = field(default_factory=dict, hash=False)
    target_entities: bool = False
    published: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        try:
            approach = Approach(self.approach)
        except ValueError:
            hint = names_hint(self.approach, Approach)
            raise UnknownNameError(f"unknown approach {str(self.approach)!r}", hint=hint) from None
        object.__setattr__(self, "approach", approach)
        projects = approach is not Approach.TRANSFER
        if projects and (self.aligner is None or self.projector is None):
            raise ValidationError(f"method {self.name!r} needs an aligner and a projector")
        if not projects and (self.aligner is not None or self.projector is not None or self.projectors):
            raise ValidationError(f"method {self.name!r} with approach transfer takes no aligner and no projector")

    def projector_for(self, lang: str) -> str:
        """Return the spec of the projector for a target language.

        >>> Method("m", aligner="a", projector="greedy", projectors={"ja": "greedy?max_length=30"}).projector_for("ja")
        'greedy?max_length=30'
        """
        return self.projectors.get(lang, str(self.projector))


@dataclass(frozen=True, slots=True)
class Backends:
    """The stages that all methods share, as backend specs, and the aligners by the names that methods use.

    - `translator`: translates target sentences into the source language. `back_translator` translates back.
    - `recognizer`: labels source sentences. `target_recognizer` labels target sentences.
    - `scorer`: a translator that gives translation scores.
    - `recognizers`: recognizers by source language, instead of `recognizer`.
    - `back_translators`: back-translators by target language, instead of `back_translator`.
    - `segmenters`: by target language, names of segmenters that cut back-translations into words.
    - `aligners`: aligners by name. `links:FILE` reads links in Pharaoh format from a file in the folder of the dataset.

    In all specs, `{lang}`, `{source-lang}` and `{data}` stand for the languages and the folder of the dataset.

    >>> Backends("small", recognizer="gazetteer:{data}/{source-lang}.tsv", aligners={"itermax": "e5:itermax"}).name
    'small'
    """

    name: str
    translator: str | None = None
    recognizer: str | None = None
    back_translator: str | None = None
    target_recognizer: str | None = None
    scorer: str | None = None
    recognizers: Mapping[str, str] = field(default_factory=dict, hash=False)
    back_translators: Mapping[str, str] = field(default_factory=dict, hash=False)
    segmenters: Mapping[str, str] = field(default_factory=dict, hash=False)
    aligners: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class DatasetPlan:
    """Where a dataset is, and which of its languages and labels an experiment uses.

    - `reader`: one of the data sets that `xlner datasets` lists, read from its folder or the hub; `split` is its split,
      and `labeled_source` says that its source sentences have gold labels.
    - `target`, `source`: names of files in the folder, with `{lang}`; the first file that exists is read. They replace
      a reader.
    - `translator`: replaces the translator of the backends.
    - `source_langs`: source languages by target language, if not that of the recipe.
    - `ignore`: labels that do not count.
    - `drop`: labels of source entities that are not projected.
    - `methods`: the names of the methods that can be compared on it, if not all: a recognizer of names finds no slots,
      and nothing can be projected without a translation.

    Raises `ValidationError` unless the dataset has either a reader or names of target files.

    >>> DatasetPlan("mine", "My data", ("de",), target=("{lang}.conll",)).split
    'test'
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
    drop: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.target) == (self.reader is not None):
            raise ValidationError(f"dataset {self.name!r} needs either a reader or names of target files")


@dataclass(frozen=True, slots=True)
class ReproductionRecipe:
    """An experiment: its datasets and sets of backends by name, and its methods.

    >>> sorted(read_reproduction_recipe("xlner").backends)
    ['offline', 'paper']
    """

    name: str
    title: str
    source_lang: str
    datasets: Mapping[str, DatasetPlan]
    backends: Mapping[str, Backends]
    methods: tuple[Method, ...]

    def dataset(self, name: str) -> DatasetPlan:
        """Return the dataset with a name; raises `UnknownNameError` with the known names."""
        require_known(name, self.datasets, "dataset")
        return self.datasets[name]

    def methods_for(self, dataset: DatasetPlan) -> tuple[Method, ...]:
        """Return the methods that can be compared on a dataset."""
        return tuple(m for m in self.methods if not dataset.methods or m.name in dataset.methods)

    def with_backends(
        self, backends: str, aligners: Mapping[str, str], recognizers: Mapping[str, str]
    ) -> tuple[Backends, tuple[Method, ...]]:
        """Return a set of backends with more aligners and recognizers, and the methods to run with it.

        `recognizers` are by source language. For each aligner that no method of the recipe names, the methods of the
        first aligner are repeated with it, without published results.
        """
        require_known(backends, self.backends, "backends")
        known = self.backends[backends]
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


def read_reproduction_recipe(name: str | Path) -> ReproductionRecipe:
    """Read a recipe that ships with xlner, by name, or a recipe in a TOML file.

    Raises `UnknownNameError` for an unknown name or key, `InputError` for a file that cannot be read, and
    `ValidationError` for invalid values.

    >>> len(read_reproduction_recipe("politov2025").methods)
    13
    """
    return _recipe(*read_recipe_file(__package__, name))


def reproduction_recipe_names() -> list[str]:
    """Return the names of the reproduction recipes that ship with xlner.

    >>> reproduction_recipe_names()
    ['leaderboard', 'politov2025', 'shkalikov-thesis', 'xlner']
    """
    return builtin_recipe_names(__package__)


def _recipe(name: str, data: Mapping[str, Any], path: str) -> ReproductionRecipe:
    check_keys(data, {"title", "source-lang", "datasets", "backends", "method"}, path)
    datasets = {
        key: record_from_table(DatasetPlan, table, f"{path}: dataset {key}", name=key)
        for key, table in named_tables(data, "datasets", path).items()
    }
    backends = {
        key: record_from_table(Backends, table, f"{path}: backends {key}", name=key)
        for key, table in named_tables(data, "backends", path).items()
    }
    methods = tuple(record_from_table(Method, table, f"{path}: method") for table in tables(data, "method", path))
    names = [method.name for method in methods]
    require_distinct(names, "methods")
    for dataset in datasets.values():
        for method in dataset.methods:
            require_known(method, names, f"{path}: dataset {dataset.name}: method")
    return ReproductionRecipe(name, data.get("title", name), data.get("source-lang", "en"), datasets, backends, methods)
