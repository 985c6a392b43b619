"""Parquet files of data sets on the hub, downloaded once into its cache. No loading scripts are run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xlner.errors import InputError, MissingExtraError
from xlner.formats.datasets.catalog import Dataset
from xlner.formats.datasets.paths import name_of, parquet_pattern, path_patterns

_REVISIONS = ("main", "refs/convert/parquet")  # the hub converts data sets with a loading script to the second one
_SPLITS = {"train": "train", "dev": "validation", "test": "test"}


@dataclass(frozen=True, slots=True)
class HubFiles:
    """The parquet files of one split on the hub: paths in order, by the name of their language."""

    dataset: Dataset
    repository: str
    split: str
    revision: str
    paths: Mapping[str, tuple[str, ...]]

    def download(self, name: str) -> tuple[Path, ...]:
        """Return the files of a language, which are downloaded once.

        Raises `InputError` if there are none, and if the hub cannot be reached.
        """
        from huggingface_hub import hf_hub_download

        if name not in self.paths:
            raise self.has_no(name)
        options = {"repo_type": "dataset", "revision": self.revision}
        with _reaching(self.dataset, self.repository, self.split):
            return tuple(Path(hf_hub_download(self.repository, path, **options)) for path in self.paths[name])

    def has_no(self, name: str) -> InputError:
        """The error for a language that is not there."""
        message = f"no parquet files of {name}, {self.split}"
        return InputError(message, path=f"hub:{self.repository}", hint=f"see {self.dataset.home}")


def hub_files(dataset: Dataset, repository: str, split: str, name: str | None = None) -> HubFiles:
    """List the parquet files of one split, of one language or of all.

    Raises `MissingExtraError` without `huggingface_hub`, and `InputError` if the hub cannot be reached.
    """
    try:
        from huggingface_hub import list_repo_files
        from huggingface_hub.errors import RevisionNotFoundError
    except ImportError:
        raise MissingExtraError("huggingface_hub", extra="parquet") from None

    splits = tuple(dict.fromkeys((*dataset.splits[split], _SPLITS[split])))
    patterns = [parquet_pattern(dataset.config, splits, name)]
    for path in dataset.paths_of(split):
        if path.endswith(".parquet"):
            patterns += [pattern.regex for pattern in path_patterns(path, splits)]
    with _reaching(dataset, repository, split):
        for revision in _REVISIONS:
            try:
                listed = list_repo_files(repository, repo_type="dataset", revision=revision)
            except RevisionNotFoundError:
                continue
            found: dict[str, list[str]] = {}
            for path in sorted(listed):
                called = _called(path, patterns, name)
                if called is not None and dataset.language(called) is not None:
                    found.setdefault(called, []).append(path)
            if found:
                return HubFiles(dataset, repository, split, revision, {k: tuple(v) for k, v in found.items()})
    return HubFiles(dataset, repository, split, _REVISIONS[0], {})


def _called(path: str, patterns: list[re.Pattern[str]], name: str | None) -> str | None:
    """The language of a path; those of other languages than `name` have none."""
    for pattern in patterns:
        if match := pattern.fullmatch(path):
            called = name_of(match, only=name or "")
            return called if name in (None, called) else None
    return None


@contextmanager
def _reaching(dataset: Dataset, repository: str, split: str) -> Iterator[None]:
    from huggingface_hub.errors import HfHubHTTPError

    try:
        yield
    except (OSError, *HfHubHTTPError.__bases__) as error:
        hint = f"get the data set from {dataset.home} and write {dataset.name}:FOLDER?lang=CODE&split={split}"
        raise InputError(f"cannot be reached: {error}", path=f"hub:{repository}", hint=hint) from None
