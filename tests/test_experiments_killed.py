"""A process that is really killed leaves no trace in the result."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from importlib import resources
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("killable_reproduction.py")
WORDS = {"vive": "lives", "en": "in", "e": "and", "traballa": "works", "hoxe": "today"}
NAMES = {"Ana": "PER", "Xoana Pardo": "PER", "Vigo": "LOC", "Lugo": "LOC", "Renfe": "ORG", "today": "DATE"}
METHODS = "model-transfer,heuristic-awesome,ner-simalign,back-ngram-awesome,back-ner-simalign"
SENTENCES = 300
"""More than one shard."""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")]


def table(path: Path, rows: dict[str, str]) -> None:
    path.write_text("".join(f"{a}\t{b}\n" for a, b in rows.items()), encoding="utf-8")


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MasakhaNER 2.0 in its own format, and the recipe of the paper with stages that need no model."""
    tmp_path = tmp_path_factory.mktemp("miniature")
    choose = random.Random(0).choice
    blocks = []
    for number in range(SENTENCES):
        first, second = choose(list(NAMES)[:5]), choose(list(NAMES)[:5])
        rows = []
        for word in (first, choose(["vive", "traballa"]), "en", second, choose(["hoxe", "e"]), f"n{number}"):
            tags = ["O"] if word not in NAMES else [f"{p}-{NAMES[word]}" for p in "BI"[: len(word.split())]]
            rows += [f"{w} {tag}" for w, tag in zip(word.split(), tags, strict=True)]
        blocks.append("\n".join(rows))
    folder = tmp_path / "masakhaner2" / "yor"
    folder.mkdir(parents=True)
    (folder / "test.txt").write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    table(tmp_path / "translator.tsv", WORDS)
    table(tmp_path / "back.tsv", {b: a for a, b in WORDS.items()})
    table(tmp_path / "names.tsv", NAMES)
    paper = (resources.files("xlner.experiments.reproduce") / "recipes" / "politov2025.toml").read_text(
        encoding="utf-8"
    )
    fakes = f"""
        [backends.fakes]
        translator = "logged:{tmp_path}/translator.tsv"
        back-translator = "logged:{tmp_path}/back.tsv"
        recognizer = "logged:{tmp_path}/names.tsv"
        target-recognizer = "logged:{tmp_path}/names.tsv"
        [backends.fakes.aligners]
        awesome = "logged"
        simalign = "oracle"
        """
    (tmp_path / "mine.toml").write_text(paper + fakes, encoding="utf-8")
    return tmp_path


def start(folder: Path, out: Path, kill: str = "") -> subprocess.Popen[str]:
    command = ["reproduce", str(folder / "mine.toml"), "--dataset", "masakhaner2", "--backends", "fakes"]
    command += [
        "--data",
        str(folder / "masakhaner2"),
        "--langs",
        "yor",
        "--bootstrap",
        "20",
        "-o",
        str(out),
        "--methods",
        METHODS,
    ]
    environment = {**os.environ, "LOG": str(log(out)), "KILL": kill or ":"}
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), *command],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, out: Path, kill: str = "") -> str:
    """Run to the end, or until it is killed; return its messages."""
    process = start(folder, out, kill)
    _, said = process.communicate(timeout=300)
    assert process.returncode == (-signal.SIGKILL if kill else 0), said
    return said


def log(out: Path) -> Path:
    return out.with_suffix(".log")


def asked(out: Path) -> list[str]:
    return log(out).read_text(encoding="utf-8").splitlines() if log(out).exists() else []


def contents(out: Path) -> dict[str, bytes]:
    """All files of a run except those with times and with the environment of its stages.

    A process that is killed while it writes a file leaves a hidden part of it beside the file.
    """
    passing = ("seconds.csv", "fingerprints.json", ".lock")
    return {
        str(p.relative_to(out)): p.read_bytes()
        for p in sorted(out.rglob("*"))
        if p.is_file() and p.name not in passing and not p.match(".*.part")
    }


@pytest.fixture(scope="module")
def whole(miniature: Path) -> tuple[dict[str, bytes], float]:
    """The files of an undisturbed run, and the seconds that it took."""
    begun = time.monotonic()
    run(miniature, miniature / "whole")
    expected = contents(miniature / "whole")
    assert {"results.csv", "results.md", "errors.csv", "comparisons.csv"} <= set(expected)
    return expected, time.monotonic() - begun


def test_a_run_killed_in_any_stage_gives_the_same_bytes(miniature: Path, whole: tuple[dict[str, bytes], float]) -> None:
    out = miniature / "stage-by-stage"
    # In the first or second shard, each time in a later stage; last in the report.
    for kill in ("recognizer:1", "translator:260", "aligner:260", "back:100", "report:1"):
        run(miniature, out, kill)
    said = run(miniature, out)
    assert "sentences in" not in said  # only the report was left to do
    assert contents(out) == whole[0]
    before = asked(out)
    assert "built 1" in before
    run(miniature, out)
    assert asked(out) == [*before, "report 1"]  # no stage was built or run
    assert contents(out) == whole[0]


def test_a_run_killed_at_any_time_gives_the_same_bytes(miniature: Path, whole: tuple[dict[str, bytes], float]) -> None:
    out, times = miniature / "any-time", random.Random(1)
    expected, seconds = whole
    for _ in range(2):
        process = start(miniature, out)
        try:
            process.communicate(timeout=times.uniform(0.3, 0.9) * seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            assert process.returncode == -signal.SIGKILL
    run(miniature, out)
    assert contents(out) == expected
