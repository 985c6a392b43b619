"""Cause faults and compare what is seen with what is promised; exit with 1 if one is not as promised.

python benchmarks/faults.py [PART OF A NAME …]

Everything happens in a temporary folder, with stages that need no model. A fault that cannot be caused here, because a
program is missing, is shown as such.
"""

from __future__ import annotations

import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.fault_cases.harness import FAULTS, NotAsPromised

MODULES = ("outputs", "run_folders", "stages", "inputs", "programs", "endpoints", "trainings", "kills")


def main(wanted: list[str]) -> int:
    """Print one row per fault; the number of those that are not as promised."""
    for module in MODULES:
        import_module(f"benchmarks.fault_cases.{module}")
    chosen = [f for f in FAULTS if not wanted or any(part in f.name for part in wanted)]
    broken = skipped = 0
    begin = time.perf_counter()
    print("| fault | promised | seen |\n|---|---|---|")
    for each in chosen:
        with tempfile.TemporaryDirectory(prefix="xlner-fault-", ignore_cleanup_errors=True) as folder:
            try:
                seen = each.cause(Path(folder))
                verdict = "cannot be caused here" if seen is None else f"as promised: {seen}"
                skipped += seen is None
            except Exception as error:  # also a fault that could not be caused in the way it should be
                said = error if isinstance(error, NotAsPromised) else repr(error)
                verdict = f"NOT AS PROMISED: {said}"
                broken += 1
            verdict = verdict.replace(folder, "…").replace("|", "\\|")
        print(f"| {each.name} | {each.promised} | {verdict} |", flush=True)
    seconds = time.perf_counter() - begin
    print(f"\n{len(chosen)} faults, {broken} not as promised, {skipped} cannot be caused here; {seconds:.0f} s")
    return broken


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
