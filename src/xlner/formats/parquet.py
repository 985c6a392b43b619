"""Parquet files of sentences as on the Hugging Face hub: one row per sentence, with `tokens` and `ner_tags`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xlner.errors import InputError, MissingExtraError
from xlner.formats import jsonl
from xlner.formats.reading import Item, ReadOptions, ReadReport


def read(
    path: str | Path,
    options: ReadOptions | None = None,
    report: ReadReport | None = None,
    tag_names: Sequence[str] | None = None,
) -> Iterator[Item]:
    """Yield one sentence, or an `InputError`, for each row.

    The names of numeric tags come from `options`, from the metadata of the file, or from `tag_names`, in this order.
    Raises `MissingExtraError` without pyarrow, and `InputError` for a file that is not parquet.
    """
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise MissingExtraError("pyarrow", extra="parquet") from None
    try:
        file = ParquetFile(path)
    except (OSError, pyarrow.ArrowInvalid) as error:
        raise InputError(f"cannot be read as parquet: {error}", path=path) from None
    options = options or ReadOptions()
    names = options.tag_names or _class_names(file.schema_arrow.metadata) or tag_names
    options = replace(options, tag_names=None if names is None else tuple(names))
    return jsonl.read_records(_rows(file), str(path), options, report)


def _rows(file: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    for batch in file.iter_batches(batch_size=1000):
        for record in batch.to_pylist():
            number += 1
            yield number, {name: value for name, value in record.items() if value is not None}


def _class_names(metadata: dict[bytes, bytes] | None) -> list[str] | None:
    """The names of `ner_tags` in the metadata that the `datasets` library writes."""
    known = json.loads((metadata or {}).get(b"huggingface", b"{}"))
    tags = known.get("info", {}).get("features", {}).get("ner_tags", {})
    names = tags.get("feature", {}).get("names")
    return list(names) if names else None
