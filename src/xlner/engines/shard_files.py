"""The files of shards, and the marks of those that are finished."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TextIO

from xlner.core.files import replacing_text, write_durably
from xlner.core.pair import Pair
from xlner.errors import InputError, RunFolderError
from xlner.formats import jsonl
from xlner.formats.writing import write_whole

PER_FOLDER = 1000
"""Shards in a folder."""
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of a finished shard.

    - `lines`, `size`, `sha256`: its sentences, its bytes, and a hash of them.
    - `failed`: the positions of sentences with an error, from 0.
    - `counts`: what was counted, see `xlner.engines.counts`.

    >>> Mark(3, "run", 10, 120, "00").failed
    ()
    """

    shard: int
    run: str
    lines: int
    size: int
    sha256: str
    failed: tuple[int, ...] = ()
    counts: Mapping[str, Any] = field(default_factory=dict)

    def as_text(self) -> str:
        """The mark as one line of JSON."""
        record = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(record, ensure_ascii=False) + "\n"

    @classmethod
    def parse(cls, text: str) -> Mark:
        """The mark of a line of JSON. Raises `ValueError`, `KeyError` or `TypeError` if it is damaged."""
        record = json.loads(text)
        values = {name: record[name] for name in cls.__slots__}
        if not isinstance(values["counts"], dict) or any(
            type(values[n]) is not int for n in ("shard", "lines", "size")
        ):
            raise ValueError("not a mark")
        return cls(**{**values, "failed": tuple(values["failed"])})


@dataclass(frozen=True, slots=True)
class ShardFiles:
    """The shards of one run in a folder, as lines of text: `shards/000/000123.jsonl`, marked in `done/000/000123.json`.

    `place` is the folder in the run folder that has them.

    A file appears when it is complete, and its mark after it. What a shard holds depends on nothing but the run, so it
    does no harm if two workers write the same shard.

    >>> str(ShardFiles(Path("RUN"), "hash").data(1234))
    'RUN/shards/001/001234.jsonl'
    """

    folder: Path
    run: str
    suffix: str = ".jsonl"
    place: str = "."

    def data(self, number: int) -> Path:
        """The file of a shard."""
        return self.folder / self.place / "shards" / f"{number // PER_FOLDER:03d}" / f"{number:06d}{self.suffix}"

    def mark_file(self, number: int) -> Path:
        """The file with the mark of a shard."""
        return self.folder / self.place / "done" / f"{number // PER_FOLDER:03d}" / f"{number:06d}.json"

    def finished(self, number: int, lines: int | None = None) -> Mark | None:
        """The mark of a shard if it is finished: of this run, with so many sentences, and with its file."""
        try:
            mark = Mark.parse(self.mark_file(number).read_text(encoding="utf-8"))
            size = self.data(number).stat().st_size
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        is_right = (mark.shard, mark.run, mark.size) == (number, self.run, size)
        return mark if is_right and lines in (None, mark.lines) else None

    @contextmanager
    def writing(self, number: int) -> Iterator[TextIO]:
        """A stream whose text becomes the shard when the block ends without an exception."""
        path = self.data(number)
        with self.there():
            self._make_folder(path)
            with replacing_text(path, durable=True) as stream:
                yield stream

    def finish(self, number: int, lines: int, failed: tuple[int, ...], counts: Mapping[str, Any]) -> Mark:
        """Mark a shard as finished."""
        path, place = self.data(number), self.mark_file(number)
        with self.there():
            self._make_folder(place)
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            mark = Mark(number, self.run, lines, path.stat().st_size, digest, failed, counts)
            write_durably(place, mark.as_text())
        return mark

    def replace_lines(
        self, number: int, made: Mapping[int, Pair], failed: tuple[int, ...], counts: Mapping[str, Any], first: int
    ) -> Mark:
        """Write a finished shard again with some new pairs, by position; `first` is the number of its first one."""
        with self.there():
            lines = self.data(number).read_text(encoding="utf-8").split("\n")[:-1]
        with self.writing(number) as stream:
            for k, line in enumerate(lines):
                if k in made:
                    write_whole(stream, made[k], first + k, jsonl.write_pair)
                else:
                    stream.write(line + "\n")
        return self.finish(number, len(lines), failed, counts)

    def copy(self, number: int, mark: Mark, output: IO[bytes]) -> None:
        """Write the bytes of a finished shard. Raises `RunFolderError` if they are not those that were marked."""
        digest = hashlib.sha256()
        with self.there(), self.data(number).open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
                output.write(block)
        if digest.hexdigest() != mark.sha256:
            self.mark_file(number).unlink(missing_ok=True)
            raise RunFolderError(
                f"damaged shard: {self.data(number)} has changed", hint="the same command processes it again"
            )

    def _make_folder(self, path: Path) -> None:
        """Make the folder of a file, but not the run folder itself."""
        if not path.parent.is_dir():
            self.folder.stat()
            path.parent.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def there(self) -> Iterator[None]:
        """Say so if an error comes from a run folder that somebody removed."""
        try:
            yield
        except (InputError, FileNotFoundError):
            if self.folder.is_dir():
                raise
            raise RunFolderError(
                f"run folder {self.folder} was removed during the run", hint="the same command starts over"
            ) from None
