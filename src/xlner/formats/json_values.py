"""JSON values: parse them strictly, replace what JSON or UTF-8 has no form for, and show them in messages."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, NoReturn

from xlner.errors import ValidationError

_DEEPEST = 100
"""Levels of nesting in a value. Real records have few, and a program that reads them may have no more than this."""
_LONGEST_SHOWN = 60
_ONE_PER_LINE = "write one object per line, or name the format if it is another: --input-format conll"
_SPACE = re.compile(r"[ \t\n\r]*")


def _refuse(constant: str) -> NoReturn:
    raise ValidationError(f"{constant} is not JSON", hint="write null for a missing number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in made if names.count(name) > 1)
        raise ValidationError(f"the key {shown(twice)} comes twice in an object", hint="keep one of the two")
    return made


_DECODER = json.JSONDecoder(parse_constant=_refuse, object_pairs_hook=_object)
_LENIENT = json.JSONDecoder(parse_int=str)
"""Finds the end of a value with numbers that the other one refuses."""


def load(text: str, *, hint: str = _ONE_PER_LINE) -> Any:
    """Parse one value.

    Raises `ValidationError` for anything but JSON, for NaN, for a lone surrogate, and for a key that comes twice.

    `hint` says what to write instead of text that is not JSON.

    >>> load('{"text": "Vigo"}')
    {'text': 'Vigo'}
    """
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise ValidationError(f"not JSON: {_problem(error)} at column {error.colno}", hint=hint) from None
    except RecursionError:
        raise ValidationError("JSON that is nested too deeply") from None
    except ValidationError:
        raise
    except ValueError:  # Python limits the digits of integers
        raise _too_many_digits() from None
    if "\\ud" in text or "\\uD" in text:  # the only way to write a lone surrogate
        _require_no_surrogate(value)
    return value


def _problem(error: json.JSONDecodeError) -> str:
    """What Python says, of which some ends with a preposition for the place."""
    return error.msg.removesuffix(" at").removesuffix(" starting")


def _too_many_digits() -> ValidationError:
    return ValidationError("an integer of too many digits", hint="write it as a string")


class ArrayError(ValidationError):
    """Raised where a text is not an array of values, with the position in the text."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"not JSON: {message}")
        self.position = position


def elements(text: str) -> Iterator[tuple[int, int, Any]]:
    """The values of an array, each with its half-open range in the text.

    In the place of a value that is not JSON is its `ArrayError`, if it is not the first one, begins a line, and a later
    line begins with a value, too. Raises `ArrayError` where the rest of the text is not an array of values.

    >>> list(elements('[{"id": 1}, 2]'))
    [(1, 10, {'id': 1}), (12, 13, 2)]
    """
    position = _after_space(text, 0)
    _require(text.startswith("[", position), "not an array", position)
    position, before, separated = _after_space(text, position + 1), "", True
    while not text.startswith("]", position):
        try:
            _require(separated, "the array has no end", position)
            value, end = _value_at(text, position)
        except ArrayError as error:
            next_line = _next_like(text, position, before)
            if next_line is None:
                raise
            yield position, next_line, error
            position, separated = _after_space(text, next_line), True
            continue
        yield position, end, value
        before, position = text[position:end], _after_space(text, end)
        separated = text.startswith(",", position)
        if separated:
            position = _after_space(text, position + 1)
    position = _after_space(text, position + 1)
    _require(position == len(text), "something follows the array", position)


def _next_like(text: str, position: int, before: str) -> int | None:
    """The end of the line before the next one that begins with a value, after the value at `position`.

    Such a line has the margin of this value and the bracket of the value before. None if there is no such line, or if
    it may be inside of a value.
    """
    margin = text[text.rfind("\n", 0, position) + 1 : position]
    line = f"\n{margin}{before[:1]}"
    if not before.startswith(("{", "[")) or margin.strip() or line in before:
        return None
    found = text.find(line, position)
    return found if found >= 0 else None


def _value_at(text: str, position: int) -> tuple[Any, int]:
    """The value that begins there, and its end. What `load` refuses in a value is the value: a `ValidationError`.

    Raises `ArrayError` if no value does.
    """
    try:
        return _parsed_at(text, position)
    except json.JSONDecodeError as error:
        raise ArrayError(_problem(error), error.pos) from None
    except RecursionError:
        raise ArrayError("nested too deeply", position) from None


def _parsed_at(text: str, position: int) -> tuple[Any, int]:
    try:
        value, end = _DECODER.raw_decode(text, position)
        if "\\ud" in text[position:end] or "\\uD" in text[position:end]:
            _require_no_surrogate(value)
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        refused = error if isinstance(error, ValidationError) else _too_many_digits()
        return refused, _LENIENT.raw_decode(text, position)[1]
    return value, end


def _after_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return position if found is None else found.end()


def _require(condition: bool, message: str, position: int) -> None:
    if not condition:
        raise ArrayError(message, position)


def _require_no_surrogate(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        found = f"\\u{ord(error.object[error.start]):x}"
        raise ValidationError(f"a lone surrogate, {found}", hint="remove it, or write the pair") from None


def require_writable(name: str, value: Any) -> None:
    """Raise `ValidationError` for a value that JSON has no form for: an infinite number, or one nested too deeply.

    >>> require_writable("rating", [1, float("inf")])
    Traceback (most recent call last):
    xlner.errors.ValidationError: "rating" has the number inf, which JSON has no form for; write null
    """
    level = [value]
    for _ in range(_DEEPEST):
        for item in level:
            if type(item) is float and not math.isfinite(item):
                raise ValidationError(f'"{name}" has the number {item}, which JSON has no form for', hint="write null")
        level = _inside(level)
        if not level:
            return
    raise ValidationError(f'"{name}" is nested too deeply')


def is_nested_too_deeply(value: Any) -> bool:
    """Whether a value has more levels of nesting than `require_writable` allows.

    >>> is_nested_too_deeply([{"x": [1]}])
    False
    """
    level = [value]
    for _ in range(_DEEPEST):
        level = _inside(level)
        if not level:
            return False
    return True


def _inside(level: list[Any]) -> list[Any]:
    """The values in the objects and lists of a level: the next level."""
    inside: list[Any] = []
    for item in level:
        if isinstance(item, Mapping):
            inside += item.values()
        elif isinstance(item, (list, tuple)):
            inside += item
    return inside


def writable(value: Any, replaced: set[str], depth: int = 0) -> Any:
    """The same value with everything replaced that JSON has no form for; adds what was replaced to `replaced`.

    Dates become text in ISO 8601, bytes text (base64 if they are not UTF-8), arrays lists, numbers that are not finite
    null, and other objects what `str` makes of them.

    >>> replaced = set()
    >>> writable({"day": date(2020, 1, 2), "rating": float("nan")}, replaced)
    {'day': '2020-01-02', 'rating': None}
    >>> sorted(replaced)
    ['date', 'nan']
    """
    if depth >= _DEEPEST:
        replaced.add("too deeply nested")
        return None
    if isinstance(value, Mapping):
        return {_key(key, replaced): writable(item, replaced, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [writable(item, replaced, depth + 1) for item in value]
    if value is None or isinstance(value, (str, int, float)):
        return _plain(value, replaced)
    replaced.add(type(value).__name__)
    if hasattr(value, "tolist"):  # a number or an array of numpy
        return writable(value.tolist(), replaced, depth + 1)
    return as_text(value)


def _plain(value: str | int | float | None, replaced: set[str]) -> str | int | float | None:
    if isinstance(value, float) and not math.isfinite(value):
        replaced.add(str(float(value)))
        return None
    if type(value) is int and abs(value) >= 10**4000:  # Python writes none that are much longer
        replaced.add("an integer of too many digits")
        return None
    return value


def _key(key: object, replaced: set[str]) -> str:
    if not isinstance(key, str):
        replaced.add(f"key of type {type(key).__name__}")
    return str(key)


def as_text(value: object) -> str:
    """A date, bytes, a decimal number or any other object as text.

    >>> from decimal import Decimal
    >>> as_text(b"Vigo"), as_text(b"\\xff"), as_text(Decimal("0.10"))
    ('Vigo', '/w==', '0.10')
    """
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        try:
            return bytes(value).decode("utf-8")
        except UnicodeDecodeError:
            return base64.b64encode(value).decode("ascii")
    try:
        return str(value)
    except Exception:  # an object of another program, whose text is its own affair
        return type(value).__name__


def shown(value: object) -> str:
    """A value in one short line, for messages.

    >>> shown({"a": 1}), len(shown("a" * 1000))
    ("{'a': 1}", 61)
    """
    try:
        text = " ".join(repr(value).split())
    except (RecursionError, ValueError):  # too deep, or an integer of too many digits
        text = f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
