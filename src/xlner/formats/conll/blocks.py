"""Split the lines of a file into blocks, one for each sentence, and tell comments from tokens that begin with #."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from xlner.core.lines import Line
from xlner.core.tags import is_tag
from xlner.errors import InputError

DOCSTART = "-DOCSTART-"

_SPACED_COMMENT = re.compile(r"#(?:\s+[\w.:-]+)+\s*=")  # "# text = …", "# newdoc id = …"


@dataclass(slots=True)
class Block:
    """The lines of one sentence: its comments, and rows of cells with their line numbers."""

    comments: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    docstart: bool = False
    unreadable: InputError | None = None

    def __bool__(self) -> bool:
        return bool(self.comments or self.rows or self.unreadable)

    @property
    def width(self) -> int:
        """The number of cells of the first row; 0 without rows."""
        return len(self.rows[0]) if self.rows else 0

    def add(self, line: int, row: list[str]) -> None:
        """Append a row."""
        self.rows.append(row)
        self.lines.append(line)

    def even(self) -> None:
        """Remove empty cells if the rows have equally many cells without them, and not with them."""
        if len(set(map(len, self.rows))) > 1:
            filled = [[cell for cell in row if cell.strip(" ")] for row in self.rows]
            if len(set(map(len, filled))) == 1:
                self.rows = filled


class Splitter:
    """Splits the lines of a file into blocks. Lines that begin with # wait for the first row, which has the width.

    `bare_labels` says that labels have no prefixes, so that they do not tell `#Vigo LOC` from a comment.
    """

    def __init__(self, *, bare_labels: bool = False) -> None:
        self.bare_labels = bare_labels
        self.block = Block()
        self.waiting: list[tuple[int, str]] = []
        self.width: int | None = None  # of the first row of the last block with rows, and whether it has tabs
        self.tabs = False
        self.blanks: list[Block] = []  # empty sentences, kept back until another sentence follows
        self.finished: deque[Block] = deque()
        self.after_docstart = False

    def blocks(self, lines: Iterable[Line]) -> Iterator[Block]:
        """Yield the blocks of the lines. A blank line ends a block, and each further one is an empty block.

        There are no empty blocks at the end. A document mark `-DOCSTART-` belongs to the block after it.
        """
        yield from self.split(lines)
        yield from self.finish()

    def split(self, lines: Iterable[Line]) -> Iterator[Block]:
        """Yield the blocks that end in these lines. More lines can follow in another call."""
        for number, line in lines:
            if isinstance(line, InputError):
                self.block.unreadable = self.block.unreadable or line
                continue
            stripped = line.strip(" \t")
            if not stripped:
                if self:
                    self.after_docstart = False
                    self._finish()
                    yield from self._finished()
                elif not self.after_docstart:  # otherwise the blank line belongs to the document mark
                    self.blanks.append(Block())
                self.after_docstart = False
            elif stripped[0] == "-" and is_docstart(stripped):
                if self:
                    self._finish()
                self.block.docstart = self.after_docstart = True
                yield from self._finished()
            else:
                self.add(number, line, stripped)
                self.after_docstart = False

    def finish(self) -> Iterator[Block]:
        """Yield the block that the file ends in."""
        if self:
            self._finish()
            yield from self._finished()

    def passed(self, first_line: str) -> None:
        """Go on behind blocks that were taken out of the lines, of which all rows are like this one."""
        self.width, self.tabs = len(cells(first_line)), "\t" in first_line

    @property
    def settled(self) -> bool:
        """Whether all lines so far are in blocks that were yielded."""
        return not (self or self.blanks or self.finished or self.block.docstart)

    def _finish(self) -> None:
        """End the block and the empty ones before it; a new one begins."""
        self._sort_waiting()
        self.finished.extend((*self.blanks, self.block))
        self.blanks, self.block = [], Block()

    def _finished(self) -> Iterator[Block]:
        while self.finished:
            yield self.finished.popleft()

    def add(self, number: int, line: str, stripped: str) -> None:
        if stripped[0] == "#":
            if stripped == "#end document":  # of CoNLL-2012
                self.block.comments.append(stripped)
            elif self.block.rows:
                self._sort(number, stripped, inside=True)
            else:
                self.waiting.append((number, stripped))
            return
        row = cells(line)
        if not self.block.rows:
            self.width, self.tabs = len(row), "\t" in line
            if self.waiting:
                self._sort_waiting()
        self.block.add(number, row)

    def __bool__(self) -> bool:
        return bool(self.block or self.waiting)

    def _sort_waiting(self) -> None:
        for number, line in self.waiting:
            self._sort(number, line)
        self.waiting = []

    def _sort(self, number: int, line: str, *, inside: bool = False) -> None:
        row = cells(line)
        if inside and self.width == 1 and len(row) == 2 and _is_row(line, row):
            self.block.add(number, row)  # a word with its tag among words alone: an error of its sentence
        elif self.width is not None and (len(row) != self.width or ("\t" in line) != self.tabs):
            self.block.comments.append(line)
        elif inside or self.width == 1 or _is_row(line, row, bare_labels=self.bare_labels):
            self.block.add(number, row)
        else:
            self.block.comments.append(line)


def cells(line: str) -> list[str]:
    """The cells of a line: separated by tabs if there is one, otherwise by spaces. A cell can be nothing but spaces.

    >>> cells("New York\\tB-LOC"), cells("Vigo  B-LOC"), cells(" \\tO")
    (['New York', 'B-LOC'], ['Vigo', 'B-LOC'], [' ', 'O'])
    """
    if "\t" in line:
        row = line.split("\t")
        return [cell.strip(" ") or cell for cell in row] if " " in line else row
    row = line.strip(" ").split(" ")
    return [cell for cell in row if cell] if "" in row else row


def is_docstart(line: str) -> bool:
    """Whether a line marks the beginning of a document.

    >>> is_docstart("-DOCSTART- -X- O O"), is_docstart("-DOCSTARTS")
    (True, False)
    """
    return line.startswith(DOCSTART) and line[len(DOCSTART) :][:1] in ("", "\t" if "\t" in line else " ")


def is_comment(line: str) -> bool:
    """Return True if a line is a comment in every file whose columns are separated by tabs.

    >>> is_comment("# id = 7"), is_comment("#\tO")
    (True, False)
    """
    return line.startswith("#") and not _is_row(line, cells(line))


def _is_row(line: str, row: Sequence[str], *, bare_labels: bool = False) -> bool:
    """Return True if a line that begins with # and has the columns of the others is a token, False for a comment.

    A token has a tag. Without one, `#Vigo` or `#` is a token if tabs follow and no cell is a text of several words.
    """
    if "\t" in line:
        return _has_tag(row) or not any(" " in cell for cell in row)
    if _SPACED_COMMENT.match(line):
        return False
    return len(row) > 1 and (_has_tag(row) or (bare_labels and row[0] != "#"))


def _has_tag(row: Sequence[str]) -> bool:
    return is_tag(row[-1]) or any(cell == "O" or (len(cell) > 2 and is_tag(cell)) for cell in row[1:-1])
