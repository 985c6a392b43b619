"""Workers on the machines of a Ray cluster, as an executor of `concurrent.futures`.

Ray only places processes: shards, their order and their files are those of every other run. A worker is an actor that
keeps its models. If it dies, its task fails with `BrokenExecutor`, and another actor takes its place, on any machine.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from xlner.errors import BackendError, MissingExtraError, ValidationError
from xlner.models.e5.engines import VARIABLE as ENGINE
from xlner.models.loading import DEVICE

_PATIENCE = 60.0
"""Seconds that an actor may take to start."""
_DEATHS = frozenset({"RayActorError", "WorkerCrashedError", "NodeDiedError", "OutOfMemoryError", "ObjectLostError"})
"""The errors of Ray that say that a process or its machine is gone."""
_CPU, _GPU = "CPU", "GPU"
_PASSED_ON = (DEVICE, ENGINE)
"""Variables of the environment that results depend on; an actor has those of `ray start` otherwise."""


@dataclass(frozen=True, slots=True)
class ActorResources:
    """What each actor has for itself.

    Raises `ValidationError` for less than nothing, or no CPU.

    >>> ActorResources(2, 0.5).rooms([{"CPU": 16.0, "GPU": 1.0}, {"CPU": 5.0, "GPU": 4.0}])
    4
    """

    cpus: float = 1
    gpus: float = 0

    def __post_init__(self) -> None:
        if not self.cpus > 0 or self.gpus < 0:
            raise ValidationError(f"an actor with {self.cpus:g} CPUs and {self.gpus:g} GPUs cannot work")

    def rooms(self, machines: Iterable[Mapping[str, float]]) -> int:
        """How many actors machines with these resources have room for."""
        return sum(self._rooms_of(machine) for machine in machines)

    def _rooms_of(self, machine: Mapping[str, float]) -> int:
        wanted = [(machine.get(_CPU, 0), self.cpus), (machine.get(_GPU, 0), self.gpus)]
        return min(int(has / each + 1e-9) for has, each in wanted if each)

    def __str__(self) -> str:
        found = [f"{n:g} {name}{'s' * (n != 1)}" for n, name in ((self.cpus, _CPU), (self.gpus, _GPU)) if n]
        return " and ".join(found)


@dataclass(slots=True)
class _Actor:
    """An actor and its last task."""

    handle: Any
    task: Future[Any] | None = None
    is_dead: bool = False

    def is_idle(self) -> bool:
        return self.task is None or self.task.done()


class RayWorkers(Executor):
    """Runs tasks in `workers` actors of a Ray cluster, which are started when the first task comes.

    - `cpus`, `gpus`: what each actor has for itself. Ray sets `OMP_NUM_THREADS` and `CUDA_VISIBLE_DEVICES` for it.
    - `address`: `auto` for the cluster that this machine belongs to, `local` for a cluster of this machine alone that
      ends with the executor, or an address such as `ray://head:10001`.

    The machines need the same versions, and the files of the run under the same paths. A task whose actor dies raises
    `BrokenExecutor`; if machines are lost, the actors that still find room go on.

    Raises `MissingExtraError` without Ray, `ValidationError` for less than one worker, and `BackendError` if there is
    no cluster, or no room in it for the actors.

    >>> with RayWorkers(16, gpus=1) as executor:  # doctest: +SKIP
    ...     run_sharded(plan, make_pipeline, executor=executor)
    """

    def __init__(self, workers: int, *, cpus: float = 1, gpus: float = 0, address: str = "auto") -> None:
        if workers < 1:
            raise ValidationError(f"{workers} workers do nothing", hint="use 1 or more")
        self.resources = ActorResources(cpus, gpus)
        self.workers = workers
        self._actors: list[_Actor] = []
        self._ray = _connected(address)
        try:
            self._require_room()
        except BaseException:
            self._ray.shutdown()
            raise

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a function in an idle actor; waits until there is one. Raises `BrokenExecutor` if none stays alive."""
        actor = self._idle()
        task: Future[Any] = Future()
        sent = actor.handle.run.remote(fn, args, kwargs).future()  # raises for what cannot be pickled
        actor.task = task
        sent.add_done_callback(lambda found: _pass_on(found, actor, task))
        return task

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the actors: after their tasks if `wait` is set and `cancel_futures` is not, else at once."""
        if wait and not cancel_futures:
            _wait([actor.task for actor in self._actors if actor.task is not None])
        for actor in self._actors:
            self._ray.kill(actor.handle)
        self._actors = []
        self._ray.shutdown()

    def __exit__(self, kind: object, *_: object) -> None:
        self.shutdown(cancel_futures=kind is not None)

    def _require_room(self) -> None:
        """Raise `BackendError` unless the cluster has what the actors ask for: Ray would wait for it forever."""
        rooms, free = self._rooms(), self.resources.rooms([self._ray.available_resources()])
        if min(rooms, free) < self.workers:
            has = f"room for {rooms}" if rooms < self.workers else f"free room for {free}"
            text = f"the Ray cluster has {has} of {self.workers} actors with {self.resources} each"
            raise BackendError(text, hint="use fewer --workers, --cpus-per-worker or --gpus-per-worker")

    def _rooms(self) -> int:
        return self.resources.rooms(node["Resources"] for node in self._ray.nodes() if node["Alive"])

    def _idle(self) -> _Actor:
        while True:
            self._actors = [actor for actor in self._actors if not actor.is_dead]
            if idle := [actor for actor in self._actors if actor.is_idle()]:
                return idle[0]
            if len(self._actors) < self.workers and (started := self._started()) is not None:
                self._actors.append(started)
                return started
            if not self._actors:
                raise BrokenExecutor("no machine of the Ray cluster has room for an actor")
            _wait([actor.task for actor in self._actors if actor.task is not None], any_of_them=True)

    def _started(self) -> _Actor | None:
        """A new actor; None if it does not start, as when its machine has just been lost."""
        options = {"num_cpus": self.resources.cpus, "num_gpus": self.resources.gpus}
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        give_up = time.monotonic() + _PATIENCE
        while (left := give_up - time.monotonic()) > 0:
            if self._rooms() <= len(self._actors):  # others have room, or none has
                if self._actors:
                    return None
                time.sleep(min(1.0, left))
                continue
            handle = self._ray.remote(**options)(_Runner).remote(environment)
            ready, _ = self._ray.wait([handle.run.remote(os.getpid, (), {})], timeout=left)
            if ready and self._answers(ready[0]):
                return _Actor(handle)
            self._ray.kill(handle)
        return None

    def _answers(self, sent: Any) -> bool:
        try:
            self._ray.get(sent)
        except Exception as error:
            if _is_death(error):
                return False
            raise BackendError(
                f"Ray: {_first_line(error)}", hint="all machines need the same versions of xlner, Python and Ray"
            ) from None
        return True


class _Runner:
    """What is in an actor, which gets some variables of the environment."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        os.environ.update(environment)

    def run(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[bool, Any]:
        """Whether a function returned, and what it returned or raised: Ray would make another error of an error."""
        try:
            return True, fn(*args, **kwargs)
        except Exception as error:
            return False, error


def _connected(address: str) -> Any:
    """Ray, connected with a cluster."""
    try:
        ray = import_module("ray")
    except ModuleNotFoundError:
        raise MissingExtraError("Ray", extra="ray") from None
    if ray.is_initialized():
        raise BackendError("this process is connected with a Ray cluster already", hint="call ray.shutdown() before")
    quiet = {"log_to_driver": False, "logging_level": "ERROR", "configure_logging": False}
    try:
        if address == "local":
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            ray.init(address="local", include_dashboard=False, **quiet)
        else:
            ray.init(address=address, **quiet)
    except Exception as error:
        hint = "start one with `ray start --head`, give its --address, or use --address local"
        raise BackendError(f"no Ray cluster at {address}: {_first_line(error)}", hint=hint) from None
    return ray


def _pass_on(found: Future[Any], actor: _Actor, task: Future[Any]) -> None:
    """Give a task what its actor returned; called in a thread of Ray."""
    error = found.exception()
    if error is None:
        returned, value = found.result()
        if returned:
            task.set_result(value)
        else:
            task.set_exception(value)
        return
    actor.is_dead = True
    if _is_death(error):
        task.set_exception(BrokenExecutor(_first_line(error)))
    else:
        task.set_exception(BackendError(f"Ray: {_first_line(error)}"))


def _is_death(error: BaseException) -> bool:
    return any(kind.__name__ in _DEATHS for kind in type(error).__mro__)


def _first_line(error: BaseException) -> str:
    """What an error says, without the period, so that a hint can follow."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")


def _wait(tasks: list[Future[Any]], *, any_of_them: bool = False) -> None:
    if any_of_them:
        wait(tasks, return_when=FIRST_COMPLETED)
    else:
        wait(tasks)
