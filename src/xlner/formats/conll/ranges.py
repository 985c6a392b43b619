"""Tags on lines of several words, such as `1-2 del`: they are those of the words of the range."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from xlner.errors import ValidationError

_RANGE = re.compile(r"([0-9]+)-([0-9]+)")
_PREFIXES = frozenset("BIESLUM")
_ENDED = {"E": "I", "L": "I", "S": "B", "U": "B"}  # the prefix before the last word of a range


def spread(numbers: Sequence[str], values: Sequence[str | None], empty: Sequence[str | None]) -> list[str | None]:
    """The values of all lines, with those of a range on its words, if these have none. `empty` are values that say so.

    Raises `ValidationError` for a range with a bracket, which can be that of any of its words.

    >>> spread(["1-2", "1", "2", "3"], ["NE-LOC", None, None, "O"], [None])
    ['NE-LOC', 'NE-LOC', 'NE-LOC', 'O']
    >>> spread(["1-2", "1", "2", "3"], ["B-LOC", None, None, "I-LOC"], [None])
    ['B-LOC', 'B-LOC', 'I-LOC', 'I-LOC']
    """
    found = list(values)
    for position, number in enumerate(numbers):
        value, match = values[position], _RANGE.fullmatch(number)
        if value is None or value in empty or value == "O" or match is None:
            continue
        first, last = _size(match[1]), _size(match[2])
        words = [at for at in range(position + 1, len(numbers)) if first <= _size(numbers[at]) <= last]
        if any(found[at] not in empty for at in words):
            continue
        if "(" in value or ")" in value:
            raise ValidationError(f"{value!r} is on the range of words {number}", hint="write it on one of its words")
        for at, tag in zip(words, _tags(value, len(words)), strict=True):
            found[at] = tag
    return found


def _size(number: str) -> tuple[int, str]:
    """What sorts digits by their number, however many they are; what is no number is beyond all ranges."""
    digits = number.lstrip("0")
    return (len(digits), digits) if number.isdecimal() and number.isascii() else (sys.maxsize, number)


def _tags(tag: str, count: int) -> list[str]:
    """A tag for each word of a range with this tag.

    >>> _tags("S-LOC", 3), _tags("I-LOC", 2), _tags("PER_1", 2), _tags("IE-LOC", 3)
    (['B-LOC', 'I-LOC', 'E-LOC'], ['I-LOC', 'I-LOC'], ['PER_1', 'PER_1'], ['IE-LOC', 'IE-LOC', 'IE-LOC'])
    """
    prefix, hyphen, label = tag.partition("-")
    if not hyphen or prefix not in _PREFIXES or count == 1:
        return [tag] * count
    last = {"S": "E", "U": "L", "B": "I"}.get(prefix, prefix)
    return [f"{_ENDED.get(prefix, prefix)}-{label}", *[f"I-{label}"] * (count - 2), f"{last}-{label}"][:count]
