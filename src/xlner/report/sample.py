"""A random sample of records that is kept on the disk, so that the memory stays flat."""

from __future__ import annotations

import random
import tempfile
from array import array
from collections.abc import Iterator
from typing import Any


class RecordSample:
    """At most `most` of the records that are added, each with the same chance (Algorithm R, Vitter 1985), in order.

    The file that holds them is removed at the end of the `with` block.

    >>> with RecordSample(2) as sample:
    ...     for text in ("a", "b", "c"):
    ...         sample.add(text.encode())
    ...     sample.added, len(sample), sorted(sample) == list(sample)
    (3, 2, True)
    """

    def __init__(self, most: int, seed: int = 0) -> None:
        self.most = most
        self.added = 0
        self._random = random.Random(seed)
        self._file: Any = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the sample
        self._starts, self._sizes, self._order = array("Q"), array("Q"), array("Q")
        self._end = 0

    def add(self, record: bytes) -> None:
        """Add one record."""
        self.added += 1
        if len(self._order) < self.most:
            place = len(self._order)
            for column in (self._starts, self._sizes, self._order):
                column.append(0)
        else:
            place = self._random.randrange(self.added)
            if place >= self.most:
                return
        self._starts[place], self._sizes[place], self._order[place] = self._end, len(record), self.added
        self._file.write(record)
        self._end += len(record)

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[bytes]:
        for place in sorted(range(len(self._order)), key=self._order.__getitem__):
            self._file.seek(self._starts[place])
            yield self._file.read(self._sizes[place])

    def __enter__(self) -> RecordSample:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()
