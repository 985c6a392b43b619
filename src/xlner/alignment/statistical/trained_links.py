"""The links that a training gave its own pairs, saved on disk and looked up by the words of the pair."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import IO

import numpy as np

from xlner.alignment.statistical.bitext import Bitext, parse_links
from xlner.core.alignment import Link

_LINKS, _INDEX = "links.txt", "links.npy"


class LinkWriter:
    """Writes the links of pairs to a folder; equal pairs once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: dict[int, int] = {}
        self._stream: IO[bytes] = (folder / _LINKS).open("wb")

    def add(self, bitext: Bitext, forward: str, reverse: str) -> None:
        """Write the links of a pair, given as lines of `source-target`."""
        key = _key(bitext)
        if key not in self._places:
            self._places[key] = self._stream.tell()
            self._stream.write(f"{forward}\t{reverse}\n".encode("ascii"))

    def close(self) -> None:
        """Write the index and close the file."""
        self._stream.close()
        rows = np.array(sorted(self._places.items()), dtype=np.uint64).reshape(-1, 2)
        np.save(self._folder / _INDEX, rows)


class LinkReader:
    """Finds the links of a pair; holds 16 bytes in memory for each pair of the training."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _LINKS
        self._index = np.load(folder / _INDEX)

    def __len__(self) -> int:
        return len(self._index)

    def get(self, bitext: Bitext) -> tuple[set[Link], set[Link]] | None:
        """Return the forward and reverse links of a pair, or None if the training had no such pair."""
        key = np.uint64(_key(bitext))
        row = int(np.searchsorted(self._index[:, 0], key))
        if row == len(self._index) or self._index[row, 0] != key:
            return None
        with self._path.open("rb") as stream:
            stream.seek(int(self._index[row, 1]))
            forward, reverse = stream.readline().decode("ascii").rstrip("\n").split("\t")
        return parse_links(forward), parse_links(reverse)


def _key(bitext: Bitext) -> int:
    digest = hashlib.blake2b(digest_size=8)
    for side in bitext:
        for word in side:
            digest.update(word.encode("utf-8", "surrogatepass") + b"\n")
        digest.update(b"\n")
    return int.from_bytes(digest.digest(), "little")
