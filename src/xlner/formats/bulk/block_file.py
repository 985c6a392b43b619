"""The lines of a file as blocks of bytes where these are plain, and one by one elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xlner.core.lines import Line, LineBlock, Lines

_AT_ONCE = 1 << 16
"""Bytes that are decoded at once where lines are read one by one."""
_MOST = 1 << 25
"""The most bytes of a block."""


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

    def lines(self, count: int) -> bytes | None:
        """The next lines, fewer at the end of the file; None if there is one that must be read by itself."""
        return self._peek(count, b"\n")

    def sentences(self, count: int) -> bytes | None:
        """The next sentences with the blank line after each, fewer at the end of the file; None as for `lines`.

        A blank line with spaces ends no sentence here. Blank lines at the end of the file are left out.
        """
        return self._peek(count, b"\n\n")

    def skip(self) -> None:
        """Go on behind what `lines` or `sentences` returned last."""
        self._at, lines = self._behind
        self._number += lines

    def _peek(self, count: int, end: bytes) -> bytes | None:
        self._settle()
        if self._at == len(self._data) and self._rest is None:
            self._fill()
        if b"\r\n" in self._data[self._at : self._at + _AT_ONCE]:
            end = end.replace(b"\n", b"\r\n")
        ahead = self._data[self._at :]
        while is_last := len(parts := ahead.split(end, count)) <= count:
            if self._rest is not None or len(ahead) > _MOST:
                return None
            if not self._fill():
                break
            ahead = self._data[self._at :]
        if self._rest is not None:
            return None
        data = ahead if is_last else ahead[: len(ahead) - len(parts[-1])]
        self._behind = (self._at + len(data), data.count(b"\n"))
        if b"\r" in data:
            data, end = data.replace(b"\r\n", b"\n"), end.replace(b"\r", b"")
        if b"\r" in data:
            return None
        return _ended(data, end) if is_last else data

    def _fill(self) -> bool:
        """Read one more block; False if there is none."""
        block = next(self._blocks, None)
        if isinstance(block, LineBlock):
            self._name, self._encoding = block.name, block.encoding
            self._data = self._data[self._at :] + block.data
            self._at = 0
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
