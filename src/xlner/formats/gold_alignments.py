"""Gold word links in Pharaoh format, in which `1p2` or `1?2` is a possible link.

A line is the links of one pair, or three tab-separated columns as in XL-WA: the source sentence, the target sentence
and the links.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from xlner.core.alignment import GoldAlignment, Link
from xlner.core.files import Line
from xlner.errors import InputError, ValidationError

_LINK = re.compile(r"^(\d+)([-p?])(\d+)$")
_COLUMNS = 3
_HINT = "write source-target, such as 0-0 1-2, and 3p4 or 3?4 for a possible link"


def read(lines: Iterable[Line], *, path: str = "-", one_based: bool = False) -> Iterator[GoldAlignment | InputError]:
    """Yield the links of each line, or an `InputError` for a bad line. A line may have no links.

    >>> sorted(next(read([(1, "1-1 2p3")], one_based=True)).possible)
    [(0, 0), (1, 2)]
    """
    for number, line in lines:
        if isinstance(line, InputError):
            yield line
            continue
        try:
            yield _gold(line, one_based)
        except ValidationError as error:
            yield InputError(error.message, path=path, line=number, sentence=number, hint=error.hint)


def _gold(line: str, one_based: bool) -> GoldAlignment:
    columns = line.split("\t")
    if len(columns) not in (1, _COLUMNS):
        raise ValidationError(f"{len(columns)} columns", hint="write only links, or source, target and links")
    sure: set[Link] = set()
    possible: set[Link] = set()
    for part in columns[-1].split():
        match = _LINK.match(part)
        if match is None:
            raise ValidationError(f"{part!r} is not a link", hint=_HINT)
        link = based(int(match[1]), int(match[3]), one_based)
        (sure if match[2] == "-" else possible).add(link)
    lengths = (len(columns[0].split()), len(columns[1].split())) if len(columns) == _COLUMNS else None
    return GoldAlignment(frozenset(sure), frozenset(possible), lengths)


def based(source: int, target: int, one_based: bool) -> Link:
    """Make a 0-based link. Raises `ValidationError` for a 0 in a 1-based link.

    >>> based(1, 2, True)
    (0, 1)
    """
    if one_based and 0 in (source, target):
        raise ValidationError(f"link {source}-{target} has a 0, but words are numbered from 1")
    return (source - one_based, target - one_based)
