"""Parquet files of data sets on the hub, downloaded once into its cache. No loading scripts are run."""

from __future__ import annotations

import re
from pathlib import Path

from xlner.errors import InputError, MissingExtraError
from xlner.formats.datasets.catalog import Dataset

_REVISIONS = ("main", "refs/convert/parquet")  # the hub converts data sets with a loading script to the second one
_SPLITS = {"train": "train", "dev": "validation", "test": "test"}


def hub_files(dataset: Dataset, repository: str, name: str, split: str) -> tuple[Path, ...]:
    """Download the parquet files of one split of one language, and return their paths in order.

    Raises `MissingExtraError` without `huggingface_hub`, and `InputError` if the hub cannot be reached or has no such
    files.
    """
    try:
        from huggingface_hub import hf_hub_download, list_repo_files
        from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError
    except ImportError:
        raise MissingExtraError("huggingface_hub", extra="parquet") from None

    wanted = re.compile(_pattern(dataset.config.format(lang=name), _SPLITS[split]))
    source = f"hub:{repository}"
    try:
        for revision in _REVISIONS:
            try:
                listed = list_repo_files(repository, repo_type="dataset", revision=revision)
            except RevisionNotFoundError:
                continue
            chosen = sorted(path for path in listed if wanted.fullmatch(path))
            if chosen:
                options = {"repo_type": "dataset", "revision": revision}
                return tuple(Path(hf_hub_download(repository, path, **options)) for path in chosen)
    except (OSError, *HfHubHTTPError.__bases__) as error:
        hint = f"get the data set from {dataset.home} and write {dataset.name}:FOLDER?lang=CODE&split={split}"
        raise InputError(f"cannot be reached: {error}", path=source, hint=hint) from None
    raise InputError(f"no parquet files of {name}, {split}", path=source, hint=f"see {dataset.home}")


def _pattern(config: str, split: str) -> str:
    """A pattern for `yor/test/0000.parquet`, `en/test-00000-of-00001.parquet` and `yor/masakhaner2-test.parquet`."""
    return rf"(?:data/)?{re.escape(config)}/(?:[\w.-]+-)?{split}(?:[-/.][\w.-]*)?\.parquet"
