"""Tags on lines of several words, such as `1-2 del`: they are those of the words of the range."""

from __future__ import annotations

import re
from collections.abc import Sequence

from xlner.errors import ValidationError

_RANGE = re.compile(r"([0-9]+)-([0-9]+)")
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
        inside = {str(n) for n in range(int(match[1]), int(match[2]) + 1)}
        words = [at for at in range(position + 1, len(numbers)) if numbers[at] in inside]
        if any(found[at] not in empty for at in words):
            continue
        if "(" in value or ")" in value:
            raise ValidationError(f"{value!r} is on the range of words {number}", hint="write it on one of its words")
        for at, tag in zip(words, _tags(value, len(words)), strict=True):
            found[at] = tag
    return found


def _tags(tag: str, count: int) -> list[str]:
    """A tag for each word of a range with this tag.

    >>> _tags("S-LOC", 3), _tags("I-LOC", 2), _tags("PER_1", 2)
    (['B-LOC', 'I-LOC', 'E-LOC'], ['I-LOC', 'I-LOC'], ['PER_1', 'PER_1'])
    """
    prefix, hyphen, label = tag.partition("-")
    if not hyphen or prefix not in "BIESLUM" or count == 1:
        return [tag] * count
    last = {"S": "E", "U": "L", "B": "I"}.get(prefix, prefix)
    return [f"{_ENDED.get(prefix, prefix)}-{label}", *[f"I-{label}"] * (count - 2), f"{last}-{label}"][:count]
