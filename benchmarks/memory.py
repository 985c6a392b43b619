"""Measure the peak memory of `xlner label` with fakes for 10,000 and 100,000 lines. It must not grow with the input.

python benchmarks/memory.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Print the peak memory and speed for both sizes, with and without a run folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "names.tsv").write_text("Vigo\tLOC\nAna Pardo\tPER\n", encoding="utf-8")
        for more in ([], ["--run-dir"]):
            peaks = [measure(folder, lines, more) for lines in (10_000, 100_000)]
            print(f"difference {peaks[1] - peaks[0]:+.1f} MB", flush=True)


def measure(folder: Path, lines: int, more: list[str]) -> float:
    """Label `lines` different lines. Return the peak memory in MB."""
    text = folder / f"{lines}.txt"
    text.write_text("".join(f"Frase {k}: Ana Pardo vive en Vigo desde 1990.\n" for k in range(lines)), encoding="utf-8")
    stages = ["--translator", "echo", "--recognizer", f"gazetteer:{folder / 'names.tsv'}", "--aligner", "oracle"]
    options = [*more, *(str(folder / f"run-{lines}") for _ in more)]
    command = [
        sys.executable,
        "-m",
        "xlner",
        "label",
        str(text),
        "--lang",
        "es",
        "-o",
        str(folder / "out.jsonl"),
        *stages,
    ]
    start = time.perf_counter()
    process = subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    peak = usage.ru_maxrss / 1024
    seconds = time.perf_counter() - start
    print(
        f"{lines:7} lines {' '.join(more):10} {peak:7.1f} MB {lines / seconds:7.0f} lines/s, exit code {status}",
        flush=True,
    )
    return peak


if __name__ == "__main__":
    main()
