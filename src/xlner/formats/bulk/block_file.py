"""The lines of a file as blocks of bytes where these are plain, and one by one elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from xlner.core.lines import Line, LineBlock, Lines

Ints = NDArray[np.int64]
_LF, _CR = b"\n\r"
_AT_ONCE = 1 << 16
"""Bytes that are decoded at once where lines are read one by one."""
_MOST = 1 << 25
"""The most bytes of a block."""
_NONE = np.zeros(0, np.int64)


class BlockFile(Iterator[Line]):
    """The lines that `xlner.core.lines.read_lines` reads, also a number of lines or sentences at once, as bytes.

    Iterate over it to get numbered lines. `lines` and `sentences` return the next ones and stay where they are; `skip`
    goes on behind them. What they return ends with LF, also where the file has CRLF or no last line end.

    >>> from xlner.core.lines import read_lines
    >>> lines = BlockFile(read_lines("examples/es.txt"))
    >>> first = lines.lines(2)
    >>> lines.skip()
    >>> first.count(b"\\n"), next(lines)[0]
    (2, 3)
    """

    def __init__(self, lines: Lines) -> None:
        self._blocks = lines.blocks()
        self._data = b""
        self._at = 0
        self._line_ends = self._sentence_ends = _NONE
        self._number = 1  # of the line that begins at `_at`
        self._behind = (0, 0)  # the end of what `lines` or `sentences` returned, and its number of lines
        self._name = self._encoding = ""
        self._rest: Iterator[Line] | None = None  # lines that are in no block
        self._decoded: Iterator[Line] = iter(())
        self._decoded_to = self._taken = 0  # the end of the decoded lines, and how many of them were taken

    def __next__(self) -> Line:
        line = next(self._decoded, None)
        if line is None:
            self._settle()
            self._decoded = iter(self._decode())
            line = next(self._decoded)
        self._taken += 1
        return line

    @property
    def number(self) -> int:
        """The number of the next line."""
        self._settle()
        return self._number

    def lines(self, count: int) -> bytes | None:
        """The next lines, fewer at the end of the file; None if there is one that must be read by itself."""
        return self._peek(count, sentences=False)

    def sentences(self, count: int) -> bytes | None:
        """The next sentences with the blank line after each, fewer at the end of the file; None as for `lines`.

        A blank line with spaces ends no sentence here. Blank lines at the end of the file are left out.
        """
        return self._peek(count, sentences=True)

    def skip(self) -> None:
        """Go on behind what `lines` or `sentences` returned last."""
        self._at, lines = self._behind
        self._number += lines

    def _peek(self, count: int, *, sentences: bool) -> bytes | None:
        self._settle()
        if self._at == len(self._data) and self._rest is None:
            self._fill()
        while (end := self._end(count, self._sentence_ends if sentences else self._line_ends)) is None:
            if self._rest is not None or len(self._data) - self._at > _MOST:
                return None
            if not self._fill():
                break
        if self._rest is not None:
            return None
        data = self._data[self._at : end]
        end = self._at + len(data)
        first, behind = self._line_ends.searchsorted((self._at, end), side="right").tolist()
        is_last = end == len(self._data)
        self._behind = (end, behind - first)
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n")
        if b"\r" in data:
            return None
        return _ended(data, b"\n\n" if sentences else b"\n") if is_last else data

    def _end(self, count: int, ends: Ints) -> int | None:
        """The last of the next so many ends; None if there are fewer."""
        if not count:
            return self._at
        last = int(ends.searchsorted(self._at, side="right")) + count - 1
        return int(ends[last]) if last < len(ends) else None

    def _fill(self) -> bool:
        """Read one more block; False if there is none."""
        block = next(self._blocks, None)
        if isinstance(block, LineBlock):
            self._name, self._encoding = block.name, block.encoding
            self._data = self._data[self._at :] + block.data
            self._at = 0
            self._line_ends, self._sentence_ends = _ends(self._data)
            return True
        self._rest = None if block is None else iter(_rest(block, self._blocks))
        return self._rest is not None

    def _decode(self) -> Iterable[Line]:
        """Some lines to take one by one; raises `StopIteration` at the end of the file."""
        if self._at == len(self._data) and self._rest is None:
            self._fill()
        if self._at == len(self._data):
            return self._rest or ()
        end = self._data.rfind(b"\n", self._at, self._at + _AT_ONCE) + 1
        self._decoded_to = end or (self._data.find(b"\n", self._at) + 1) or len(self._data)
        some = self._data[self._at : self._decoded_to]
        return LineBlock(some, self._number, self._name, self._encoding).lines()

    def _settle(self) -> None:
        """Go on behind the lines that were taken one by one."""
        for _ in range(self._taken):
            self._at = (self._data.find(b"\n", self._at, self._decoded_to) + 1) or self._decoded_to
        self._number += self._taken
        self._taken = 0
        self._decoded = iter(())


def _ends(data: bytes) -> tuple[Ints, Ints]:
    """The ends of lines, and those of blank lines.

    >>> [found.tolist() for found in _ends(b"a\\r\\n\\r\\nb\\n")]
    [[3, 5, 7], [5]]
    """
    codes = np.frombuffer(data, np.uint8)
    lines = np.flatnonzero(codes == _LF) + 1
    lengths = lines[1:] - lines[:-1]
    blank = lines[1:][lengths == 1]
    if b"\r" in data:
        short = lines[1:][lengths == 2]
        blank = np.union1d(blank, short[codes[short - 2] == _CR])
    return lines, blank


def _ended(data: bytes, end: bytes) -> bytes:
    """The last lines or sentences of a file with the end that each of them has."""
    if end == b"\n":
        return data + b"\n" if data and not data.endswith(b"\n") else data
    data = data.rstrip(b"\n")
    return data + end if data else data


def _rest(block: Iterable[Line], blocks: Iterable[LineBlock | Iterable[Line]]) -> Iterator[Line]:
    yield from block
    for more in blocks:
        yield from more.lines() if isinstance(more, LineBlock) else more
