"""Read files of JSON records of one tool."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from xlner.core.files import require_content
from xlner.core.lines import read_lines
from xlner.errors import InputError, ValidationError
from xlner.formats import jsonl
from xlner.formats.json_values import shown
from xlner.formats.jsonl.records import parsed, records_of
from xlner.formats.reading import Item, ReadOptions, ReadReport

Plain = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def read_json(path: str | Path, options: ReadOptions, report: ReadReport, plain: Plain) -> Iterator[Item]:
    """Yield one sentence, or an `InputError`, for each record. `plain` makes one of `jsonl` of that of the tool."""
    require_content(path)
    return jsonl.read_records(_records(path, plain), str(path), options, report)


def _records(path: str | Path, plain: Plain) -> Iterator[tuple[int, Mapping[str, Any] | InputError]]:
    for line, record in records_of(read_lines(path), str(path)):
        try:
            yield (
                line,
                record
                if isinstance(record, InputError)
                else plain(parsed(record) if isinstance(record, str) else record),
            )
        except ValidationError as error:
            yield line, InputError(error.message, path=path, line=line, hint=error.hint)
        except jsonl.MALFORMED as error:
            yield line, InputError(f"malformed record: {shown(error)}", path=path, line=line)


def require(record: Mapping[str, Any], tool: str, names: tuple[str, ...]) -> Mapping[str, Any]:
    """The record. Raises `ValidationError` if it has none of the fields of a tool.

    >>> require({"data": {}}, "Label Studio", ("data",))
    {'data': {}}
    """
    if record.keys().isdisjoint(names):
        fields = " and no ".join(f'"{name}"' for name in names)
        raise ValidationError(f"not a record of {tool}: no {fields}", hint="leave out --input-format, or name another")
    return record
