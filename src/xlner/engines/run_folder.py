"""Run folders: they keep the finished shards of a long run, so that it can continue after a crash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from xlner.core.files import lock_folder, replacing_text, write_durably
from xlner.core.pair import Pair
from xlner.engines.run_files import MANIFEST, Manifest, clear, read_manifest, require_run_folder
from xlner.errors import InputError, RunFolderError, StoppedError, ValidationError
from xlner.formats import jsonl
from xlner.formats.by_name import read_pairs
from xlner.formats.writing import write_whole

DEFAULT_SHARD_SIZE = 250

T = TypeVar("T")


class RunFolder:
    """A folder that keeps the finished shards of one run.

    - `identity`: everything that the results depend on, such as options, versions and hashes of the input.
    - `shard_size`: sentences in a shard; a folder keeps the size that its run began with.
    - `overwrite`: remove the shards of an earlier run, and nothing else.
    - `retry_failed`: process the failed sentences of finished shards again, and no others of them.

    `reused` has the numbers, from 1, of the shards that the last `run` found finished; `retried` counts the failed
    sentences that it processed again, and `still_failed` those of them that failed again.

    Raises `RunFolderError` if the folder belongs to a run with another identity, holds other files and no run, is in
    use by another process, or cannot be created.

    >>> from tempfile import TemporaryDirectory
    >>> from xlner import RecognitionPipeline, Sentence
    >>> from xlner.fakes import DictionaryRecognizer
    >>> pipeline = RecognitionPipeline(DictionaryRecognizer({"Vigo": "LOC"}), lang="gl")
    >>> with TemporaryDirectory() as path, RunFolder(path, {"pipeline": pipeline.fingerprint}) as folder:
    ...     [pair.labeled.tags() for pair in folder.run([Sentence(("Vigo",))], pipeline.run)]
    [['B-LOC']]
    """

    def __init__(
        self,
        path: str | Path,
        identity: Mapping[str, Any],
        *,
        shard_size: int = DEFAULT_SHARD_SIZE,
        overwrite: bool = False,
        retry_failed: bool = False,
    ) -> None:
        self.path = Path(path)
        self.retry_failed = retry_failed
        self.reused: list[int] = []
        self.retried = self.still_failed = 0
        if shard_size < 1:
            raise ValidationError(f"shard_size {shard_size} holds no sentence", hint="use 1 or more")
        require_run_folder(self.path)
        self._lock = lock_folder(self.path)
        try:
            self._manifest = self._open(Manifest(json.loads(json.dumps(identity)), shard_size), overwrite)
        except BaseException:
            self.close()
            raise
        self.shard_size = self._manifest.shard_size
        self._run = hashlib.sha256(self._manifest.as_text().encode()).hexdigest()

    def _open(self, wanted: Manifest, overwrite: bool) -> Manifest:
        """Begin or resume a run; its manifest has the shard size that it began with."""
        if overwrite:
            clear(self.path)
        found = read_manifest(self.path)
        if found is None:
            write_durably(self.path / MANIFEST, wanted.as_text())
            return wanted
        if found.identity != wanted.identity:
            raise RunFolderError(
                f"{self.path} holds a run with another {found.difference(wanted)}",
                hint="use another folder, or --overwrite to start over",
            )
        return found

    def run(
        self,
        items: Iterable[T],
        process: Callable[[Iterable[T]], Iterator[Pair]],
        on_progress: Callable[[int], None] = lambda n: None,
    ) -> Iterator[Pair]:
        """Process the items shard by shard, skip finished shards, and then yield all pairs in order.

        `on_progress` is called with the number of pairs that were done since its last call. If `process` raises
        `StoppedError`, the pairs of all finished shards up to the first unfinished one are yielded, and then the error
        is raised.
        """
        iterator = iter(items)
        number = 0
        stopped: StoppedError | None = None
        self.reused = []
        self.retried = self.still_failed = 0
        while shard := list(islice(iterator, self.shard_size)):
            finished = self._finished(number, len(shard))
            if stopped is not None and not finished:
                break
            try:
                if not finished:
                    self._write(number, process(shard), on_progress)
                elif self.retry_failed and stopped is None:
                    self._retry(number, shard, process)
            except StoppedError as error:
                stopped = error
                if not finished:
                    break
            if finished:
                on_progress(len(shard))
                self.reused.append(number + 1)
            number += 1
        for done in range(number):
            yield from self._read(done)
        if stopped is not None:
            raise stopped

    def close(self) -> None:
        """Unlock the folder for other processes."""
        self._lock.close()

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _shard(self, number: int) -> Path:
        return self.path / f"shard-{number:06d}.jsonl"

    def _finished(self, number: int, expected: int) -> bool:
        """True if the shard has a mark with the right hash and number of lines."""
        path = self._shard(number)
        try:
            mark = json.loads(path.with_suffix(".done").read_text(encoding="utf-8"))
            data = path.read_bytes()
        except (OSError, ValueError, RecursionError):
            return False
        return bool(mark == self._mark(number, data) and mark["lines"] == expected)

    def _mark(self, number: int, data: bytes) -> dict[str, object]:
        """What a finished shard is marked with: its number, its run and its content."""
        return {
            "shard": number,
            "run": self._run,
            "lines": data.count(b"\n"),
            "sha256": hashlib.sha256(data).hexdigest(),
        }

    def _write(self, number: int, pairs: Iterable[Pair], on_progress: Callable[[int], None]) -> None:
        path = self._shard(number)
        with self._there(), replacing_text(path, durable=True) as stream:
            for place, pair in enumerate(pairs, start=1 + number * self.shard_size):
                write_whole(stream, pair, place, jsonl.write_pair)
                on_progress(1)
        self._finish(number)

    def _retry(self, number: int, shard: list[T], process: Callable[[Iterable[T]], Iterator[Pair]]) -> None:
        """Process the failed sentences of a finished shard again; the lines of the others stay as they are."""
        lines = self._shard(number).read_text(encoding="utf-8").split("\n")[:-1]
        done = zip(shard, self._read(number), strict=True)
        failed = [k for k, (item, pair) in enumerate(done) if pair.error and not isinstance(item, InputError)]
        made: list[Pair] = []
        try:
            if failed:
                made.extend(process([shard[k] for k in failed]))
        finally:  # a run that stops keeps what it did
            self._replace(number, lines, dict(zip(failed, made, strict=False)))

    def _replace(self, number: int, lines: list[str], made: Mapping[int, Pair]) -> None:
        """Write a finished shard again with some new pairs, by their places in it."""
        if not made:
            return
        path = self._shard(number)
        with self._there(), replacing_text(path, durable=True) as stream:
            for k, line in enumerate(lines):
                if k in made:
                    write_whole(stream, made[k], 1 + number * self.shard_size + k, jsonl.write_pair)
                else:
                    stream.write(line + "\n")
        self._finish(number)
        self.retried += len(made)
        self.still_failed += sum(pair.error is not None for pair in made.values())

    def _finish(self, number: int) -> None:
        """Mark a shard as finished."""
        path = self._shard(number)
        with self._there():
            write_durably(path.with_suffix(".done"), json.dumps(self._mark(number, path.read_bytes())))

    def _read(self, number: int) -> Iterator[Pair]:
        with self._there():
            for item in read_pairs(self._shard(number)):
                if isinstance(item, InputError):
                    raise RunFolderError(f"damaged shard: {item}", hint="use --overwrite to start over")
                yield item

    @contextmanager
    def _there(self) -> Iterator[None]:
        """Say so if an error comes from a run folder that somebody removed."""
        try:
            yield
        except (InputError, FileNotFoundError):
            if self.path.is_dir():
                raise
            raise RunFolderError(
                f"run folder {self.path} was removed during the run", hint="the same command starts over"
            ) from None


def file_digest(path: str | Path) -> str:
    """The SHA-256 hash of a file in hexadecimal digits, for the identity of a run.

    >>> file_digest("examples/es.txt") == file_digest("examples/gl.txt")
    False
    """
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
