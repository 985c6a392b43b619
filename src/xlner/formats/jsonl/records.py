"""The records of a file: one per line, or those of an array."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from itertools import accumulate
from typing import Any

from xlner.core.lines import Line, UndecodableLineError, text_of
from xlner.errors import InputError, ValidationError
from xlner.formats.json_values import ArrayError, elements, load


def records_of(lines: Iterable[Line], path: str) -> Iterator[tuple[int, str | Mapping[str, Any] | InputError]]:
    """The lines that are not empty. The objects of an array are taken out of it.

    Raises `InputError` for one object over several lines.

    >>> list(records_of([(1, '[{"text": "Ana"},'), (2, '{"text": "Vigo"}]')], "a.json"))
    [(1, {'text': 'Ana'}), (2, {'text': 'Vigo'})]
    """
    filled = ((line, text) for line, text in lines if isinstance(text, InputError) or text.strip())
    for number, first in filled:
        if not isinstance(first, str):
            yield number, first
            continue
        if first.strip() == "{":
            yield from _not_over_several_lines(number, first, filled, path)
            break
        if first.lstrip().startswith("["):
            yield from _array(number, first, filled, path)
        else:
            yield number, first
        break
    yield from filled


def _not_over_several_lines(number: int, first: str, rest: Iterator[Line], path: str) -> Iterator[Line]:
    """The first two lines; raises `InputError` if an object begins in the first and goes on in the second."""
    second = next(rest, None)
    if second is not None and isinstance(second[1], str) and second[1].lstrip().startswith('"'):
        raise InputError(
            "an object over several lines", path=path, line=number, hint=f"write one per line: jq -c . {path} > NEW"
        )
    yield number, first
    if second is not None:
        yield second


def _array(
    number: int, first: str, rest: Iterator[Line], path: str
) -> Iterator[tuple[int, str | Mapping[str, Any] | InputError]]:
    """The objects of an array that begins in the line `first`; that line itself if no array of objects does.

    Errors are in the places of their objects, and a line that cannot be decoded is one. A line that cannot be read at
    all ends an array over several lines.
    """
    lines: list[Line] = [(number, first)]
    unread: Line | None = None
    try:
        values: Iterable[tuple[int, int, Any]] = list(elements(first))
    except ArrayError:
        unread = _taken(rest, lines)
        values = elements("\n".join(text_of(line) for _, line in lines))
    else:
        found = [value for *_, value in values]
        if record_of(found) is not None or all(record_of(value) is None for value in found):
            yield number, first
            return
    starts, begun = list(accumulate((len(text_of(line)) + 1 for _, line in lines), initial=0)), False
    try:
        for position, end, value in values:
            of_value = lines[bisect_right(starts, position) - 1 : bisect_right(starts, end - 1)]
            if isinstance(value, ArrayError):
                yield _not_read(value, lines, starts, path)
                continue
            yield of_value[0][0], _undecodable(of_value, value) or _in_array(value, path, of_value[0][0])
            begun = True
    except ArrayError as error:
        if not begun:
            yield from lines
        elif unread is None:
            yield _not_read(error, lines, starts, path)
        else:
            yield unread
            for _ in rest:  # what follows in the array has no beginning
                pass
            return
    if unread is not None:
        yield unread


def _not_read(error: ArrayError, lines: Sequence[Line], starts: Sequence[int], path: str) -> tuple[int, InputError]:
    """The error with the number of its line."""
    at = lines[min(bisect_right(starts, error.position), len(lines)) - 1][0]
    return at, InputError(f"{error.message}, in an array", path=path, line=at)


def _taken(rest: Iterator[Line], lines: list[Line]) -> Line | None:
    """Move lines from the rest, up to the first one of which nothing can be read, which is returned."""
    for line in rest:
        if isinstance(line[1], InputError) and not isinstance(line[1], UndecodableLineError):
            return line
        lines.append(line)
    return None


def _undecodable(lines: Iterable[Line], value: object) -> InputError | None:
    """The error of a value that is on these lines, if something in it could not be decoded."""
    bad = next((line for _, line in lines if isinstance(line, InputError)), None)
    return copy(bad) if bad is not None and "\ufffd" in json.dumps(value, ensure_ascii=False, default=str) else None


def _in_array(value: object, path: str, line: int) -> Mapping[str, Any] | InputError:
    if isinstance(value, ValidationError):
        return InputError(value.message, path=path, line=line, hint=value.hint)
    record = record_of(value)
    return InputError("not an object", path=path, line=line) if record is None else record


def record_of(value: object) -> Mapping[str, Any] | None:
    """An object, or a text and its labels as an object; None for anything else.

    >>> record_of(["Ana", {"entities": []}]), record_of(["Ana"])
    ({'entities': [], 'text': 'Ana'}, None)
    """
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict):
        return {**value[1], "text": value[0]}
    return None


def parsed(text: str) -> Mapping[str, Any]:
    """The record of a line. Raises `ValidationError` for anything else.

    >>> parsed('{"text": "Ana"}')
    {'text': 'Ana'}
    """
    record = record_of(load(text))
    if record is None:
        raise ValidationError("not a JSON object", hint='write one object per line, such as {"text": "…"}')
    return record
