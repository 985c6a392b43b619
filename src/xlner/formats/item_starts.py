"""Where the items of a file begin, in bytes, so that many workers can each read a part of it.

One pass over the lines, without parsing: an item is a line of text or of links, a record of JSONL, a sentence of CoNLL.
The reader of the format gives the same items, in the same order; where that is not certain, a file has no starts.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from xlner.core.lines import head_lines
from xlner.core.sections import has_sections
from xlner.formats.conll.blocks import is_docstart
from xlner.formats.link_files import is_one_per_line

LINKS = "links"
HEAD_ITEMS = {"text": 0, "jsonl": 0, "conll": 100, "conllu": 100, LINKS: 1000}
"""How many items of a file decide how the others are read, by format."""

Start = tuple[int, int]
"""The byte offset and the number of the line with which an item begins."""


class NoStartsError(Exception):
    """The file has to be parsed to find where its items begin."""


def item_starts(path: str | Path, format: str) -> Iterator[Start]:
    """Yield the start of each item of a file, in order.

    `format` is `text`, `jsonl`, `conll`, `conllu` or `links`. Raises `NoStartsError` for a file that is compressed, not
    in UTF-8, or so unusual that only its reader knows its items.

    >>> list(item_starts("examples/es.txt", "text"))[:2]
    [(0, 1), (112, 2)]
    """
    find = _FINDERS.get(format)
    if find is None or not has_sections(path):
        raise NoStartsError
    yield from find(path)


def _lines(path: str | Path) -> Iterator[tuple[int, int, bytes]]:
    """The offset, the number and the bytes of each line, without a byte order mark at its beginning."""
    offset = 0
    with Path(path).open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            yield offset, number, line.removeprefix(codecs.BOM_UTF8)
            offset += len(line)


def _of_text(path: str | Path) -> Iterator[Start]:
    offset = 0
    with Path(path).open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if offset or line != codecs.BOM_UTF8:
                yield offset, number
            offset += len(line)


def _of_links(path: str | Path) -> Iterator[Start]:
    if not is_one_per_line(head_lines(path)):
        raise NoStartsError
    yield from _of_text(path)


def _of_jsonl(path: str | Path) -> Iterator[Start]:
    is_first = True
    for offset, number, line in _lines(path):
        if not line.strip() or (not 0x20 < line[0] < 0x7F and _is_blank(line)):
            continue
        if is_first and (line.lstrip()[:1] == b"[" or line.strip() == b"{"):  # an array, or an object over lines
            raise NoStartsError
        is_first = False
        yield offset, number


def _is_blank(line: bytes) -> bool:
    """Whether a line has nothing but spaces, also those that are not of ASCII."""
    try:
        return not line.decode("utf-8").strip()
    except UnicodeDecodeError:
        return False


def _of_conll(path: str | Path) -> Iterator[Start]:
    """The sentences as `conll.blocks.split` finds them, empty ones included."""
    block, items = _Block(), 0
    for offset, number, line in _lines(path):
        text = line.rstrip(b"\r\n").strip(b" \t")
        if not text:
            found = block.end((offset, number))
        elif text[:1] == b"-" and _is_docstart(text):
            found = block.begin_document((offset, number))
        else:
            found = []
            block.add((offset, number), line, text, is_head=items < HEAD_ITEMS["conll"])
        yield from found
        items += len(found)
    if block.has_lines:
        yield from block.end((0, 0))


class _Block:
    """The sentence that is being read, and the empty ones before it."""

    def __init__(self) -> None:
        self.start: Start | None = None
        self.blanks: list[Start] = []  # empty sentences, if another sentence follows
        self.has_lines = self.has_rows = self.after_docstart = False
        self.widths: set[tuple[bool, int]] = set()  # of rows: whether there are tabs, and how many cells

    def add(self, start: Start, line: bytes, text: bytes, *, is_head: bool) -> None:
        """A row or a comment; `start` is where it begins."""
        self.start = self.start or start
        self.has_lines, self.after_docstart = True, False
        if text[:1] == b"#":
            if text.startswith(b"#end document") or (text.startswith(b"# global.") and not is_head):
                raise NoStartsError
        elif not self.has_rows:
            self.has_rows = True
            tabs = line.count(b"\t")
            width = (tabs > 0, tabs or len(text.split()))
            if is_head:
                self.widths.add(width)
            elif width not in self.widths:  # its columns have to be found
                raise NoStartsError

    def end(self, blank: Start) -> Sequence[Start]:
        """A blank line: it ends a sentence, or is an empty one."""
        if self.has_lines:
            return self._take()
        if not self.after_docstart:
            if self.start is not None:  # between a document mark and its sentence
                raise NoStartsError
            self.blanks.append(blank)
        self.after_docstart = False
        return ()

    def begin_document(self, start: Start) -> Sequence[Start]:
        """The mark of a new document, which belongs to the sentence after it."""
        found = self._take() if self.has_lines else ()
        self.start = self.start or start
        self.after_docstart = True
        return found

    def _take(self) -> Sequence[Start]:
        found = [*self.blanks, self.start or (0, 1)]
        self.start, self.blanks = None, []
        self.has_lines = self.has_rows = self.after_docstart = False
        return found


def _is_docstart(text: bytes) -> bool:
    try:
        return is_docstart(text.decode("utf-8"))
    except UnicodeDecodeError:
        return False


_FINDERS: dict[str, Callable[[str | Path], Iterator[Start]]] = {
    "text": _of_text,
    "jsonl": _of_jsonl,
    "conll": _of_conll,
    "conllu": _of_conll,
    LINKS: _of_links,
}
