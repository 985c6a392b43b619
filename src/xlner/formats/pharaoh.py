"""Word links in Pharaoh format: one pair per line, as `0-0 1-2 …`, source first, 0-based."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from xlner.core.alignment import Alignment
from xlner.core.lines import Line
from xlner.errors import InputError
from xlner.formats import link_files


def read(lines: Iterable[Line], *, path: str = "-", one_based: bool = False) -> Iterator[Alignment | InputError]:
    """Yield the links of each line, or an `InputError` for a bad line. An empty line has no links.

    Words are numbered from 0, or from 1 with `one_based`. Files of other tools are read as well, see
    `xlner.formats.link_files`; possible links are links like any other.

    >>> next(read([(1, "0-0 1-2")])).links
    ((0, 0), (1, 2))
    """
    for links in link_files.read(lines, path=path, one_based=one_based):
        yield links if isinstance(links, InputError) else links.alignment


def text_of(alignment: Alignment) -> str:
    """The links as text.

    >>> text_of(Alignment(((0, 0), (1, 2))))
    '0-0 1-2'
    """
    return " ".join(f"{s}-{t}" for s, t in alignment.links)


def write(stream: TextIO, alignment: Alignment) -> None:
    """Write the links of one pair as one line."""
    stream.write(text_of(alignment) + "\n")
