"""Programs of Apertium that hang, answer twice, or die."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.fault_cases.harness import fault, need, put, xlner

_STAGE = f"""#!{sys.executable} -IS
import os, sys, time
data = b""
while chunk := os.read(0, 1 << 16):
    *messages, data = (data + chunk).split(b"\\0")
    for message in messages:
        if b"mal" in message:
            ACT
        sys.stdout.buffer.write(message + b"\\0")
        sys.stdout.buffer.flush()
"""
_ONE = "one sentence has an error or its own translation; all others have theirs"


def _translate(work: Path, act: str) -> str:
    stage = put(work / "stage.py", _STAGE.replace("ACT", act))
    stage.chmod(0o755)
    put(work / "spa-eng.mode", f"'{stage}' $2")
    lines = [f"Frase {k}" for k in range(40)]
    lines[20] = "mal"
    path = put(work / "in.txt", "\n".join(lines) + "\n")
    spec, out = f"apertium?modes_dir={work}&timeout=2", work / "out.jsonl"
    ran = xlner(
        "translate", path, "--from", "es", "--to", "en", "--translator", spec, "-o", out, "--on-warning", "keep"
    )
    need(ran.code in {0, 1}, ran.err)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    need(len(rows) == len(lines), f"{len(rows)} rows")
    made = [(row.get("source") or row).get("text") for row in rows]
    shifted = [k for k, text in enumerate(made) if k != 20 and text != lines[k]]
    need(not shifted, f"sentences {shifted[:5]} have another translation")
    need(bool(rows[20].get("error")) or made[20] == "mal", f"sentence 20 has the translation {made[20]!r}")
    error = rows[20].get("error") or "its own translation"
    return f"39 right; the other: {error} ({ran.seconds:.0f} s)"


for _name, _act in (
    ("answers twice", 'sys.stdout.buffer.write(message + b"\\0")'),
    ("hangs", "time.sleep(600)"),
    ("never ends its answer", 'while True: sys.stdout.buffer.write(b"and so on " * 5000)'),
    ("dies", "os._exit(1)"),
    ("swallows a message", "continue"),
    ("answers something else before", 'sys.stdout.buffer.write(b"warning\\0")'),
):

    @fault(f"a program of Apertium {_name}", _ONE)
    def program(work: Path, act: str = _act) -> str:
        return _translate(work, act)
