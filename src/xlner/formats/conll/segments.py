"""The lines of a file in segments that end with the blank line after a sentence, where they can be cut there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from xlner.core.lines import Line, LineBlock, Lines

_FIRST = 1 << 16
"""Bytes of the first segment, which tells how to read the others."""


def segments(lines: Iterable[Line]) -> Iterator[LineBlock | Iterable[Line]]:
    """The lines of a file in order: whole sentences as blocks, and what is in no such block as lines.

    >>> [segment.data for segment in segments(Lines(iter([LineBlock(b"Ana\\tO\\n\\nvive\\tO\\n", 1, "a.conll")])))]
    [b'Ana\\tO\\n\\n', b'vive\\tO\\n']
    """
    if not isinstance(lines, Lines):
        yield lines
        return
    rest = b""
    whole: LineBlock | None = None
    for block in lines.blocks():
        if not isinstance(block, LineBlock) or block.encoding != "utf-8":
            yield from _last(whole, rest)
            rest = b""
            yield block.lines() if isinstance(block, LineBlock) else block
            continue
        whole = replace(block, data=rest + block.data, number=block.number - rest.count(b"\n"))
        end = _end(whole.data) or len(whole.data)
        rest = whole.data[end:]
        first = _end(whole.data[:_FIRST]) if whole.number == 1 else 0
        if first:
            yield replace(whole, data=whole.data[:first])
        if first < end:
            number = whole.number + whole.data.count(b"\n", 0, first)
            yield replace(whole, data=whole.data[first:end], number=number)
    yield from _last(whole, rest)


def _end(data: bytes) -> int:
    """Where the last sentence ends; 0 if none does."""
    return data.rfind(b"\n\n") + 2 if b"\n\n" in data else 0


def _last(block: LineBlock | None, rest: bytes) -> Iterator[LineBlock]:
    """What is left of the last block."""
    if block is not None and rest:
        ended = len(block.data) - len(rest)
        yield replace(block, data=rest, number=block.number + block.data.count(b"\n", 0, ended))
