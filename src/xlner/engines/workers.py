"""Worker processes on one machine, as an executor of `concurrent.futures`.

Every worker is a pool of one process: if it dies, it is known which task it had, no other task is lost, and a new
process takes its place.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from xlner.engines.worker_memory import own_memory
from xlner.errors import ValidationError
from xlner.models.threads import cpus

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_ATTEMPTS = 6
_PAUSE = 0.05
"""Seconds before the second attempt to start a process; the pause doubles each time."""
_GPUS = "CUDA_VISIBLE_DEVICES"


@dataclass(slots=True)
class _Process:
    """A pool of one process, which ends when no other process holds `alive`, the other end of its `ends_with`."""

    pool: ProcessPoolExecutor
    alive: Connection
    ends_with: Connection
    task: Future[Any] | None = None

    def end(self) -> None:
        """End the process at once."""
        self.alive.close()
        self.ends_with.close()
        self.pool.shutdown(wait=True, cancel_futures=True)

    def is_broken(self) -> bool:
        return self.task is not None and self.task.done() and isinstance(self.task.exception(), BrokenExecutor)

    def is_idle(self) -> bool:
        return self.task is None or self.task.done()


class WorkerProcesses(Executor):
    """Runs tasks in `workers` processes, which are started when the first task comes.

    No process has anything of this one but its environment and how often it collects garbage: on Linux they are forked
    from a new process that has only imported what this one has of xlner, elsewhere they are spawned. The CPUs of this
    process are shared out among them, and so are the GPUs. Processes end when this process ends, however that happens.
    A task whose process dies raises `BrokenExecutor`, and no other task does.

    Raises `ValidationError` for less than one worker.

    >>> with WorkerProcesses(1) as executor:
    ...     executor.submit(pow, 2, 10).result()
    1024
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise ValidationError(f"{workers} workers do nothing", hint="use 1 or more")
        self.workers = workers
        self._processes: list[_Process | None] = [None] * workers

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a function in an idle process; waits until there is one."""
        number = self._idle()
        for attempt in range(_ATTEMPTS):
            process = self._processes[number]
            if process is None or process.is_broken():
                process = self._started(number)
            try:
                with _environment(_share(number, self.workers)):  # the process may be started now
                    process.task = process.pool.submit(fn, *args, **kwargs)
            except (BrokenExecutor, ConnectionError, EOFError):  # it died while it had no task, or what forks it did
                process.end()
                self._processes[number] = None
                time.sleep(_PAUSE * 2**attempt)
                continue
            process.ends_with.close()
            return process.task
        raise BrokenExecutor("no worker process stays alive")

    def memory(self) -> int | None:
        """The most bytes that a worker has had for itself so far; None if none works, or the system does not tell."""
        sizes = [own_memory(child.pid) for child in active_children() if child.pid is not None]
        return max((size for size in sizes if size is not None), default=None)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: after their tasks if `wait` is set and `cancel_futures` is not, else at once."""
        for number, process in enumerate(self._processes):
            if process is not None:
                if wait and not cancel_futures:
                    process.pool.shutdown()
                process.end()
                self._processes[number] = None

    def __exit__(self, kind: object, *_: object) -> None:
        self.shutdown(cancel_futures=kind is not None)

    def _idle(self) -> int:
        while True:
            for number, process in enumerate(self._processes):
                if process is None or process.is_idle():
                    return number
            wait([p.task for p in self._processes if p is not None and p.task is not None], return_when=FIRST_COMPLETED)

    def _started(self, number: int) -> _Process:
        old = self._processes[number]
        if old is not None:
            old.end()
        share = _share(number, self.workers)
        context = _context(share[_THREADS[0]])
        ends_with, alive = context.Pipe(duplex=False)
        environment = {**os.environ, **share}
        begin = (ends_with, environment, gc.get_threshold())
        pool = ProcessPoolExecutor(1, mp_context=context, initializer=_begin, initargs=begin)
        self._processes[number] = process = _Process(pool, alive, ends_with)
        return process


_server: list[str] = []
"""How many threads the process that forks workers has; empty if there is none yet."""


def _context(threads: str) -> BaseContext:
    """How a process with so many threads is started. Importing xlner takes longer than forking a process that has."""
    if sys.platform != "linux":  # the libraries of other systems must not be forked
        return get_context("spawn")
    if not _server:
        _server.append(threads)
        get_context("forkserver").set_forkserver_preload(
            [name for name in tuple(sys.modules) if name.startswith("xlner.")]
        )
    return get_context("forkserver" if _server == [threads] else "spawn")


def _begin(ends_with: Connection, environment: Mapping[str, str], garbage: tuple[int, int, int]) -> None:
    """Take an environment and thresholds, ignore interrupts, which the first process handles, and end with that one."""
    gc.set_threshold(*garbage)
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        try:
            ends_with.recv_bytes()
        except (EOFError, OSError):
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _share(number: int, workers: int) -> dict[str, str]:
    """The environment of a worker: its share of the CPUs and GPUs."""
    threads = str(max(1, cpus() // workers))
    gpus = visible_gpus(os.environ, Path("/proc/driver/nvidia/gpus"))
    share = dict.fromkeys(_THREADS, threads)
    return {**share, _GPUS: gpus[number % len(gpus)]} if len(gpus) > 1 else share


def visible_gpus(environment: Mapping[str, str], driver: Path) -> list[str]:
    """The names of the GPUs that CUDA sees, without loading it.

    >>> visible_gpus({"CUDA_VISIBLE_DEVICES": "2,3"}, Path("none")), visible_gpus({}, Path("none"))
    (['2', '3'], [])
    """
    if _GPUS in environment:
        return [name for name in environment[_GPUS].split(",") if name.strip()]
    try:
        return [str(number) for number, _ in enumerate(driver.iterdir())]
    except OSError:
        return []


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment for processes that are started meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
