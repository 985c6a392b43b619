"""Job arrays of Slurm: one job for each part of a run, and one that joins them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xlner.core.files import write_durably
from xlner.errors import BackendError, UsageError

_KEY = re.compile(r"[a-z][a-z-]*")
_VALUE = re.compile(r"[^\s#'\"\\]+")
_OWN = frozenset({"array", "output", "error", "open-mode", "requeue", "no-requeue", "dependency", "chdir"})


def parse_options(text: str) -> dict[str, str]:
    """Options of `sbatch` as one text.

    Raises `UsageError` for what is none, and for those that a run sets itself.

    >>> parse_options("partition=gpu,gres=gpu:1,time=4:00:00")
    {'partition': 'gpu', 'gres': 'gpu:1', 'time': '4:00:00'}
    """
    found: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        key, equals, value = part.strip().partition("=")
        if not equals and found:  # a value with a comma, such as nodelist=a,b
            last = next(reversed(found))
            found[last] += f",{key}"
            continue
        key = key.removeprefix("--")
        if not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
            raise UsageError(f"{part!r} is no option of sbatch", hint='write --slurm "partition=gpu,time=4:00:00"')
        if key in _OWN:
            raise UsageError(f"a run sets the option {key} of sbatch itself", hint="leave it out")
        found[key] = value
    return found


@dataclass(frozen=True, slots=True)
class SlurmArray:
    """The job array of a run: its folder, the number of parts, and options of `sbatch`.

    A job that is requeued goes on where it was. Each part has a log in the folder `slurm` of the run. When all parts
    have ended, another job joins them, or fails and says which shards are not finished.

    >>> SlurmArray(Path("/data/run"), 200, {"partition": "gpu"}).script().splitlines()[2]
    '#SBATCH --array=1-200'
    """

    folder: Path
    parts: int
    options: Mapping[str, str]

    def script(self) -> str:
        """The script of the parts."""
        work = f'run work {shlex.quote(str(self.folder))} --part "$SLURM_ARRAY_TASK_ID/{self.parts}"'
        head = [f"--job-name=xlner-{_plain(self.folder.name)}", f"--array=1-{self.parts}", "--requeue"]
        return self._script([*head, f"--output={self._logs()}/%a.log", *self._given()], work)

    def join_script(self) -> str:
        """The script that joins the parts."""
        partition = [f"--{key}={self.options[key]}" for key in ("partition", "account", "qos") if key in self.options]
        head = [f"--job-name=xlner-{_plain(self.folder.name)}-join", f"--output={self._logs()}/join.log", *partition]
        return self._script(head, f"run join {shlex.quote(str(self.folder))}")

    def submit(self) -> str:
        """Write both scripts and submit them; return the number of the job array. Raises `BackendError` on failure."""
        (self.folder / "slurm").mkdir(exist_ok=True)
        work, join = self.folder / "slurm" / "work.sh", self.folder / "slurm" / "join.sh"
        write_durably(work, self.script())
        write_durably(join, self.join_script())
        job = _sbatch(str(work))
        _sbatch(f"--dependency=afterany:{job}", str(join))  # after `afterok` it would wait forever if a part failed
        return job

    def _script(self, head: list[str], command: str) -> str:
        lines = [*(f"#SBATCH {line}" for line in (*head, "--open-mode=append")), ""]
        return "\n".join(["#!/bin/bash", *lines, f"exec {shlex.quote(sys.executable)} -m xlner {command}", ""])

    def _given(self) -> list[str]:
        return [f"--{key}={value}" for key, value in self.options.items()]

    def _logs(self) -> Path:
        return self.folder / "slurm"


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)


def _sbatch(*arguments: str) -> str:
    try:
        ran = subprocess.run(["sbatch", "--parsable", *arguments], capture_output=True, text=True, check=False)
    except OSError:
        raise BackendError(
            "Slurm is not installed here: no program sbatch", hint="--dry-run shows the script"
        ) from None
    if ran.returncode:
        raise BackendError(f"sbatch: {' '.join(ran.stderr.split()) or f'exit code {ran.returncode}'}")
    return ran.stdout.strip().partition(";")[0]
