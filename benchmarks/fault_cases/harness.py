"""Faults as functions, and how they run xlner."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NAMES = {"Vigo": "LOC", "Lugo": "LOC", "Ana": "PER", "Renfe": "ORG"}
_TIMEOUT = 120
_SHOWN = 110


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, what is promised, and a function that causes it in a folder and returns what was seen.

    The function raises `NotAsPromised` if something else is seen, and returns None where the fault cannot be caused.
    """

    name: str
    promised: str
    cause: Callable[[Path], str | None]


FAULTS: list[Fault] = []


class NotAsPromised(Exception):  # noqa: N818 - it reads better
    """What was seen instead."""


def fault(name: str, promised: str) -> Callable[[Callable[[Path], str | None]], Callable[[Path], str | None]]:
    """Add a function to the faults."""

    def add(cause: Callable[[Path], str | None]) -> Callable[[Path], str | None]:
        FAULTS.append(Fault(name, promised, cause))
        return cause

    return add


def need(condition: object, seen: object) -> None:
    """Raise `NotAsPromised` unless the condition holds."""
    if not condition:
        raise NotAsPromised(" ".join(str(seen).split())[-4 * _SHOWN :])


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def last(self) -> str:
        """The last line that it said, short enough for a table."""
        line = (self.err.strip().splitlines() or [f"exit code {self.code}"])[-1]
        return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def command(*arguments: object, program: Path | None = None) -> list[str]:
    """The command line of xlner, or of a program that registers plugins and then runs it."""
    start = [sys.executable, "-m", "xlner"] if program is None else [sys.executable, str(program)]
    return [*start, *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    """The environment of the commands: this checkout, and one thread."""
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **more}


def xlner(
    *arguments: object,
    program: Path | None = None,
    stdin: str = "",
    stdout: Any = subprocess.PIPE,
    before: Callable[[], None] | None = None,
    env: Mapping[str, str] | None = None,
) -> Ran:
    """Run a command to its end; one that does not end within two minutes is not as promised."""
    start = time.perf_counter()
    try:
        ran = subprocess.run(
            command(*arguments, program=program),
            input=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            preexec_fn=before,
            env=environment(**(env or {})),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotAsPromised(f"no end after {_TIMEOUT} s") from None
    need("Traceback" not in ran.stderr, ran.stderr)
    return Ran(ran.returncode, ran.stdout or "", ran.stderr, time.perf_counter() - start)


def refused(ran: Ran, *parts: str, code: int = 2) -> str:
    """What a command said that must fail with one line, in which these parts occur."""
    lines = [line for line in ran.err.strip().splitlines() if not line.startswith("xlner: note:")]
    need(ran.code == code, f"exit code {ran.code}: {ran.err}")
    need(len(lines) == 1 and lines[0].startswith("xlner: "), ran.err)
    for part in parts:
        need(part in lines[0], lines[0])
    return ran.last


def put(path: Path, text: str) -> Path:
    """Write a text file."""
    path.write_text(text, encoding="utf-8")
    return path


def sentences(path: Path, count: int) -> Path:
    """A text with a sentence on each line."""
    choose = random.Random(0).choice
    return put(path, "".join(f"Frase {k} de {choose(list(NAMES))} en {choose(list(NAMES))}\n" for k in range(count)))


def fakes(work: Path) -> list[str]:
    """Options that make `label` run without models, through a translation."""
    names = put(work / "names.tsv", "".join(f"{name}\t{label}\n" for name, label in NAMES.items()))
    return ["--translator", "echo", "--recognizer", f"gazetteer:{names}", "--aligner", "oracle", "--route", "project"]


def label(work: Path, *more: object, count: int = 3, **how: Any) -> Ran:
    """Run `label` on a small text with fakes."""
    path = work / "in.txt"
    if not path.exists():
        sentences(path, count)
    options = fakes(work)
    if "--recognizer" in more:  # several would be an ensemble
        del options[2:4]
    return xlner("label", path, "--lang", "es", *options, *more, **how)


def plugin(work: Path, code: str, *registrations: tuple[str, str, str]) -> Path:
    """A program that registers the classes of a module as stages, and then is xlner."""
    put(work / "odd.py", f"from xlner import *\nfrom xlner.fakes import *\n\n{code}\n")
    lines = [f"register({kind!r}, {name!r}, 'odd:{cls}')" for kind, name, cls in registrations]
    path = put(
        work / "program.py",
        "\n".join(["import sys", f"sys.path.insert(0, {str(work)!r})", "from xlner import register", *lines]),
    )
    return put(path, path.read_text(encoding="utf-8") + "\nfrom xlner.cli import main\nmain()\n")


def kill_and_resume(
    arguments: Sequence[object],
    results: Callable[[], Mapping[str, bytes]],
    clean: Callable[[], None],
    shards: Callable[[], int],
    *,
    kills: Sequence[int] = (0, 2, 5),
    program: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a command; run it again and kill it at random points; both must leave the same bytes.

    `shards` counts the finished shards, and each kill comes at a random time after so many of them.
    """
    whole = xlner(*arguments, program=program, env=env)
    need(whole.code == 0, whole.err)
    expected = results()
    need(expected and all(expected.values()), "the command wrote nothing")
    clean()
    rng, killed = random.Random(str(arguments[0])), 0
    for wanted in kills:
        process = subprocess.Popen(
            command(*arguments, program=program),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(**(env or {})),
        )
        while process.poll() is None and shards() < wanted:
            time.sleep(0.005)
        time.sleep(rng.uniform(0.0, 0.2))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    need(killed, "the command ended before each kill")
    last = xlner(*arguments, program=program, env=env)
    need(last.code == 0, last.err)
    need(results() == expected, "other bytes after the kills")
    return f"{killed} kills, {sum(map(len, expected.values())):,} bytes, the same"
