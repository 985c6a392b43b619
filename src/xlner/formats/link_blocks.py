"""Read the word links of large files in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from xlner.core.alignment import Alignment, GoldAlignment
from xlner.core.files import STANDARD_STREAM
from xlner.core.link_block import LinkBlock
from xlner.errors import InputError, ValidationError
from xlner.formats.by_name import read_alignments, read_gold_alignments
from xlner.formats.gold_alignments import gold_alignment
from xlner.formats.link_files import Links

_LARGE = 1 << 19
"""Bytes of a file that are worth the arrays."""
Made = TypeVar("Made")


def read_alignment_blocks(path: str | Path, *, one_based: bool = False) -> Iterator[Alignment | InputError | LinkBlock]:
    """What `read_alignments` reads, but the links of many pairs at once where a large file is plain.

    Plain lines are links such as `0-0 1-2`, without weights. The errors are those of `read_alignments`.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".talp") as file:
    ...     _ = file.write("0-0 1-2\\n" * 100_000), file.flush()
    ...     sum(len(item) for item in read_alignment_blocks(file.name) if isinstance(item, LinkBlock)) > 50_000
    True
    """
    if not _is_large(path):
        return read_alignments(path, one_based=one_based)
    return _blocks(path, one_based, lambda links: links.alignment)


def read_gold_alignment_blocks(
    path: str | Path, *, one_based: bool = False
) -> Iterator[GoldAlignment | InputError | LinkBlock]:
    """What `read_gold_alignments` reads, in blocks as `read_alignment_blocks` does: plain links are sure.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".gold") as file:
    ...     _ = file.write("0-0 1p2\\n" * 3), file.flush()
    ...     sum(len(gold.possible) for gold in read_gold_alignment_blocks(file.name))
    6
    """
    if not _is_large(path):
        return read_gold_alignments(path, one_based=one_based)
    return _blocks(path, one_based, gold_alignment)


def _is_large(path: str | Path) -> bool:
    return str(path) != STANDARD_STREAM and (file := Path(path)).is_file() and file.stat().st_size >= _LARGE


def _blocks(
    path: str | Path, one_based: bool, made: Callable[[Links], Made]
) -> Iterator[Made | InputError | LinkBlock]:
    from xlner.formats.bulk import LinksFile

    pairs = 0
    for item in LinksFile.of(path, one_based=one_based).read():
        pairs += len(item) if isinstance(item, LinkBlock) else 1
        if not isinstance(item, Links):
            yield item
            continue
        try:
            yield made(item)
        except ValidationError as error:
            yield InputError(error.message, path=str(path), sentence=pairs, hint=error.hint)
