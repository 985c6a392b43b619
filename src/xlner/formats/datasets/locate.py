"""Find the files of a spec."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xlner.core.registry import Spec
from xlner.errors import InputError, UnknownNameError
from xlner.formats.datasets.catalog import DATASETS, SPLITS, Dataset, all_datasets
from xlner.formats.datasets.hub import hub_files
from xlner.formats.datasets.paths import PathPattern, path_patterns
from xlner.text.languages import canonical
from xlner.text.suggestions import names_hint

_NAME = re.compile(r"[A-Za-z][\w.-]+")  # at least two letters: a single one is a drive
_OPTIONS = ("lang", "split")
_ASKS = re.compile(r"\?(.*&)?(lang|split)=")


@dataclass(frozen=True, slots=True)
class Located:
    """The files of one split of one language of a data set, and their format.

    `name` is the language (or treebank) as the data set calls it; `language` is its code.

    >>> Located(DATASETS["conll2002"], (Path("ned.testb"),), "ned", "test", "conll").language
    'nl'
    """

    dataset: Dataset
    files: tuple[Path, ...]
    name: str
    split: str
    format: str

    @property
    def language(self) -> str | None:
        """The code of the language."""
        return self.dataset.language(self.name)


def is_spec(path: str | Path) -> bool:
    """Return True if a path is the spec of a data set, known or not, and not the name of a file.

    >>> is_spec("conll2003:data?lang=en"), is_spec("conll2004?lang=en"), is_spec("conll2003.txt")
    (True, True, False)
    """
    name, *rest = re.split(r"[:?]", str(path), maxsplit=2)
    if name in DATASETS:
        return not Path(path).exists()
    if Path(str(path).partition("?")[0]).is_dir():  # FOLDER?split=NAME
        return False
    asks = _ASKS.search(str(path)) is not None or (bool(rest) and Path(rest[0]).is_dir())
    return bool(rest) and asks and _NAME.fullmatch(name) is not None and not Path(path).exists()


def spec_of(dataset: Dataset, folder: str | Path, name: str, split: str) -> str:
    """Make the spec of one split of one language.

    >>> spec_of(DATASETS["conll2002"], "data", "ned", "test")
    'conll2002:data?lang=ned&split=test'
    """
    return f"{dataset.name}:{folder}?lang={name}&split={split}"


def locate(spec: str) -> Located:
    """Find the files of a spec: `NAME:FOLDER?lang=CODE&split=SPLIT`, or `NAME?lang=CODE&split=SPLIT` for the hub.

    The language is any code, or its name in the data set. It can be left out if there is only one. The split is
    `train`, `dev` or `test` (default). Raises `UnknownNameError` for an unknown data set, option or split, `UsageError`
    for a malformed spec, and `InputError` if there is no such file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (Path(folder) / "ned.testb").touch()
    ...     [path.name for path in locate(f"conll2002:{folder}?lang=nl").files]
    ['ned.testb']
    """
    parsed = Spec.parse(spec)
    dataset = DATASETS.get(parsed.name) or all_datasets().get(parsed.name)
    if dataset is None:
        raise UnknownNameError(f"unknown data set {parsed.name!r}", hint=names_hint(parsed.name, all_datasets()))
    unknown = next((name for name in parsed.options if name not in _OPTIONS), None)
    if unknown is not None:
        raise UnknownNameError(
            f"{dataset.name} has no option {unknown!r}", hint=names_hint(unknown, _OPTIONS, "options:")
        )
    split, lang = parsed.options.get("split", "test"), parsed.options.get("lang")
    if split not in SPLITS:
        raise UnknownNameError(f"{dataset.name} has no split {split!r}", hint=names_hint(split, SPLITS, "splits:"))
    if not dataset.paths_of(split):
        raise InputError(f"{dataset.name} has only a training set", hint="write ?split=train")
    if parsed.argument is None:
        return _on_the_hub(dataset, lang, split)
    folder = Path(parsed.argument)
    if not folder.is_dir():
        raise InputError("this is not a folder", path=folder, hint=f"get {dataset.name} from {dataset.home}")
    found = local_files(dataset, folder)
    return _chosen([f for f in found if f.split == split], lang, f"{dataset.name} in {folder} ({split})")


def local_files(dataset: Dataset, folder: Path) -> list[Located]:
    """Find every split of every language of a data set in a folder. A split can have several files, in order.

    >>> local_files(DATASETS["conll2002"], Path("/nowhere"))
    []
    """
    found: dict[tuple[str, str], Located] = {}
    for split, names in dataset.splits.items():
        for path in dataset.paths_of(split):
            for pattern in path_patterns(path, names, dataset.only):
                for (name, _), files in _by_language(dataset, folder, pattern).items():
                    kind = "parquet" if files[0].suffix == ".parquet" else dataset.format
                    found.setdefault((name, split), Located(dataset, tuple(files), name, split, kind))
    return sorted(found.values(), key=lambda f: (f.name, SPLITS.index(f.split)))


def _by_language(dataset: Dataset, folder: Path, pattern: PathPattern) -> dict[tuple[str, Path], list[Path]]:
    """The files of a pattern, by the names of their languages and by their folders."""
    splits = {name for names in dataset.splits.values() for name in names}
    parts: dict[tuple[str, Path], list[Path]] = {}
    for path in sorted(folder.glob(pattern.glob)):
        name = pattern.name(path.relative_to(folder).as_posix())
        # `dev` is also the code of a language
        if name is not None and name not in splits and path.is_file() and dataset.language(name) is not None:
            parts.setdefault((name, path.parent), []).append(path)
    return parts


def of_language(found: Sequence[Located], lang: str) -> list[Located]:
    """Those of one language, given by its name in the data set or by its code.

    >>> of_language([], "gl")
    []
    """
    return [f for f in found if f.name == lang] or [f for f in found if f.language == _code(lang)]


def _chosen(found: Sequence[Located], lang: str | None, where: str) -> Located:
    """The files of one language, given by its name in the data set or by its code."""
    names = ", ".join(f.name for f in found) or "nothing"
    matching = list(found)
    if lang is not None:
        matching = of_language(found, lang)
    if len(matching) == 1:
        return matching[0]
    if not matching:
        raise InputError(f"{where} has no {lang or 'file'}", hint=f"it has {names}")
    raise InputError(
        f"{where} has several: {', '.join(f.name for f in matching)}", hint=f"name one: ?lang={matching[0].name}"
    )


def _code(lang: str) -> str | None:
    try:
        return canonical(lang)
    except UnknownNameError:
        return None


def _on_the_hub(dataset: Dataset, lang: str | None, split: str) -> Located:
    if dataset.hub is None:
        raise InputError(
            f"{dataset.name} is not on the hub as parquet",
            hint=f"get it from {dataset.home} and write {dataset.name}:FOLDER?lang=CODE&split={split}",
        )
    if lang is None:
        raise InputError(f"{dataset.name} from the hub needs a language", hint=f"write {dataset.name}?lang=CODE")
    where = f"{dataset.name} on the hub"
    names = dataset.hub_languages or dataset.languages
    if not names:
        listed = hub_files(dataset, dataset.hub, split)
        if not listed.paths:
            raise listed.has_no(lang)
        chosen = _chosen([Located(dataset, (), name, split, "parquet") for name in listed.paths], lang, where)
        return replace(chosen, files=listed.download(chosen.name))
    names = (*names, lang) if "_" in lang and lang not in names else names
    chosen = _chosen([Located(dataset, (), name, split, "parquet") for name in names], lang, where)
    return replace(chosen, files=hub_files(dataset, dataset.hub, split, chosen.name).download(chosen.name))
