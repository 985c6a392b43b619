"""`xlner run`: work on a run that was planned, on many machines."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xlner.cli.jobs import CommandJob
from xlner.cli.notes import note
from xlner.cli.progress import progress
from xlner.cli.worker_memory import noting_memory
from xlner.core.files import STANDARD_STREAM
from xlner.core.output_stream import reason
from xlner.errors import RunFolderError, StoppedError
from xlner.text.counts import counted

if TYPE_CHECKING:
    from xlner.cli.run_options import Inputs
    from xlner.engines import Plan

_RUN = click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
_WORKERS = click.option(
    "--workers", type=click.IntRange(1), default=1, show_default=True, metavar="N", help="Processes on this machine."
)


class _Part(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """`17/200`: a part, counted from 1, of so many."""

    name = "K/N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        first, slash, second = str(value).partition("/")
        if not (slash and first.isdecimal() and second.isdecimal()):
            self.fail(f"{value!r} is not a part such as 17/200", param, ctx)
        number, parts = int(first), int(second)
        if not 1 <= number <= parts:
            self.fail(f"{value!r} does not exist: the first of {parts} parts is 1/{parts}", param, ctx)
        return number, parts


@click.group()
def run() -> None:
    """Work on a run, on one machine or many.

    A command with --run-dir RUN and --engine parts or slurm plans a run: it cuts the input into shards, and processes
    none. Any number of machines that share the folder RUN and the input then work on parts of it. What a killed part
    has finished is kept, and the same part again does the rest.

    \b
    xlner label news.txt --lang es -o news.jsonl --run-dir RUN --engine parts --parts 2
    xlner run work RUN --part 1/2
    xlner run work RUN --part 2/2
    xlner run status RUN
    xlner run join RUN
    """


@run.command()
@_RUN
@click.option("--part", type=_Part(), default=(1, 1), metavar="K/N", help="Part K of N, such as 17/200; default: all.")
@_WORKERS
def work(folder: Path, part: tuple[int, int], workers: int) -> int:
    """Process the shards of a part that are not finished.

    Parts need no other process and no lock: the shards of part K of N are fixed. A sentence that ends its process gets
    an error. The exit code is 0 when all shards of the part are finished, also if sentences in them failed. A machine
    whose input, models or versions are others than those of the plan is refused.
    """
    from xlner.engines import WorkerProcesses, run_sharded

    folder = folder.absolute()
    plan, command = _planned(folder)
    job, written, inputs = command.handed()
    if job.pipeline.fingerprint != plan.pipeline:
        raise RunFolderError(
            f"{folder} was planned with another pipeline", hint="install the same versions and models on all machines"
        )
    _require_planned_inputs(plan, command, inputs)
    number, parts = part
    shards = range(number - 1, plan.shards, parts)
    sentences = sum(plan.shard(k).count for k in shards)
    with progress("", None, None, total=sentences) as advance, WorkerProcesses(workers) as executor:
        done = run_sharded(
            plan,
            command,
            folder,
            written=written,
            executor=executor,
            at_once=workers,
            shards=shards,
            on_progress=noting_memory(advance, executor),
        )
    if not shards:
        note(f"part {number}/{parts} has nothing to do: the run has {counted(plan.shards, 'shard')}")
        return 0
    if done.stopped is not None:
        raise StoppedError(f"part {number}/{parts} stopped: {done.stopped.message}", hint=done.stopped.hint)
    note(f"part {number}/{parts} is finished: {counted(sentences, 'sentence')} in {counted(len(shards), 'shard')}")
    return 0


@run.command()
@_RUN
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(folder: Path, as_json: bool) -> int:
    """Show how much of a run is finished, and how to go on with it."""
    from xlner.engines import run_status

    plan, command = _planned(folder)
    found = run_status(plan, folder)
    if as_json:
        click.echo(json.dumps({"command": command.command, **found.as_dict()}, indent=2))
        return 0
    click.echo(f"{command.command}: {found.finished:,} of {counted(found.shards, 'shard')} finished")
    click.echo(f"{found.done:,} of {counted(found.sentences, 'sentence')}, {found.failed:,} of them failed")
    if found.missing:
        click.echo(f"not finished: {found.shown()}")
        run = shlex.quote(str(folder))
        click.echo(f"to continue: xlner run work {run}, and then xlner run join {run}")
    return 0


@run.command()
@_RUN
@click.option("-o", "--output", metavar="FILE", help="Output; by default that of the command that planned the run.")
def join(folder: Path, output: str | None) -> int:
    """Write the output of a run whose shards are all finished, and say what was done.

    That takes the folder RUN alone, without the input and without models.
    """
    from xlner.cli.finished_run import join_run

    folder = folder.absolute()
    plan, command = _planned(folder)
    return join_run(plan, folder, command, output)


@run.command()
@_RUN
@click.option("-o", "--output", metavar="FILE", help="Output; by default that of the command that planned the run.")
@_WORKERS
def retry(folder: Path, output: str | None, workers: int) -> int:
    """Process the failed sentences of a run again, and what is not finished; then write the output."""
    folder = folder.absolute()
    _, command = _planned(folder)
    return int(command.invoke(**_changed(command, folder, output), workers=workers, retry_failed=True))


def _changed(command: CommandJob, folder: Path, output: str | None) -> dict[str, Any]:
    """The parameters of a command that goes on with a run."""
    changed: dict[str, Any] = {"run_dir": str(folder), "resume": True, "engine": "local"}
    if output == STANDARD_STREAM:
        changed |= {"output": output, "output_format": command.format}
    elif output is not None:
        changed["output"] = str(Path(output).absolute())
    return changed


def _require_planned_inputs(plan: Plan, command: CommandJob, inputs: Inputs) -> None:
    """Raise `RunFolderError` if a file is not here, or is not the one that the run was planned with."""
    from xlner.cli.sharded import input_digests

    with command.there():
        try:
            found = input_digests(inputs, command.parameters)
        except OSError as error:
            raise RunFolderError(
                f"{error.filename} cannot be read: {reason(error)}", hint="all machines need the input under one path"
            ) from None
    for name, digest in found.items():
        if digest != plan.identity.get(name):
            path = inputs.paths.get(name, command.parameters.get(name))
            raise RunFolderError(
                f"{path} is not the file that the run was planned with",
                hint="copy it from the machine that planned the run, or plan again with --overwrite",
            )


def _planned(folder: Path) -> tuple[Plan, CommandJob]:
    """The plan of a run and the command that made it. Raises `RunFolderError` if there is none."""
    from xlner.engines import read_plan
    from xlner.engines.run_files import COMMAND, refuse_old_run

    refuse_old_run(folder)
    plan = read_plan(folder)
    if plan is None:
        raise RunFolderError(f"{folder} holds no run", hint="give --run-dir to a command such as label to make one")
    try:
        return plan, CommandJob.parse(json.loads((folder / COMMAND).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise RunFolderError(
            f"{folder} holds a run that no command began", hint="xlner.engines.run_sharded and join go on with it"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RunFolderError(
            f"{folder / COMMAND} is damaged", hint="the command that began the run writes it again"
        ) from None
