from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import Command
from xlner.engines import RayWorkers
from xlner.errors import BackendError, InputError, MissingExtraError, ValidationError


class RayActorError(Exception):
    """The error of Ray for an actor that died, by its name."""


class StubOfRay:
    """What `RayWorkers` uses of Ray, without Ray: actors run in this process, and a task that exits ends its actor."""

    def __init__(self, *machines: dict[str, float]) -> None:
        self.machines, self.alive, self.started, self.address = list(machines), 0, 0, ""
        self.environment: dict[str, str] = {}

    def is_initialized(self) -> bool:
        return False

    def init(self, address: str, **_: object) -> None:
        if address != "auto":
            raise ConnectionError(f"nothing at {address}.\nand a second line")
        self.address = address

    def shutdown(self) -> None:
        self.address = ""

    def nodes(self) -> list[dict[str, Any]]:
        return [{"Alive": True, "Resources": machine} for machine in self.machines]

    def available_resources(self) -> dict[str, float]:
        return {name: sum(machine.get(name, 0) for machine in self.machines) for name in ("CPU", "GPU")}

    def remote(self, **resources: float) -> Callable[[type], Any]:
        def actor(of: type, environment: dict[str, str]) -> SimpleNamespace:
            self.alive, self.started, self.environment = self.alive + 1, self.started + 1, environment
            inside = of(environment)

            def run(*task: Any) -> SimpleNamespace:
                pickle.dumps(task)
                done: Future[Any] = Future()
                try:
                    done.set_result(inside.run(*task))
                except SystemExit:
                    self.alive -= 1
                    done.set_exception(RayActorError("the actor died\nand more"))
                except BaseException as error:
                    done.set_exception(RuntimeError(f"not in an actor: {error!r}"))
                return SimpleNamespace(future=lambda: done)

            return SimpleNamespace(run=SimpleNamespace(remote=run))

        return lambda of: SimpleNamespace(remote=lambda environment: actor(of, environment))

    def wait(self, sent: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        return sent, []

    def get(self, sent: Any) -> Any:
        return sent.future().result()

    def kill(self, handle: Any) -> None:
        self.alive -= 1


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> StubOfRay:
    stub = StubOfRay({"CPU": 4.0, "GPU": 1.0}, {"CPU": 2.0, "GPU": 2.0}, {"CPU": 8.0})
    monkeypatch.setitem(sys.modules, "ray", stub)
    return stub


def fail() -> None:
    raise InputError("bad", path="in.txt", line=3)


def die() -> None:
    raise SystemExit


def interrupt() -> None:
    raise KeyboardInterrupt


def test_actors_run_tasks_and_are_replaced_when_they_die(ray: StubOfRay) -> None:
    with RayWorkers(2) as executor:
        assert executor.submit(pow, 2, 10).result() == 1024
        error = executor.submit(fail).exception()
        assert (type(error), str(error)) == (InputError, "in.txt:3: bad")
        assert (ray.alive, ray.started) == (1, 1)
        with pytest.raises(BrokenExecutor, match=r"^the actor died$"):
            executor.submit(die).result()
        assert executor.submit(pow, 2, 3).result() == 8
        assert (ray.alive, ray.started) == (1, 2)
        with pytest.raises(BackendError, match="Ray: not in an actor: KeyboardInterrupt"):
            executor.submit(interrupt).result()
    assert ray.address == ""


def test_a_task_that_cannot_be_sent_leaves_its_actor_idle(ray: StubOfRay) -> None:
    with RayWorkers(1) as executor:
        with pytest.raises(TypeError, match="cannot pickle"):
            executor.submit(id, Lock())
        assert executor.submit(pow, 2, 3).result() == 8
        assert ray.started == 1


def test_actors_use_the_device_and_the_engine_of_the_command(ray: StubOfRay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLNER_DEVICE", "cpu")
    monkeypatch.setenv("XLNER_ENGINE", "numpy")
    with RayWorkers(1) as executor:
        executor.submit(pow, 2, 10).result()
    assert ray.environment == {"XLNER_DEVICE": "cpu", "XLNER_ENGINE": "numpy"}


@pytest.mark.parametrize(
    ("workers", "resources", "said"),
    [
        (15, {}, "room for 14 of 15 actors with 1 CPU each"),
        (4, {"gpus": 1}, "room for 3 of 4 actors with 1 CPU and 1 GPU each"),
        (2, {"gpus": 2}, "room for 1 of 2 actors with 1 CPU and 2 GPUs each"),
        (4, {"cpus": 4}, "room for 3 of 4 actors with 4 CPUs each"),
    ],
)
def test_room_in_the_cluster_is_checked_before_anything_starts(
    ray: StubOfRay, workers: int, resources: dict[str, float], said: str
) -> None:
    with pytest.raises(BackendError, match=f"the Ray cluster has {said}; use fewer --workers"):
        RayWorkers(workers, **resources)  # type: ignore[arg-type]
    assert (ray.started, ray.address) == (0, "")
    RayWorkers(workers - 1, **resources).shutdown()  # type: ignore[arg-type]


def test_what_is_used_by_others_is_no_room(ray: StubOfRay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "available_resources", lambda: {"CPU": 2.0})
    with pytest.raises(BackendError, match="has free room for 2 of 3 actors"):
        RayWorkers(3)


def test_a_cluster_that_cannot_be_reached(ray: StubOfRay, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BackendError, match=r"^no Ray cluster at ray://head: nothing at ray://head; start one with"):
        RayWorkers(1, address="ray://head")
    with pytest.raises(ValidationError, match="0 workers do nothing"):
        RayWorkers(0)
    with pytest.raises(ValidationError, match="cannot work"):
        RayWorkers(1, cpus=0)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'xlner\[ray\]'"):
        RayWorkers(1)


def test_a_finished_run_needs_no_cluster(
    xlner: Command, fakes: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    text, out = tmp_path / "in.txt", tmp_path / "out.conll"
    text.write_text("Vigo\n", encoding="utf-8")
    command = ["label", text, "--lang", "gl", *fakes, "-o", out, "--run-dir", tmp_path / "run"]
    assert xlner(*command, "--engine", "ray").code == 2
    assert xlner(*command).code == 0
    made = out.read_bytes()
    out.unlink()
    assert xlner(*command, "--engine", "ray").code == 0
    assert out.read_bytes() == made


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="needs xlner[ray]")
def test_a_run_on_ray_gives_the_same_bytes(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    text = tmp_path / "in.txt"
    text.write_text("".join(f"Frase {k} en Vigo{' poison' * (k == 6)}\n" for k in range(8)), encoding="utf-8")
    command = ["label", text, "--lang", "gl", *fakes]
    ray = ["--engine", "ray", "--address", "local", "--workers", "2", "--shard-size", "4"]
    xlner(*command, "-o", tmp_path / "plain.conll")
    assert xlner(*command, *ray, "-o", tmp_path / "a.conll", "--run-dir", tmp_path / "a").code == 0
    assert (tmp_path / "a.conll").read_bytes() == (tmp_path / "plain.conll").read_bytes()
    command += ["--translator", "echo?die_on=poison"]
    ran = xlner(*command, *ray, "-o", tmp_path / "b.conll", "--run-dir", tmp_path / "b")
    assert ran.code == 1
    assert "1 of 8 sentences failed; (sentence 7): the process that worked on this sentence died" in ran.err
