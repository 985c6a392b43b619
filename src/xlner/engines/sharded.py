"""Run the shards of a plan, in this process or with any executor of `concurrent.futures`."""

from __future__ import annotations

import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from platform import node
from typing import Any

from xlner.engines.plan import Plan, Reader, Shard
from xlner.engines.shard_files import Mark, ShardFiles
from xlner.engines.work import Job, Worker, Written
from xlner.errors import BackendError, DataWarning, StoppedError, UsageError
from xlner.pipeline.any_pipeline import AnyPipeline

_DEATHS = 2
"""Deaths of its worker after which the sentences of a shard are suspected."""
_SEARCHES = 3
"""Searches for such a sentence in a shard that find none, after which the run ends."""
_AT_ONCE = 64

MakeJob = Callable[[], "Job | AnyPipeline"]


@dataclass(slots=True)
class Progress:
    """What a run did: the numbers of the shards that were finished before it, the failed sentences that were run again
    and those of them that failed again, the sentences that ended their worker, and why it stopped before its end.

    >>> Progress().reused
    []
    """

    reused: list[int] = field(default_factory=list)
    retried: int = 0
    still_failed: int = 0
    deaths: int = 0
    stopped: StoppedError | None = None


@dataclass(frozen=True, slots=True)
class _Task:
    """What to do with a shard: run, retry or write it; or probe the positions from `start` to `end`."""

    kind: str
    shard: Shard
    start: int = 0
    end: int = 0
    dead: frozenset[int] = frozenset()

    @property
    def key(self) -> tuple[str, int, int, int]:
        """What tells it from other tasks."""
        return self.kind, self.shard.number, self.start, self.end


def run_sharded(
    plan: Plan,
    make_pipeline: MakeJob,
    folder: str | Path,
    *,
    read: Reader | None = None,
    written: Written | None = None,
    executor: Executor | None = None,
    at_once: int = _AT_ONCE,
    shards: Iterable[int] | None = None,
    retry_failed: bool = False,
    on_progress: Callable[[int], None] = lambda n: None,
) -> Progress:
    """Process the shards of a plan that are not finished, and mark them in a folder.

    - `make_pipeline`: makes the pipeline, once in each worker; a `Job` or a pipeline. It must pickle.
    - `read`: reads all items of the input, at each call; it must pickle. A `Job` has it already.
    - `written`: how the output is written; None for JSONL with everything.
    - `executor`: where shards are processed, such as a `ProcessPoolExecutor`, or one of Dask, MPI or submitit; by
      default in this process. The workers need to see the folder and the input under the same paths.
    - `at_once`: shards that are submitted at the same time.
    - `shards`: the numbers of the shards to process, from 0; all by default.
    - `retry_failed`: process the failed sentences of finished shards again.
    - `on_progress`: is called with the number of sentences that were done since its last call.

    If a process dies that works on a shard, the shard runs again. After two deaths it is halved until the sentence is
    found that ends the process; that sentence gets an error. If a stage stops the run, finished shards stay, and
    `stopped` of the result says why.

    Raises the errors of reading and of the pipeline, and `BackendError` if workers die for no sentence, or if a worker
    makes a pipeline with another fingerprint than `pipeline` in the identity of the plan.

    >>> from tempfile import TemporaryDirectory
    >>> from xlner import Pair, Pipeline, read_sentences
    >>> from xlner.engines import join, make_plan
    >>> def read():
    ...     return map(Pair, read_sentences("examples/es.txt", language="es"))
    >>> def make_pipeline():
    ...     return Pipeline("echo", "gazetteer:examples/names.tsv", "oracle", target_lang="es")
    >>> plan = make_plan({"names": 1}, read, {"examples/es.txt": "text"}, shard_size=3)
    >>> with TemporaryDirectory() as folder:  # doctest: +SKIP
    ...     progress = run_sharded(plan, make_pipeline, folder, read=read)
    ...     joined = join(plan, folder, "labeled.jsonl")
    """
    files = ShardFiles(Path(folder), plan.run)
    run = _Run(
        plan=plan,
        make_pipeline=make_pipeline,
        read=read,
        written=written,
        files=files,
        retry_failed=retry_failed,
        on_progress=on_progress,
    )
    numbers = range(plan.shards) if shards is None else list(shards)
    if executor is None:
        run.here(numbers)
    else:
        run.with_executor(numbers, executor, at_once)
    return run.progress


@dataclass(slots=True, kw_only=True)
class _Run:
    """The state of one call of `run_sharded`."""

    plan: Plan
    make_pipeline: MakeJob
    read: Reader | None
    written: Written | None
    files: ShardFiles
    retry_failed: bool
    on_progress: Callable[[int], None]
    progress: Progress = field(default_factory=Progress)
    waiting: deque[_Task] = field(default_factory=deque)
    deaths: Counter[tuple[str, int, int, int]] = field(default_factory=Counter)
    searches: dict[int, _Search] = field(default_factory=dict)
    fruitless: Counter[int] = field(default_factory=Counter)
    errors: list[tuple[int, BaseException]] = field(default_factory=list)
    said: set[str] = field(default_factory=set)

    def here(self, numbers: Sequence[int]) -> None:
        """Process the shards in this process, in order."""
        worker: Worker | None = None
        for number in numbers:
            task = self._task(number)
            if task is None:
                continue
            if worker is None:
                worker = Worker(_job(self.make_pipeline, self.read), self.files, self.written)
                worker.on_progress = self.on_progress
            try:
                self._take(task, _do(worker, task), counted=True)
            except StoppedError as stopped:
                self.progress.stopped = stopped
                return

    def with_executor(self, numbers: Sequence[int], executor: Executor, at_once: int) -> None:
        """Process the shards with an executor."""
        todo = iter(numbers)
        running: dict[Future[Any], _Task] = {}
        while True:
            while not self.errors and self.progress.stopped is None and len(running) < at_once:
                task = self.waiting.popleft() if self.waiting else self._next(todo)
                if task is None:
                    break
                try:
                    make = _MakeJob(self.make_pipeline, self.read, self.plan.pipeline)
                    future = executor.submit(_work, make, self.written, self.files, task)
                except BrokenExecutor as error:
                    hint = "with a new one the same call goes on"
                    raise BackendError(f"the executor takes no more work: {error}", hint=hint) from None
                running[future] = task
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                self._ended(running.pop(future), future)
        if self.errors:
            raise min(self.errors, key=lambda error: error[0])[1]

    def _next(self, todo: Iterable[int]) -> _Task | None:
        """What is to be done with the next shard that is not finished."""
        for number in todo:
            task = self._task(number)
            if task is not None:
                return task
        return None

    def _task(self, number: int) -> _Task | None:
        shard = self.plan.shard(number)
        mark = self.files.finished(number, shard.count)
        if mark is None:
            return _Task("run", shard)
        self.progress.reused.append(number)
        self.on_progress(shard.count)
        if self.retry_failed and mark.failed:
            return _Task("retry", shard)
        is_written = self.written is None or self.written.files(self.files).finished(number, shard.count)
        return None if is_written else _Task("write", shard)

    def _ended(self, task: _Task, future: Future[Any]) -> None:
        try:
            result = future.result()
        except BrokenExecutor:
            self._died(task)
        except StoppedError as stopped:
            self.progress.stopped = stopped
        except BaseException as error:
            self.errors.append((task.shard.number, error))
        else:
            self._take(task, result)

    def _take(self, task: _Task, result: Any, *, counted: bool = False) -> None:
        """Count what a worker did; the sentences are `counted` if it has said how many are done."""
        if task.kind == "run":
            self.on_progress(0 if counted else task.shard.count)
            if result is not None:
                self._say(result)
        elif task.kind == "retry":
            retried, failed = result
            self.progress.retried += retried
            self.progress.still_failed += failed
        elif task.kind == "probe":
            self._searched(task.shard)

    def _say(self, mark: Mark) -> None:
        """Say what was said in another process."""
        for text in mark.counts.get("said", {}):
            if text not in self.said:
                self.said.add(text)
                warnings.warn(text, DataWarning, stacklevel=2)

    def _died(self, task: _Task) -> None:
        """Run a task again; after two deaths search the sentence that ends its worker."""
        number = task.shard.number
        self.deaths[task.key] += 1
        enough = 1 if task.kind == "probe" and task.end - task.start > 1 else _DEATHS
        if self.deaths[task.key] < enough:
            self.waiting.append(task)
            return
        del self.deaths[task.key]
        if task.kind == "probe":
            search = self.searches[number]
            if task.end - task.start == 1:
                search.found.add(task.start)
                self.progress.deaths += 1
                self._searched(task.shard)
                return
            middle = (task.start + task.end) // 2
            search.open += 1
            for start, end in ((task.start, middle), (middle, task.end)):
                self.waiting.append(_Task("probe", task.shard, start, end, task.dead))
            return
        if self.fruitless[number] >= _SEARCHES:
            text = f"the worker of shard {number + 1} died again and again, and no sentence of it does that alone"
            hint = "if memory is short, use fewer --workers or a smaller --batch-words"
            self.errors.append((number, BackendError(text, hint=hint)))
            return
        search = self.searches.setdefault(number, _Search(task.kind))
        search.open = 1
        self.waiting.append(_Task("probe", task.shard, 0, task.shard.count, frozenset(search.found)))

    def _searched(self, shard: Shard) -> None:
        """A part of a shard was searched; after the last one the shard runs without what was found."""
        search = self.searches[shard.number]
        search.open -= 1
        if search.open:
            return
        self.fruitless[shard.number] += len(search.found) == search.known
        search.known = len(search.found)
        self.waiting.append(_Task(search.kind, shard, dead=frozenset(search.found)))


@dataclass(slots=True)
class _Search:
    """The search for sentences of a shard that end its worker: what was to be done, parts to search, what was found."""

    kind: str
    open: int = 0
    found: set[int] = field(default_factory=set)
    known: int = 0


def _do(worker: Worker, task: _Task) -> Any:
    if task.kind == "run":
        return worker.run(task.shard, task.dead)
    if task.kind == "retry":
        return worker.retry(task.shard, task.dead)
    if task.kind == "write":
        return worker.write(task.shard)
    return worker.probe(task.shard, task.start, task.end, task.dead)


def _job(make_pipeline: MakeJob, read: Reader | None) -> Job:
    made = make_pipeline()
    if isinstance(made, Job):
        return made
    if read is None:
        raise UsageError("run_sharded needs to know how the input is read", hint="give read")
    return Job(made, read)


@dataclass(frozen=True, slots=True)
class _MakeJob:
    """Makes the job in a worker, which may be on another machine, and compares the fingerprint of its pipeline."""

    make_pipeline: MakeJob
    read: Reader | None
    fingerprint: str | None

    def __call__(self) -> Job:
        job = _job(self.make_pipeline, self.read)
        if self.fingerprint is not None and job.pipeline.fingerprint != self.fingerprint:
            hint = "install the same versions and models on all machines"
            raise BackendError(f"{node()} has another pipeline than the one of the run", hint=hint)
        return job


_workers: dict[tuple[Path, str], Worker] = {}
"""The worker of this process for its last run."""


def _work(make: _MakeJob, written: Written | None, files: ShardFiles, task: _Task) -> Any:
    """Do a task in a process of an executor, with the pipeline of the task before."""
    key = (files.folder.absolute(), f"{files.run}-{written.key}" if written else files.run)
    if key not in _workers:
        _workers.clear()
        _workers[key] = Worker(make(), files, written, aloud=False)
    return _do(_workers[key], task)
