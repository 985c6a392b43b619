"""Read Parquet files as sentences."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xlner.core.files import STANDARD_STREAM
from xlner.errors import InputError, MissingExtraError
from xlner.formats import jsonl
from xlner.formats.json_values import writable
from xlner.formats.label_fields import LABEL_FIELDS, WORD_FIELDS
from xlner.formats.parquet.writer import COLUMNS, OWN_METADATA
from xlner.formats.reading import Item, ReadOptions, ReadReport, warn_of_data

_FIELDS_OF_TAGS = ("ner_tags", "tags", "labels", "ner")
_FIELDS_OF_TEXT = ("text", *WORD_FIELDS)


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
    if str(path) == STANDARD_STREAM:
        raise InputError("parquet cannot be read from standard input", hint="give a file")
    schema, batches = _open(path)
    options = options or ReadOptions()
    names = options.tag_names or _class_names(schema.metadata) or tag_names
    options = replace(options, tag_names=None if names is None else tuple(names))
    rows = _rows(batches, schema, str(path))
    own = OWN_METADATA in (schema.metadata or {}) or is_own(schema.names)
    return jsonl.read_records(map(_with_meta, rows) if own else rows, str(path), options, report)


def _with_meta(row: tuple[int, Mapping[str, Any] | InputError]) -> tuple[int, Mapping[str, Any] | InputError]:
    """A row of a file from xlner, with the fields that are JSON in its column `meta`."""
    number, record = row
    return row if isinstance(record, InputError) else (number, plain_row(record))


def is_own(columns: Collection[str]) -> bool:
    """Whether these are the columns of a file from xlner.

    >>> is_own(["tokens", "ner_tags"])
    False
    """
    return set(columns) == COLUMNS


def plain_row(record: Mapping[str, Any]) -> Mapping[str, Any] | InputError:
    """A row of a file from xlner as a record of JSONL, with the fields that are JSON in its column `meta`.

    >>> plain_row({"tokens": ["Ana"], "lang": None, "meta": '{"page": 3}'})
    {'page': 3, 'tokens': ['Ana']}
    """
    fields = {name: value for name, value in record.items() if name != "meta" and value is not None}
    if isinstance(fields.get("entities"), list):
        tokens = fields.get("tokens") or []
        fields["entities"] = [_plain_entity(e, tokens) if isinstance(e, dict) else e for e in fields["entities"]]
    meta = record.get("meta")
    try:
        return {**(json.loads(meta) if isinstance(meta, str) else {}), **fields}
    except (ValueError, TypeError, RecursionError):
        return InputError('the column "meta" is not JSON', hint="rename it")


def _plain_entity(entity: Mapping[str, Any], tokens: Sequence[str]) -> dict[str, Any]:
    """An entity without fields that are null, and with its text, which says that it counts words."""
    found = {name: value for name, value in entity.items() if value is not None}
    start, end = found.get("start"), found.get("end")
    return found | {"text": " ".join(tokens[start:end])} if type(start) is type(end) is int else found


def _open(path: str | Path) -> tuple[Any, Iterator[Any]]:
    """The schema and the batches of rows of a Parquet file, or of an Arrow file of the library `datasets`."""
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise MissingExtraError("pyarrow", extra="parquet") from None
    try:
        if Path(path).suffix == ".arrow":
            stream = pyarrow.ipc.open_stream(pyarrow.OSFile(str(path)))
            return stream.schema, iter(stream)
        file = ParquetFile(path)
        return file.schema_arrow, file.iter_batches(batch_size=1000)
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise InputError(f"cannot be read as parquet: {error}", path=path) from None


def _rows(batches: Iterator[Any], schema: Any, path: str) -> Iterator[tuple[int, Mapping[str, Any] | InputError]]:
    replaced = {field.name: _Replaced(path, field.name) for field in schema if not _is_json(field.type)}
    number = 0
    while True:
        try:
            batch = next(batches)
        except StopIteration:
            return
        except Exception as error:  # of a damaged file, whose other rows cannot be found
            yield number + 1, InputError(f"the rest is damaged: {error}", path=path, line=number + 1)
            return
        for record in _records(batch):
            number += 1
            if isinstance(record, Exception):
                yield number, InputError(f"cannot be read: {record}", path=path, line=number)
                continue
            plain = {name: replaced[name](value) if name in replaced else value for name, value in record.items()}
            yield number, {name: value for name, value in plain.items() if value is not None or name in LABEL_FIELDS}


def _records(batch: Any) -> Iterator[dict[str, Any] | Exception]:
    """The rows as dictionaries, with an exception for a row that Python has no form for."""
    try:
        records: list[dict[str, Any]] = batch.to_pylist()
    except Exception:  # text that is not UTF-8, a date before the year 1, nanoseconds …
        yield from (_record(batch.slice(k, 1)) for k in range(batch.num_rows))
    else:
        yield from records


def _record(batch: Any) -> dict[str, Any] | Exception:
    try:
        record: dict[str, Any] = batch.to_pylist()[0]
    except Exception as error:  # as above
        return error
    return record


def _is_json(kind: Any) -> bool:
    """Whether JSON has a form for all values of an Arrow type. For NaN it has none."""
    from pyarrow import types

    if types.is_dictionary(kind):
        return _is_json(kind.value_type)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _is_json(kind.value_type)
    if types.is_struct(kind):
        return all(_is_json(kind.field(k).type) for k in range(kind.num_fields))
    known: tuple[Callable[[Any], bool], ...] = (
        types.is_string,
        types.is_large_string,
        types.is_integer,
        types.is_boolean,
        types.is_null,
    )
    return any(test(kind) for test in known)


class _Replaced:
    """Replaces the values of one column that JSON has no form for, and says so once for each kind."""

    def __init__(self, path: str, column: str) -> None:
        self.path = path
        self.column = column
        self.said: set[str] = set()

    def __call__(self, value: object) -> object:
        if self.column in _FIELDS_OF_TEXT:
            return _decoded(value)
        found: set[str] = set()
        plain = writable(value, found)
        if not found <= self.said:
            kinds = ", ".join(sorted(found - self.said))
            self.said |= found
            warn_of_data(
                f"{self.path}: {self.column!r} has values that JSON has no form for, which were replaced: {kinds}"
            )
        return plain


def _decoded(value: object) -> object:
    """Text that some programs write as bytes. Bytes that are not text stay bytes, which the reader refuses."""
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    try:
        return value.decode("utf-8") if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return value


def _class_names(metadata: Mapping[bytes, bytes] | None) -> list[str] | None:
    """The names of numeric tags in the metadata that the `datasets` library writes."""
    try:
        features = json.loads((metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    for field in _FIELDS_OF_TAGS:
        feature = features.get(field) if isinstance(features, dict) else None
        if isinstance(feature, list) and len(feature) == 1:  # a list of class labels in an older form
            feature = {"feature": feature[0]}
        inner = feature.get("feature") if isinstance(feature, dict) else None
        names = inner.get("names") if isinstance(inner, dict) else None
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
            return names
    return None
