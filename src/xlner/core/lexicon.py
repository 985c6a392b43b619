"""Lexicons: words or phrases and their translations, one tab-separated entry per line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO

from xlner.core.lines import Line
from xlner.errors import InputError, ValidationError


@dataclass(frozen=True, slots=True)
class LexiconEntry:
    """A word or phrase, its translation, and the weight of the translation; a larger weight is better.

    Raises `ValidationError` if the source or target is empty or contains a tab or a line break, and for a weight that
    is infinite or NaN.

    >>> LexiconEntry("old town", "ciudad vieja").weight
    1.0
    """

    source: str
    target: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        for text in (self.source, self.target):
            if not text.strip() or any(c in text for c in "\t\r\n"):
                raise ValidationError(f"{text!r} is not a word or phrase")
        if not math.isfinite(self.weight):
            raise ValidationError(f"weight {self.weight} is not a finite number")


def read(lines: Iterable[Line], *, path: str = "-") -> Iterator[LexiconEntry | InputError]:
    """Yield the entry of each line, or an `InputError` for a bad line. Empty lines are skipped.

    The columns are `source`, `target` and, optionally, the weight. Further columns are ignored.

    >>> next(read([(1, "Ana\\tAnne\\t0.5")]))
    LexiconEntry(source='Ana', target='Anne', weight=0.5)
    """
    for number, line in lines:
        if isinstance(line, InputError):
            yield line
        elif line.strip():
            yield _entry(line, path, number)


def _entry(line: str, path: str, number: int) -> LexiconEntry | InputError:
    columns = [column.strip() for column in line.split("\t")]
    if len(columns) < 2:
        return InputError(
            f"{line!r} has one column", path=path, line=number, hint="write a word, a tab, and its translation"
        )
    try:
        weight = float(columns[2]) if len(columns) > 2 else 1.0
    except ValueError:
        return InputError(f"weight {columns[2]!r} is not a number", path=path, line=number)
    try:
        return LexiconEntry(columns[0], columns[1], weight)
    except ValidationError as error:
        return InputError(error.message, path=path, line=number)


def write(stream: TextIO, entry: LexiconEntry) -> None:
    """Write one entry as a line."""
    stream.write(f"{entry.source}\t{entry.target}\t{entry.weight:.4g}\n")
