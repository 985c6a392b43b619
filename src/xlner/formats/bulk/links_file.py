"""A file of word links, in blocks where it is plain and pair by pair elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from xlner.core.lines import read_lines
from xlner.core.link_block import LinkBlock
from xlner.errors import InputError
from xlner.formats.bulk.block_file import BlockFile
from xlner.formats.bulk.plain_links import plain_links
from xlner.formats.link_files import Links, LinksReader

_BLOCK = 4000
"""Pairs of a block."""
_FIRST = 100
"""Pairs that tell the reader about columns."""


@dataclass(slots=True)
class LinksFile:
    """A file of links with its reader.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".talp") as file:
    ...     _ = file.write("0-0 1-2\\n" * 150), file.flush()
    ...     [type(item).__name__ for item in LinksFile.of(file.name).read()][98:]
    ['Links', 'Links', 'LinkBlock']
    """

    lines: BlockFile
    reader: LinksReader

    @classmethod
    def of(cls, path: str | Path, *, one_based: bool = False) -> LinksFile:
        """The file at a path; `one_based` says that its words are numbered from 1."""
        return cls(BlockFile(read_lines(path)), LinksReader(str(path), one_based))

    def plain(self, count: int) -> LinkBlock | None:
        """The next links, if they are plain; the place in the file stays."""
        data = self.lines.lines(count) if self.reader.settled else None
        found = plain_links(data) if data else None
        if found is None or not self.reader.one_based:
            return found
        if not (found.source.all() and found.target.all()):  # the reader says which link has a 0
            return None
        return LinkBlock(found.source - 1, found.target - 1, found.offsets)

    def skip(self, found: LinkBlock) -> None:
        """Go on behind these links."""
        self.lines.skip()
        self.reader.passed(len(found))

    def read(self, block: int = _BLOCK) -> Iterator[Links | InputError | LinkBlock]:
        """What `LinksReader.read` yields, in blocks of so many pairs where the links are plain."""
        careful, count = self.reader.read(self.lines), _FIRST
        while True:
            if (found := self.plain(count)) is not None:
                self.skip(found)
                yield found
                continue
            number = 0
            for number, item in enumerate(islice(careful, count), start=1):  # noqa: B007
                yield item
            if number < count:
                return
            count = block
