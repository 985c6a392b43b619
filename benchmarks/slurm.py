"""Job arrays on a real Slurm of one machine, which this starts: one part is requeued, another canceled; bytes compared.

python benchmarks/slurm.py 20000 4      # lines and parts; needs root and Debian's packages slurm-wlm and munge
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shards import command

CONFIG = """\
ClusterName=xlner
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,bf_interval=1
ReturnToService=2
MpiDefault=none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus}
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""
PATIENCE = 200.0


@contextmanager
def slurm(folder: Path) -> Iterator[None]:
    """A cluster of this machine, for the programs that are started meanwhile."""
    folder.chmod(0o755)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    config, key = folder / "slurm.conf", folder / "munge.key"
    config.write_text(CONFIG.format(host=socket.gethostname(), folder=folder, cpus=os.cpu_count()), encoding="utf-8")
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    os.environ["SLURM_CONF"] = str(config)
    munge = [f"--{name}={folder}/munge.{end}" for name, end in (("key-file", "key"), ("socket", "socket"))]
    munge += [f"--{name}-file={folder}/munge.{name}" for name in ("pid", "log", "seed")]
    programs = (["munged", "--foreground", "--force", *munge], ["slurmctld", "-D"], ["slurmd", "-D"])
    running = []
    try:
        for program in programs:
            running.append(subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            time.sleep(1)
        until(lambda: "idle" in said("sinfo", "--noheader", "--format=%T"), "a machine that is idle")
        yield
    finally:
        for program in reversed(running):
            program.terminate()
            program.wait()


def said(*program: str) -> str:
    """What a program prints."""
    return subprocess.run(program, check=False, capture_output=True, text=True).stdout.strip()


def until(happened: Callable[[], object], what: str) -> None:
    """Wait until a function returns something true."""
    end = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > end:
            sys.exit(f"waited {PATIENCE:g} s for {what}")
        time.sleep(0.2)


def submitted(whole: list[str]) -> str:
    """Submit the job array of a command; return its number."""
    sent = subprocess.run(whole, check=True, capture_output=True, text=True).stderr
    print(sent.strip())
    return sent.partition("submitted job ")[2].split()[0]


def working_part(run: Path, job: str) -> str:
    """A part that runs, when a shard is finished."""
    until(lambda: list(run.glob("done/000/*.json")), "a finished shard")
    return said("squeue", "--noheader", "--array", "--states=RUNNING", f"--jobs={job}", "--format=%i").splitlines()[0]


def finish(run: Path) -> None:
    """Wait until the queue is empty, and print the ends of the logs."""
    until(lambda: not said("squeue", "--noheader", "--format=%i"), "the end of all jobs")
    for log in sorted((run / "slurm").glob("*.log")):
        print("  ", log.name, "|", " | ".join(log.read_text(encoding="utf-8").split("\n")[-4:]).strip(" |"))


def main(lines: int, parts: int) -> None:
    """Run two arrays, requeue a part of the first, cancel a part of the second and submit it again; compare."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cluster = folder / "cluster"
        cluster.mkdir()
        subprocess.run(command(folder, lines, "whole.jsonl"), check=True, stderr=subprocess.DEVNULL)
        whole = (folder / "whole.jsonl").read_bytes()
        with slurm(cluster):
            for what in ("requeue", "cancel"):
                run, output = folder / what, folder / f"{what}.jsonl"
                more = ["--run-dir", str(run), "--shard-size", "1000", "--engine", "slurm", "--parts", str(parts)]
                array = command(folder, lines, output.name, *more)
                part = working_part(run, submitted(array))
                print(f"{what} {part} when {len(list(run.glob('done/000/*.json')))} shards were finished")
                subprocess.run(["scontrol", "requeue", part] if what == "requeue" else ["scancel", part], check=True)
                finish(run)
                if what == "cancel":
                    submitted(array)
                    finish(run)
                print("the same bytes" if output.read_bytes() == whole else "OTHER BYTES")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
