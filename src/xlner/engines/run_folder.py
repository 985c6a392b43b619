"""Run folders: they keep the finished shards of a long run, so that it can continue after a crash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeVar

from xlner.core.files import lock_folder
from xlner.core.pair import Pair
from xlner.engines.plan import START_OVER, Plan, read_plan
from xlner.engines.run_files import clear, refuse_old_run, remove_temporary, require_run_folder
from xlner.engines.shard_files import Mark, ShardFiles
from xlner.engines.work import read_shard
from xlner.errors import InputError, RunFolderError, StoppedError
from xlner.formats import jsonl
from xlner.formats.writing import write_whole

DEFAULT_SHARD_SIZE = 250

T = TypeVar("T")


def locked_run_folder(folder: Path) -> IO[str]:
    """Create a run folder if needed, and keep other processes out of it until the result is closed.

    Raises `RunFolderError` if it cannot be created, holds other files and no run, or is in use by another process.
    """
    require_run_folder(folder)
    return lock_folder(folder)


def begin_or_resume(
    folder: Path,
    identity: Mapping[str, Any],
    make: Callable[[], Plan],
    *,
    overwrite: bool,
    explain: Callable[[], str] = str,
) -> Plan:
    """The plan of the run in a folder, or a new one.

    - `make`: makes the plan of a new run.
    - `overwrite`: remove the shards of an earlier run, and nothing else.
    - `explain`: says more about the difference to a run with another identity; empty if nothing is known.

    Raises `RunFolderError` if the folder belongs to a run with another identity or of an older version.
    """
    if overwrite:
        clear(folder)
    refuse_old_run(folder)
    found = read_plan(folder)
    if found is None:
        plan = make()
        plan.save(folder)
        return plan
    wanted = Plan(identity, 1)
    if found.identity != identity:
        more = explain()
        different = found.difference(wanted) + (f" ({more})" if more else "")
        raise RunFolderError(f"{folder} holds a run with another {different}", hint=START_OVER)
    return found


class RunFolder:
    """A folder that keeps the finished shards of a run over items in memory. For files see `run_sharded`.

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
        wanted = Plan(dict(identity), shard_size).as_saved()
        self._lock = locked_run_folder(self.path)
        try:
            plan = begin_or_resume(self.path, wanted.identity, lambda: wanted, overwrite=overwrite)
        except BaseException:
            self.close()
            raise
        remove_temporary(self.path)
        self.shard_size = plan.shard_size
        self._files = ShardFiles(self.path, plan.run)

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
            mark = self._files.finished(number, len(shard))
            if stopped is not None and not mark:
                break
            try:
                if mark is None:
                    self._write(number, process(shard), on_progress)
                elif self.retry_failed and stopped is None:
                    self._retry(number, mark, shard, process)
            except StoppedError as error:
                stopped = error
                if mark is None:
                    break
            if mark is not None:
                on_progress(len(shard))
                self.reused.append(number + 1)
            number += 1
        for done in range(number):
            yield from read_shard(self._files, done)
        if stopped is not None:
            raise stopped

    def close(self) -> None:
        """Unlock the folder for other processes."""
        self._lock.close()

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _write(self, number: int, pairs: Iterable[Pair], on_progress: Callable[[int], None]) -> None:
        lines, failed = 0, list[int]()
        with self._files.writing(number) as stream:
            for lines, pair in enumerate(pairs, start=1):
                write_whole(stream, pair, lines + number * self.shard_size, jsonl.write_pair)
                if pair.error is not None:
                    failed.append(lines - 1)
                on_progress(1)
        self._files.finish(number, lines, tuple(failed), {})

    def _retry(self, number: int, mark: Mark, shard: list[T], process: Callable[[Iterable[T]], Iterator[Pair]]) -> None:
        """Process the failed sentences of a finished shard again; the lines of the others stay as they are."""
        failed = [k for k in mark.failed if not isinstance(shard[k], InputError)]
        made: list[Pair] = []
        try:
            if failed:
                made.extend(process([shard[k] for k in failed]))
        finally:  # a run that stops keeps what it did
            done = dict(zip(failed, made, strict=False))
            if done:
                still = [k for k in mark.failed if k not in done or done[k].error is not None]
                self._files.replace_lines(number, done, tuple(still), {}, 1 + number * self.shard_size)
            self.retried += len(made)
            self.still_failed += sum(pair.error is not None for pair in made)


def file_digest(path: str | Path) -> str:
    """The SHA-256 hash of a file in hexadecimal digits, for the identity of a run.

    >>> file_digest("examples/es.txt") == file_digest("examples/gl.txt")
    False
    """
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
