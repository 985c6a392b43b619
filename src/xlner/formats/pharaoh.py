"""Word links in Pharaoh format: one pair per line, as `0-0 1-2 …`, source first, 0-based."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TextIO

from xlner.core.alignment import Alignment, Link
from xlner.core.files import Line
from xlner.errors import InputError, ValidationError
from xlner.formats.gold_alignments import based

_LINK = re.compile(r"^(\d+)-(\d+)$")


def read(lines: Iterable[Line], *, path: str = "-", one_based: bool = False) -> Iterator[Alignment | InputError]:
    """Yield the links of each line, or an `InputError` for a bad line. An empty line has no links.

    Words are numbered from 0, or from 1 with `one_based`.

    >>> next(read([(1, "0-0 1-2")])).links
    ((0, 0), (1, 2))
    """
    for number, line in lines:
        if isinstance(line, InputError):
            yield line
            continue
        try:
            yield Alignment(tuple(_link(part, one_based) for part in line.split()))
        except ValidationError as error:
            yield InputError(error.message, path=path, line=number, sentence=number, hint=error.hint)


def _link(text: str, one_based: bool) -> Link:
    match = _LINK.match(text)
    if match is None:
        example = "1-based, such as 1-1 2-3" if one_based else "0-based, such as 0-0 1-2"
        raise ValidationError(f"{text!r} is not a link", hint=f"write source-target, {example}")
    return based(int(match[1]), int(match[2]), one_based)


def write(stream: TextIO, alignment: Alignment) -> None:
    """Write the links of one pair as one line."""
    stream.write(" ".join(f"{s}-{t}" for s, t in alignment.links) + "\n")
