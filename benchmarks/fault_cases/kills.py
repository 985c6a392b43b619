"""Processes that are killed or interrupted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.fault_cases.harness import (
    NAMES,
    command,
    environment,
    fakes,
    fault,
    kill_and_resume,
    need,
    put,
    sentences,
)

_RESUMED = "the same command goes on, to the same bytes"
_COUNT = 2_000


def _in_run_folder(work: Path, arguments: list[object], name: str = "out.jsonl") -> str:
    out, folder = work / name, work / "run"

    def clean() -> None:
        out.unlink()
        shutil.rmtree(folder)

    def results() -> Mapping[str, bytes]:
        return {name: out.read_bytes()}

    def shards() -> int:
        return len(list(folder.glob("done/000/0*.json")))

    command = [*arguments, "-o", out, "--run-dir", folder, "--shard-size", 250]
    return kill_and_resume(command, results, clean, shards)


@fault("SIGKILL of label, at random", _RESUMED)
def label(work: Path) -> str:
    return _in_run_folder(work, ["label", sentences(work / "in.txt", _COUNT), "--lang", "es", *fakes(work)])


def _labeled(work: Path) -> Path:
    rows = [
        "".join(f"{word}\t{f'B-{NAMES[word]}' if word in NAMES else 'O'}\n" for word in line.split())
        for line in sentences(work / "plain.txt", _COUNT).read_text(encoding="utf-8").splitlines()
    ]
    return put(work / "source.conll", "\n".join(rows) + "\n")


@fault("SIGKILL of project, at random", _RESUMED)
def project(work: Path) -> str:
    source = _labeled(work)
    return _in_run_folder(work, ["project", source, work / "plain.txt", "--lang", "es", "--aligner", "oracle"])


@fault("SIGKILL of build, at random", _RESUMED)
def build(work: Path) -> str:
    return _in_run_folder(work, ["build", _labeled(work), "--to", "es", "--translator", "echo", "--aligner", "oracle"])


@fault("SIGKILL of align, at random", _RESUMED)
def align(work: Path) -> str:
    path = sentences(work / "in.txt", _COUNT)
    return _in_run_folder(work, ["align", path, path, "--lang", "es", "--aligner", "surface"], "out.talp")


@fault("SIGKILL of translate with Apertium, at random", _RESUMED)
def translate(work: Path) -> str | None:
    if shutil.which("apertium") is None or not _has_mode("spa-eng"):
        return None
    path = sentences(work / "in.txt", _COUNT)
    return _in_run_folder(work, ["translate", path, "--from", "es", "--to", "en"])


def _has_mode(name: str) -> bool:
    modes = subprocess.run(["apertium", "-l"], capture_output=True, text=True, check=False).stdout
    return name in modes.split()


_TRAINING = """
import os, random, signal, sys
from pathlib import Path
import torch
from tests.hf_models import MAKERS
from tests.test_transfer import FAST, two_sets
from xlner.transfer import train

torch.set_num_threads(1)
work, at = Path(sys.argv[1]), int(sys.argv[2])
if not (work / "model").exists():
    torch.manual_seed(7)
    MAKERS["bert"](work / "model")

def kill(step, steps, loss):
    if step == at:
        os.kill(os.getpid(), signal.SIGKILL)

train(str(work / "model"), two_sets(), work / sys.argv[3], FAST, checkpoint_every=2, on_step=kill)
"""


@fault("SIGKILL of train, at three steps", "the same call goes on, to the same weights")
def train(work: Path) -> str | None:
    try:
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError:
        return None

    def run(at: int, out: str) -> int:
        return subprocess.run(
            [sys.executable, "-c", _TRAINING, str(work), str(at), out],
            env=environment(),
            capture_output=True,
            check=False,
        ).returncode

    need(run(0, "whole") == 0, "the training failed")
    kills = [run(at, "out") for at in (3, 6, 9)]
    need(kills == [-signal.SIGKILL] * 3, kills)
    need(not (work / "out").exists(), "a model after a kill")
    need(run(0, "out") == 0, "the resumed training failed")
    whole, resumed = ((work / name / "model.safetensors").read_bytes() for name in ("whole", "out"))
    need(whole == resumed, "other weights")
    need(not (work / "out.training").exists(), "out.training is left")
    return f"3 kills, {len(whole):,} bytes of weights, the same"


@fault("SIGKILL of reproduce, at random stages", "the same command goes on, to the same files")
def reproduce(work: Path) -> str:
    from tests import test_experiments_killed as miniature

    made: Callable[..., Path] = miniature.miniature.__wrapped__  # type: ignore[attr-defined]
    folder = made(_Factory(work))
    os.environ["PYTHONPATH"] = environment()["PYTHONPATH"]
    miniature.run(folder, work / "whole")
    for kill in ("recognizer:200", "aligner:40", "report:1"):
        miniature.run(folder, work / "out", kill)
    miniature.run(folder, work / "out")
    whole, resumed = miniature.contents(work / "whole"), miniature.contents(work / "out")
    need(whole == resumed, sorted(name for name in whole if whole[name] != resumed.get(name)))
    return f"3 kills, {len(whole)} files, the same"


class _Factory:
    """What the fixture of the tests takes a folder from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mktemp(self, name: str) -> Path:
        (self.folder / name).mkdir()
        return self.folder / name


def _listen_to_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs of a shell ignore them


@fault("Ctrl-C during label without a run folder", "one line, exit code 130; what was done is in OUT.part")
def interrupt(work: Path) -> str:
    path, out = sentences(work / "in.txt", 60_000), work / "out.jsonl"
    process = subprocess.Popen(
        command("label", path, "--lang", "es", *fakes(work), "-o", out),
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        preexec_fn=_listen_to_interrupts,  # noqa: PLW1509 - no other thread runs
    )
    for _ in range(600):
        hidden = list(work.glob(".out.jsonl.*.part"))
        if hidden and hidden[0].stat().st_size:
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    lines = err.strip().splitlines()
    need((process.returncode, len(lines)) == (130, 1), err)
    kept = (work / "out.jsonl.part").read_text(encoding="utf-8")
    need(not out.exists() and kept.endswith("\n"), "out.jsonl, or half a line")
    return f"{lines[0].partition(';')[0]}; {kept.count(chr(10)):,} sentences kept"


@fault("two processes with one run folder", "the second is refused")
def two_processes(work: Path) -> str:
    from benchmarks.fault_cases.harness import label as run_label
    from benchmarks.fault_cases.harness import refused

    from xlner.core.files import lock_folder

    with lock_folder(work / "run"):
        return refused(run_label(work, "--run-dir", work / "run"), "is in use by another process")
