"""Outputs that cannot be written, or that are more than a file."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import threading
from pathlib import Path
from typing import Any

from benchmarks.fault_cases.harness import (
    Ran,
    command,
    environment,
    fakes,
    fault,
    label,
    need,
    put,
    refused,
    sentences,
    xlner,
)


@fault("-o /dev/null", "it stays a device")
def device(work: Path) -> str:
    need(label(work, "-o", "/dev/null", "--output-format", "jsonl").code == 0, "failed")
    need(stat.S_ISCHR(Path("/dev/null").stat().st_mode), "not a device any more")
    return "a device"


@fault("-o /dev/stdout >> FILE", "what FILE held stays")
def standard_output(work: Path) -> str:
    log = put(work / "log", "before\n")
    with log.open("a", encoding="utf-8") as stream:
        ran = label(work, "-o", "/dev/stdout", "--output-format", "jsonl", stdout=stream)
    lines = log.read_text(encoding="utf-8").splitlines()
    need(ran.code == 0 and lines[0] == "before" and len(lines) == 4, lines or ran.err)
    return "before, and 3 sentences"


@fault("-o FIFO", "its reader gets the output, and it stays a FIFO")
def fifo(work: Path) -> str:
    path = work / "pipe"
    os.mkfifo(path)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()), daemon=True)
    reader.start()
    ran = label(work, "-o", path, "--output-format", "jsonl")
    reader.join(timeout=10)
    need(ran.code == 0 and got and got[0].count(b"\n") == 3, ran.err)
    need(stat.S_ISFIFO(path.stat().st_mode), "a file")
    return "3 sentences"


@fault("-o LINK", "the file behind it is written, and the link stays")
def link(work: Path) -> str:
    (work / "real").mkdir()
    path = work / "link.jsonl"
    path.symlink_to(work / "real" / "a.jsonl")
    for _ in range(2):  # first the link leads to nothing
        need(label(work, "-o", path).code == 0, "failed")
    need(path.is_symlink() and (work / "real" / "a.jsonl").is_file(), "the link was replaced")
    return "the link"


@fault("-o FOLDER", "one line, before anything else")
def folder(work: Path) -> str:
    return refused(label(work, "-o", work, "--translator", "none"), "cannot be written: Is a directory")


@fault("-o in a folder that does not exist", "one line, before anything else")
def no_folder(work: Path) -> str:
    return refused(label(work, "-o", work / "no" / "a.jsonl", "--translator", "none"), "cannot be written: No such")


@fault("-o FILE with mode 0600", "the mode stays")
def mode(work: Path) -> str:
    path = work / "a.jsonl"
    path.touch(0o600)
    need(label(work, "-o", path).code == 0, "failed")
    found = stat.S_IMODE(path.stat().st_mode)
    need(found == 0o600 and path.stat().st_size, oct(found))
    return oct(found)


@fault("the input is called OUT.part, and the run fails", "the input stays; what was done is in OUT.part-2")
def input_called_part(work: Path) -> str:
    source = put(work / "out.conll.part", "Ana B-PER\n\n" * 5000 + "Vigo Z-LOC\n\n")
    before = source.read_bytes()
    ran = xlner("convert", source, work / "out.conll", "--input-format", "conll", "--lang", "es")
    need(source.read_bytes() == before, "the input was replaced")
    return refused(ran, "what was written before is in", ".part-2")


@fault("-o is its own input", "one line")
def own_input(work: Path) -> str:
    path = sentences(work / "in.txt", 3)
    return refused(label(work, "-o", path, "--output-format", "jsonl"), "would replace its own input")


def _project(work: Path, *more: object, **how: Any) -> Ran:
    """Project without a translation, which would write temporary files of its own."""
    path = put(work / "in.conll", "".join(f"Frase\tO\nn{k}\tO\nen\tO\nVigo\tB-LOC\n\n" for k in range(500)))
    return xlner("project", path, path, "--lang", "es", "--aligner", "oracle", *more, **how)


def _small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))


@fault("the disk is full: -o", "one line; the old output stays, and nothing else is left")
def full(work: Path) -> str:
    out = put(work / "out.jsonl", "old\n")
    said = refused(_project(work, "-o", out, before=_small_files), "cannot be written: File too large")
    left = sorted(p.name for p in work.iterdir())
    need(out.read_text(encoding="utf-8") == "old\n" and left == ["in.conll", "out.jsonl"], left)
    return said


@fault("the disk is full: run folder", "one line; with room the same command goes on")
def full_run_folder(work: Path) -> str:
    more = ("-o", work / "out.jsonl", "--run-dir", work / "run")
    said = refused(_project(work, *more, before=_small_files), "cannot be written: File too large")
    again = _project(work, *more)
    lines = (work / "out.jsonl").read_text(encoding="utf-8").count("\n")
    need(again.code == 0 and lines == 500, again.err)
    return said


@fault("the disk is full: standard output", "one line")
def full_standard_output(work: Path) -> str:
    with Path("/dev/full").open("w") as stream:
        return refused(label(work, stdout=stream), "standard output: cannot be written: No space left")


@fault("standard output is closed", "one line")
def closed(work: Path) -> str:
    return refused(label(work, before=lambda: os.close(1), stdout=None), "standard output: cannot be written")


@fault("the reader of the output goes away (| head)", "quiet, exit code 0")
def reader_goes(work: Path) -> str:
    path = sentences(work / "in.txt", 20_000)
    process = subprocess.Popen(
        command("label", path, "--lang", "es", *fakes(work)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    process.stdout.read(100)
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read().decode()
    need((process.wait(timeout=120), err) == (0, ""), err)
    return "nothing"


def _nobody() -> None:
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)


def _can_run_as_nobody() -> bool:
    try:
        return xlner("--version", before=_nobody).code == 0
    except PermissionError:
        return False


@fault("-o in a folder without write permission, and onto a write-protected file", "one line each; the file stays")
def protected(work: Path) -> str | None:
    if not _can_run_as_nobody():
        return None
    work.chmod(0o755)
    sentences(work / "in.txt", 3)
    kept = put(work / "kept.jsonl", "old\n")
    kept.chmod(0o444)
    said = refused(label(work, "-o", work / "a.jsonl", before=_nobody), "cannot be written: Permission denied")
    refused(label(work, "-o", kept, before=_nobody), "cannot be written: Permission denied")
    need(kept.read_text(encoding="utf-8") == "old\n", "replaced")
    return said
