"""The path of one sentence through `label`, `project` and `build`: files and functions in the order of their calls.

python benchmarks/sentence_path.py [--functions]

Every call of a function of xlner while the command runs counts, without resumed generators. A *stay* is a run of
calls in one file; a *return* is a stay in a file that was left before. The stages are fakes, so that the path is that
of the pipeline and not of a model. `--functions` prints the functions, each once.
"""

from __future__ import annotations

import sys
from dis import opmap
from inspect import CO_GENERATOR
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import xlner.cli

RESUME = opmap["RESUME"]
ROOT = Path(xlner.cli.__file__).parent.parent


def main(functions: bool) -> None:
    """Print one row per command, or its functions."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "en.conll").write_text("Vigo\tB-LOC\nrains\tO\n\n", encoding="utf-8")
        (folder / "gl.txt").write_text("Vigo chove\n", encoding="utf-8")
        (folder / "names.tsv").write_text("Vigo\tLOC\n", encoding="utf-8")
        source, target, out = str(folder / "en.conll"), str(folder / "gl.txt"), str(folder / "out.jsonl")
        fakes = ["--translator", "echo", "--aligner", "oracle", "-o", out]
        recognizer = ["--recognizer", f"gazetteer:{folder / 'names.tsv'}"]
        commands = {
            "label": ["label", target, "--lang", "gl", *fakes, *recognizer],
            "project": ["project", source, target, "--lang", "gl", *fakes[2:]],
            "build": ["build", source, "--to", "gl", *fakes],
        }
        print(f"{'':10}{'calls':>8}{'functions':>10}{'files':>8}{'stays':>8}{'returns':>8}")
        for name, command in commands.items():
            xlner_main(command)  # everything is imported
            report(name, traced(command), functions)


def xlner_main(command: list[str]) -> None:
    """Run a command."""
    try:
        xlner.cli.main(command)
    except SystemExit as stop:
        if stop.code:
            raise


def traced(command: list[str]) -> list[tuple[str, str]]:
    """File and function of every call, in order."""
    calls: list[tuple[str, str]] = []

    def profile(frame: FrameType, event: str, _: Any) -> None:
        path = Path(frame.f_code.co_filename)
        resumed = frame.f_code.co_flags & CO_GENERATOR and frame.f_lasti > frame.f_code.co_code.find(bytes([RESUME, 0]))
        if event == "call" and not resumed and path.is_relative_to(ROOT) and not frame.f_code.co_name.startswith("<"):
            calls.append((str(path.relative_to(ROOT)), frame.f_code.co_qualname))

    sys.setprofile(profile)
    try:
        xlner_main(command)
    finally:
        sys.setprofile(None)
    return calls


def report(name: str, calls: list[tuple[str, str]], functions: bool) -> None:
    """Print the row of a command."""
    stays = [file for file, _ in groupby(calls, key=lambda call: call[0])]
    files = dict.fromkeys(stays)
    returns = len(stays) - len(files)
    print(f"{name:10}{len(calls):8}{len(set(calls)):10}{len(files):8}{len(stays):8}{returns:8}")
    if functions:
        for file, function in dict.fromkeys(calls):
            print(f"    {file:44}{function}")


if __name__ == "__main__":
    main("--functions" in sys.argv)
