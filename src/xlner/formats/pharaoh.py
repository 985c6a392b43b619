"""Word links in Pharaoh format: `0-0 1-2 …`, source first, 0-based, one pair a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TextIO

from xlner._alignment import Alignment
from xlner._errors import InputError
from xlner.formats._files import Line

_LINK = re.compile(r"^(\d+)-(\d+)$")


def read(lines: Iterable[Line], *, path: str = "-") -> Iterator[Alignment | InputError]:
    """The links of every line, or the error in their place; an empty line has no links.

    >>> next(read([(1, "0-0 1-2")])).links
    ((0, 0), (1, 2))
    """
    for number, line in lines:
        if isinstance(line, InputError):
            yield line
            continue
        try:
            yield Alignment(tuple(_link(part) for part in line.split()))
        except ValueError as error:
            yield InputError(
                f"{error} is not a link",
                path=path,
                line=number,
                sentence=number,
                hint="write source-target, 0-based, such as 0-0 1-2",
            )


def _link(text: str) -> tuple[int, int]:
    match = _LINK.match(text)
    if match is None:
        raise ValueError(repr(text))
    return int(match[1]), int(match[2])


def write(stream: TextIO, alignment: Alignment) -> None:
    """Write the links of one pair as a line."""
    stream.write(" ".join(f"{s}-{t}" for s, t in alignment.links) + "\n")
