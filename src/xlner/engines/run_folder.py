"""Run folders: they keep the finished shards of a long run, so that it can continue after a crash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from xlner.core.files import lock_folder, replacing_text, write_durably
from xlner.core.pair import Pair
from xlner.errors import InputError, RunFolderError, StoppedError
from xlner.formats import jsonl
from xlner.formats.by_name import read_pairs

DEFAULT_SHARD_SIZE = 250
_MANIFEST = "run.json"

T = TypeVar("T")


class RunFolder:
    """A folder that keeps the finished shards of one run.

    - `identity`: everything that the results depend on, such as options, versions and hashes of the input.
    - `shard_size`: sentences in a shard; a folder keeps the size that its run began with.
    - `overwrite`: remove the shards of an earlier run.

    `reused` has the numbers, from 1, of the shards that the last `run` found finished. Raises `RunFolderError` if the
    folder belongs to a run with another identity, is in use by another process, or cannot be created.

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
    ) -> None:
        self.path = Path(path)
        self.reused: list[int] = []
        self._lock = lock_folder(self.path)
        try:
            self.shard_size = self._open(json.loads(json.dumps(identity)), shard_size, overwrite)
        except BaseException:
            self.close()
            raise

    def _open(self, identity: Mapping[str, Any], shard_size: int, overwrite: bool) -> int:
        """Begin or resume a run, and return the shard size that it began with."""
        if overwrite:
            _clear(self.path)
        manifest = self._manifest()
        if manifest is None:
            manifest = {"identity": identity, "shard_size": shard_size}
            write_durably(self.path / _MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
        elif manifest["identity"] != identity:
            raise RunFolderError(
                f"{self.path} holds a run with another {_difference(manifest['identity'], identity)}",
                hint="use another folder, or --overwrite to start over",
            )
        return int(manifest["shard_size"])

    def run(
        self,
        items: Iterable[T],
        process: Callable[[Iterable[T]], Iterator[Pair]],
        on_progress: Callable[[int], None] = lambda n: None,
    ) -> Iterator[Pair]:
        """Process the items shard by shard, skip finished shards, and then yield all pairs in order.

        `on_progress` is called with the number of pairs that were done since its last call. If `process` raises
        `StoppedError`, the pairs of the shards before it are yielded, and then the error is raised.
        """
        iterator = iter(items)
        number = 0
        stopped: StoppedError | None = None
        self.reused = []
        while shard := list(islice(iterator, self.shard_size)):
            if self._finished(number, len(shard)):
                on_progress(len(shard))
                self.reused.append(number + 1)
            else:
                try:
                    self._write(number, process(shard), on_progress)
                except StoppedError as error:
                    stopped = error
                    break
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
        except (OSError, ValueError):
            return False
        return bool(mark == _mark(data) and mark["lines"] == expected)

    def _write(self, number: int, pairs: Iterable[Pair], on_progress: Callable[[int], None]) -> None:
        path = self._shard(number)
        with replacing_text(path, durable=True) as stream:
            for pair in pairs:
                jsonl.write_pair(stream, pair)
                on_progress(1)
        write_durably(path.with_suffix(".done"), json.dumps(_mark(path.read_bytes())))

    def _read(self, number: int) -> Iterator[Pair]:
        for item in read_pairs(self._shard(number)):
            if isinstance(item, InputError):
                raise RunFolderError(f"damaged shard: {item}", hint="use --overwrite to start over")
            yield item

    def _manifest(self) -> dict[str, Any] | None:
        try:
            text = (self.path / _MANIFEST).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            manifest = json.loads(text)
            return {"identity": manifest["identity"], "shard_size": manifest["shard_size"]}
        except (ValueError, KeyError, TypeError):
            raise RunFolderError(f"{self.path / _MANIFEST} is damaged", hint="use --overwrite to start over") from None


def file_digest(path: str | Path) -> str:
    """The SHA-256 hash of a file in hexadecimal digits, for the identity of a run.

    >>> file_digest("examples/es.txt") == file_digest("examples/gl.txt")
    False
    """
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _mark(data: bytes) -> dict[str, object]:
    return {"lines": data.count(b"\n"), "sha256": hashlib.sha256(data).hexdigest()}


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """The keys whose values differ, for a message."""
    differ = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    return ", ".join(differ)


def _clear(path: Path) -> None:
    """Remove the files of a run, and no others."""
    for old in (*path.glob("shard-*"), path / _MANIFEST):
        old.unlink(missing_ok=True)
