"""Sections of a text file: let all that reads a file read only a part of it."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from xlner.core.encodings import GZIP, no_text, wide_encoding
from xlner.core.files import STANDARD_STREAM

HEAD_BYTES = 1 << 16
"""What is looked at of the beginning of a file."""


@dataclass(frozen=True, slots=True)
class Section:
    """What to read of a file: its first `head` bytes, and then what begins at byte `offset` with the line `line`.

    The head has what decides how the rest is read, such as the names of columns. The file is UTF-8, not compressed, and
    its lines end with LF.

    >>> Section(0, 120, 7).line
    7
    """

    head: int
    offset: int
    line: int


_sections: ContextVar[Mapping[str, Section]] = ContextVar("sections", default={})  # noqa: B039 - never changed


def has_sections(path: str | Path) -> bool:
    """Whether a file can be read in sections: a regular file in UTF-8, not compressed, of lines that end with LF.

    >>> has_sections("examples/es.txt"), has_sections("-")
    (True, False)
    """
    if str(path) == STANDARD_STREAM or not Path(path).is_file() or Path(path).suffix == ".gz":
        return False
    with Path(path).open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        is_one_line = not stream.read(1) and head.rstrip(b"\r\n").count(b"\n") == 0
    if head.startswith(GZIP) or no_text(head) is not None:
        return False
    return b"\n" in head and not is_one_line and wide_encoding(head.removeprefix(codecs.BOM_UTF8)) is None


@contextmanager
def reading_sections(sections: Mapping[str, Section]) -> Iterator[None]:
    """Let `xlner.core.lines.read_lines` read only these sections of these files, by path.

    >>> from xlner.core.lines import head_lines, read_lines
    >>> with reading_sections({"examples/es.txt": Section(0, 112, 2)}):
    ...     next(read_lines("examples/es.txt"))[1] == head_lines("examples/es.txt")[1]
    True
    """
    token = _sections.set(sections)
    try:
        yield
    finally:
        _sections.reset(token)


def section_of(path: str | Path) -> Section | None:
    """What to read of a file now; None if that is all of it.

    >>> section_of("examples/es.txt") is None
    True
    """
    return _sections.get().get(str(path))
