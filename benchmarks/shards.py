"""Runs in shards: the same bytes after kills, overhead of workers, resuming, and the size of a huge run.

python benchmarks/shards.py kills 100000 30      # SIGKILL of random workers and of the first process
python benchmarks/shards.py ray 100000 30        # SIGKILL of random actors, and of machines of a Ray cluster
python benchmarks/shards.py overhead 100000      # CPU seconds of `recognize` in one process and with workers
python benchmarks/shards.py label 100000         # the same of `label`, with a translator that copies
python benchmarks/shards.py resume 1000000       # a finished run, started again
python benchmarks/shards.py simulate 100000000   # plan, marks, status and join without text
"""

from __future__ import annotations

import ctypes
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

NAMES = "Vigo\tLOC\nAna Pardo\tPER\n"
PR_SET_CHILD_SUBREAPER = 36
Command = list[str]


def command(folder: Path, lines: int, output: str, *more: str) -> Command:
    """`xlner recognize` with a list of names."""
    text, names = folder / f"{lines}.txt", folder / "names.tsv"
    if not text.exists():
        names.write_text(NAMES, encoding="utf-8")
        rows = (f"Frase {k}: Ana Pardo vive en Vigo desde {k % 97}, e non en Lugo.\n" for k in range(lines))
        with text.open("w", encoding="utf-8") as stream:
            stream.writelines(rows)
    recognizer = ["--recognizer", f"gazetteer:{names}"]
    start = [sys.executable, "-m", "xlner", "recognize", str(text), "--lang", "gl", *recognizer]
    return [*start, "-o", str(folder / output), *more]


def measured(ran: Command) -> tuple[float, float, float]:
    """Seconds, CPU seconds of all processes, and the peak memory of the first one in MB."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # what the process leaves behind is waited for here
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(ran, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begin
    with suppress(ChildProcessError):
        while True:
            os.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, usage.ru_maxrss / 1024


def kills(folder: Path, lines: int, count: int) -> None:
    """Kill workers, and every fifth time the first process; the output must be the same."""
    rng = random.Random(1)
    subprocess.run(command(folder, lines, "whole.jsonl"), check=True, stderr=subprocess.DEVNULL)
    ran = command(folder, lines, "out.jsonl", "--run-dir", str(folder / "run"), "--workers", "2")
    killed = {"worker": 0, "first process": 0}
    starts = 0
    while True:
        starts += 1
        with subprocess.Popen(ran, stderr=subprocess.PIPE, text=True) as process:
            while process.poll() is None and sum(killed.values()) < count:
                time.sleep(rng.uniform(0.3, 1.5))
                kind = "first process" if rng.random() < 0.2 else "worker"
                victims = [process.pid] if kind == "first process" else workers_of(process.pid)
                if victims and process.poll() is None:
                    os.kill(rng.choice(victims), signal.SIGKILL)
                    killed[kind] += 1
                if kind == "first process":
                    break
            said = process.communicate()[1]
        if process.returncode == 0:
            break
        if process.returncode != -signal.SIGKILL:
            sys.exit(f"exit code {process.returncode}: {said}")
    same = (folder / "out.jsonl").read_bytes() == (folder / "whole.jsonl").read_bytes()
    print(f"{killed}, {starts} starts: {'the same bytes' if same else 'OTHER BYTES'}")


def workers_of(process: int) -> list[int]:
    """The workers of a process: the children of the one that forks them."""
    return [worker for child in children_of(process) for worker in children_of(child)]


def children_of(process: int) -> list[int]:
    """The child processes of a process."""
    try:
        return list(map(int, Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()))
    except OSError:
        return []


def ray(folder: Path, lines: int, count: int) -> None:
    """Kill actors of a cluster of three machines, and every tenth time a machine; the output must be the same."""
    from ray.cluster_utils import Cluster

    rng = random.Random(1)
    subprocess.run(command(folder, lines, "whole.jsonl"), check=True, stderr=subprocess.DEVNULL)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    machines = [cluster.add_node(num_cpus=1) for _ in range(2)]
    more = ["--run-dir", str(folder / "run"), "--shard-size", "1000", "--engine", "ray"]
    ran = command(folder, lines, "out.jsonl", *more, "--address", cluster.address, "--workers", "2")
    killed = {"actor": 0, "machine": 0}
    with subprocess.Popen(ran, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and sum(killed.values()) < count:
            time.sleep(rng.uniform(0.5, 2))
            if sum(killed.values()) % 10 == 9:
                cluster.remove_node(machines.pop(0), allow_graceful=False)  # SIGKILL of all its processes
                machines.append(cluster.add_node(num_cpus=1))
                killed["machine"] += 1
            elif actors := [path for path in Path("/proc").glob("[0-9]*") if is_actor(path)]:
                os.kill(int(rng.choice(actors).name), signal.SIGKILL)
                killed["actor"] += 1
        said = process.communicate()[1]
    cluster.shutdown()
    same = process.returncode == 0 and (folder / "out.jsonl").read_bytes() == (folder / "whole.jsonl").read_bytes()
    print(f"{killed}, exit code {process.returncode}: {'the same bytes' if same else f'OTHER BYTES: {said}'}")


def is_actor(process: Path) -> bool:
    """Whether a process is a worker of a run on Ray, by its folder in /proc."""
    try:
        return (process / "cmdline").read_bytes().startswith(b"ray::_Runner")
    except OSError:
        return False


def overhead(folder: Path, lines: int, _: int) -> None:
    """What workers add to `recognize`."""
    compared(folder, command(folder, lines, "out"), [[], ["--run-dir"], ["--workers", "2"], ["--workers", "4"]])


def label(folder: Path, lines: int, _: int) -> None:
    """What workers add to `label`."""
    whole = [{"recognize": "label"}.get(word, word) for word in command(folder, lines, "out")]
    stages = ["--translator", "echo", "--aligner", "oracle", "--route", "project"]
    compared(folder, [*whole, *stages], [[], ["--workers", "2"]])


def compared(folder: Path, whole: Command, ways: Sequence[Command]) -> None:
    """CPU seconds of a command in several ways, three times each in turn."""
    for turn in range(3):
        for k, more in enumerate(ways):
            run = [str(folder / f"run{turn}{k}")] if "--run-dir" in more else []
            output = str(folder / f"{k}.jsonl")
            seconds, cpu, memory = measured([*whole, "-o", output, *more, *run])
            print(
                f"{' '.join(more) or 'one process':26} {seconds:6.1f} s {cpu:7.2f} CPU s {memory:6.0f} MB", flush=True
            )
    outputs = {path.read_bytes() for path in folder.glob("*.jsonl")}
    print("the same bytes" if len(outputs) == 1 else "OTHER BYTES")


def resume(folder: Path, lines: int, _: int) -> None:
    """Process a text in a run folder, then start the same command again."""
    ran = command(folder, lines, "out.jsonl", "--run-dir", str(folder / "run"))
    for what in ("first", "again", "again", "again"):
        seconds, cpu, memory = measured(ran)
        print(f"{what:6} {seconds:7.2f} s {cpu:7.2f} CPU s {memory:5.0f} MB", flush=True)
    entries = max(len(files) + len(folders) for _, folders, files in os.walk(folder / "run"))
    print(f"at most {entries} entries in a folder, {(folder / 'out.jsonl').stat().st_size / 1e6:.0f} MB")


def simulate(folder: Path, sentences: int, _: int) -> None:
    """Plan a run, write one line and a mark for each shard, and read them all."""
    from xlner.engines import Plan, join, run_status
    from xlner.engines.plan import FileStarts, read_plan, size_for
    from xlner.engines.shard_files import ShardFiles
    from xlner.pipeline import BuildReport, RunSummary

    def step(name: str, begin: float) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{name:30} {time.perf_counter() - begin:7.2f} s {peak:5.0f} MB", flush=True)

    size = size_for(sentences)
    shards = -(-sentences // size)
    begin = time.perf_counter()
    starts = tuple((number * size * 120, number * size + 1) for number in range(shards))
    plan = Plan({"simulation": sentences}, size, sentences, 0, {"in.txt": FileStarts(0, starts)})
    plan.save(folder)
    plan = read_plan(folder) or plan
    step(f"plan of {shards:,} shards", begin)
    begin = time.perf_counter()
    files = ShardFiles(folder, plan.run)
    labels = {
        label: {"source": 9_000, "built": 8_000, "written": 8_000, "dropped": {"unaligned": 1_000}} for label in "abcd"
    }
    counts = {"summary": RunSummary(sentences=size, dropped={"unaligned": 9}).counts(), "build": BuildReport().counts()}
    counts["build"]["labels"] = labels
    for number in range(shards):
        with files.writing(number) as stream:
            stream.write("x" * 1_000 + "\n")
        files.finish(number, plan.shard(number).count, tuple(range(0, size, 200)), counts)
    step("shards and marks", begin)
    begin = time.perf_counter()
    print(run_status(plan, folder))
    step("status", begin)
    begin = time.perf_counter()
    joined = join(plan, folder, folder / "out.jsonl")
    step(f"join of {joined.shards:,} shards", begin)
    entries = max(len(files) + len(folders) for _, folders, files in os.walk(folder))
    print(f"at most {entries} entries in a folder; {joined.counts['summary']['sentences']:,} sentences counted")


def main(arguments: Sequence[str]) -> None:
    """Run one of the benchmarks in a temporary folder."""
    what = {"kills": kills, "ray": ray, "overhead": overhead, "label": label, "resume": resume, "simulate": simulate}[
        arguments[0]
    ]
    with tempfile.TemporaryDirectory() as name:
        what(Path(name), int(arguments[1]), int(arguments[2]) if len(arguments) > 2 else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
