"""Run a pipeline from a command in shards: with a run folder, with workers, or both."""

from __future__ import annotations

import json
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from xlner.cli.conclusion import chosen_engine, conclude
from xlner.cli.config import option_names
from xlner.cli.jobs import CommandJob, Tallies
from xlner.cli.notes import note
from xlner.cli.progress import progress
from xlner.cli.run_options import PLANNING, PRETTY, READING, Inputs, RunOptions
from xlner.cli.worker_memory import noting_memory
from xlner.core.files import write_durably, write_json
from xlner.errors import UsageError
from xlner.formats import detect_format, write_pairs
from xlner.formats.datasets import is_spec
from xlner.formats.write_by_name import line_writer
from xlner.text.counts import counted

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from xlner.cli.routes import Route
    from xlner.core.pair import Pair
    from xlner.engines import Job, Joined, Plan, Progress, Written
    from xlner.pipeline import BuildReport, RunSummary, SentenceFilters

_HERE = {
    "workers": 1,
    "engine": "local",
    "parts": 1,
    "slurm": "",
    "dry_run": False,
    "address": "",
    "cpus_per_worker": 1.0,
    "gpus_per_worker": 0.0,
}
"""The options that say where a run executes, for one in this process."""
_NOT_IN_CONFIG = frozenset({"run_dir", "resume", "retry_failed", "as_json", "shard_size", *_HERE})
_OF_OUTPUT = frozenset({"output", "output-format", "config", "debug"})
"""Options that say nothing about the results of a run."""
_UNIQUE = "unique"


def _configured(context: click.Context) -> dict[str, Any]:
    """The options of a command that its config repeats, by their names on the command line."""
    names = option_names(context.command)
    return {
        names[name]: list(value) if isinstance(value, tuple) else value
        for name, value in context.params.items()
        if name in names and name not in _NOT_IN_CONFIG and value not in (None, ())
    }


def _different_options(folder: Path, now: Mapping[str, Any]) -> str:
    """Which options differ from those of the run in a folder, for a message; empty if its config cannot be read."""
    from xlner.engines.run_files import CONFIG

    try:
        before = tomllib.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    wanted = json.loads(json.dumps(now))
    different = [
        name
        for name in {**before, **wanted}
        if name not in _OF_OUTPUT and (before.get(name) or None) != (wanted.get(name) or None)
    ]
    return "; ".join(f"--{name}: {_shown(before.get(name))}, now {_shown(wanted.get(name))}" for name in different)


def _shown(value: object) -> str:
    """The value of an option for a message."""
    if isinstance(value, list):
        return " ".join(map(_shown, value)) or "not given"
    if isinstance(value, bool) or value is None:
        return "given" if value else "not given"
    return str(value)


def write_shown(
    pairs: Iterable[Pair], *, output: str, format: str, shown: Callable[[Pair], Pair] | None = None
) -> None:
    """Write what is `shown` of pairs, in any of the formats of commands."""
    wanted = pairs if shown is None else map(shown, pairs)
    if format == PRETTY:
        from xlner.cli.pretty import print_pairs

        print_pairs(wanted, output)
    else:
        write_pairs(wanted, output, format=format)


def written_as(format: str, filters: Sequence[str], shown: Callable[[Pair], Pair] | None) -> Written | None:
    """How workers write the output; None if that is JSONL with everything, or needs all sentences together."""
    from xlner.engines import Written

    if is_made_at_the_end(format, filters) or (format == "jsonl" and not filters and shown is None):
        return None
    return Written(format, tuple(filters), shown, "" if shown is None else shown.__qualname__)


def input_digests(inputs: Inputs, parameters: Mapping[str, Any]) -> dict[str, str]:
    """The hashes of all files that results depend on, by name."""
    from xlner.engines import file_digest

    table = parameters.get("lexical_table")  # weights given links, which no stage of the pipeline knows of
    return {**inputs.digests(), **({} if table is None else {"lexical_table": file_digest(table)})}


def is_made_at_the_end(format: str, filters: Sequence[str]) -> bool:
    """Whether the output cannot be put together from parts, or a sentence in it depends on all before it."""
    return line_writer(format) is None or _UNIQUE in (text.strip() for text in filters)


def write_at_end(
    plan: Plan,
    folder: Path,
    write: Callable[[Iterable[Pair]], None],
    filters: SentenceFilters | None,
    build_report: BuildReport | None,
) -> Joined:
    """Write the finished shards of a run from their pairs, because workers could not write the output."""
    from xlner.engines import join
    from xlner.engines.shard_files import ShardFiles
    from xlner.engines.work import read_shard
    from xlner.pipeline import BuildReport

    joined = join(plan, folder, None)
    files, report = ShardFiles(folder, plan.run), build_report or BuildReport()
    pairs = (pair for number in range(joined.shards) for pair in read_shard(files, number))
    write(report.written(pairs if filters is None else filters.kept(pairs)))
    counts = report.counts()
    joined.written["build"] = {name: counts[name] for name in ("sentences_written", "labels")}
    if filters is not None:
        found = dict(filters.report.dropped)
        joined.written["build"]["filtered"] = joined.written["filtered"] = found
        joined.written["kept"] = filters.report.kept
    return joined


def summary_of(joined: Joined, filters: SentenceFilters | None, build_report: BuildReport | None) -> RunSummary:
    """What was counted in a run; what filters and the report count is put into them."""
    from xlner.engines.counts import add
    from xlner.pipeline import RunSummary
    from xlner.pipeline.filters import FilterReport

    if filters is not None:
        filters.report = FilterReport(joined.written.get("kept", 0), Counter(joined.written.get("filtered")))
    if build_report is not None:
        written = joined.written.get("build") or joined.counts.get("all", {})
        build_report.take(add(add({}, joined.counts.get("build", {})), written))
    return RunSummary.of(joined.counts.get("summary", {}))


def save_summary(folder: Path, summary: RunSummary, about: Mapping[str, str]) -> None:
    """Save the summary of a run that projected in its folder, and what is to be said `about` it."""
    from xlner.engines.run_files import SUMMARY

    if summary.projected:
        write_json(folder / SUMMARY, {**about, **summary.as_dict()})


@dataclass(frozen=True, slots=True)
class ShardedRun:
    """A run in shards: what workers do, the format of its output, what is shown in it and how workers write it, what it
    counts, its route.
    """

    job: Job
    format: str
    shown: Callable[[Pair], Pair] | None
    written: Written | None
    inputs: Inputs
    options: RunOptions
    tallies: Tallies
    route: Route | None = None

    def run(
        self,
        write: Callable[[Iterable[Pair]], None],
        filters: SentenceFilters | None,
        build_report: BuildReport | None,
    ) -> tuple[RunSummary, Counter[str] | None]:
        """Process what is not finished, write the output, and say what was done; return the counts, and the labels
        if all of them were counted now.

        `write` writes the output if workers cannot.
        """
        from xlner.engines import join
        from xlner.engines.run_files import remove_temporary
        from xlner.pipeline import RunSummary

        if self.options.engine != "local" and self.options.run_dir is None:
            raise UsageError(
                f"--engine {self.options.engine} needs a folder that all machines see", hint="give --run-dir"
            )
        with ExitStack() as stack:
            stack.callback(_note_kept_shards, self.options.run_dir)
            folder = self._folder(stack)
            plan = self._plan(folder)
            self.tallies.put({})
            if self.options.run_dir is not None:
                self._save(folder)
            if self.options.engine in PLANNING:
                stack.close()  # others may use the folder now
                self._send(plan, folder)
                return RunSummary(), None
            done = self._process(plan, folder)
            if is_made_at_the_end(self.format, self.options.filters):
                joined = write_at_end(plan, folder, write, filters, build_report)
            else:
                joined = join(plan, folder, self.options.output, written=self.written)
            if joined.shards == plan.shards:
                remove_temporary(folder)
            return self._counted(joined, done, filters, build_report, folder)

    def _folder(self, stack: ExitStack) -> Path:
        from xlner.engines.run_folder import locked_run_folder

        if self.options.run_dir is None:
            return Path(stack.enter_context(TemporaryDirectory(prefix="xlner-run-")))
        folder = Path(self.options.run_dir)
        stack.enter_context(locked_run_folder(folder))
        return folder

    def _plan(self, folder: Path) -> Plan:
        from xlner.engines import make_plan
        from xlner.engines.run_folder import begin_or_resume

        options, context = self.options, click.get_current_context()
        identity = {
            "command": context.command.name,
            **({} if self.route is None else {"route": self.route.name}),
            "pipeline": self.job.pipeline.fingerprint,
            "limit": options.limit,
            "on_error": options.on_error,
            **input_digests(self.inputs, context.params),
            "reading": {name: context.params.get(name) for name in (*READING, "lexical")},
        }

        def make() -> Plan:
            return make_plan(
                identity,
                self.job.read,
                self._formats(context),
                limit=options.limit,
                shard_size=options.shard_size,
                is_settled=lambda: not any(report.unsettled for report in self.inputs.reports.values()),
            )

        wanted = json.loads(json.dumps(identity))
        explain = partial(_different_options, folder, _configured(context))
        return begin_or_resume(folder, wanted, make, overwrite=not options.resume, explain=explain)

    def _formats(self, context: click.Context) -> dict[str, str]:
        """The format of each input file; none if the files cannot be cut into shards."""
        from xlner.formats.item_starts import LINKS

        weighs_given = context.params.get("lexical") and context.params.get("alignment")  # counts all links first
        if weighs_given or any(is_spec(path) for path in self.inputs.paths.values()):
            return {}
        default = "conll" if context.command.name == "build" else "text"
        return {
            path: LINKS if name.startswith("alignment") else detect_format(path, self.options.input_format, default)
            for name, path in self.inputs.paths.items()
        }

    def _save(self, folder: Path) -> None:
        """Save the options of the command in the run folder: for other processes, and as a config that repeats it."""
        from xlner.engines.run_files import COMMAND, CONFIG

        context = click.get_current_context()
        lines = [f"# xlner {context.command.name} {' '.join(self.inputs.paths.values())} --config {CONFIG}"]
        lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in _configured(context).items()]
        write_durably(folder / CONFIG, "\n".join(lines) + "\n")
        command = CommandJob.current(
            self.format,
            run_dir=str(folder.absolute()),
            resume=True,
            retry_failed=False,
            **_HERE,
        )
        shown = None if self.shown is None else f"{self.shown.__module__}:{self.shown.__qualname__}"
        known = replace(command, shown=shown or "", inputs=self.inputs.paths, about=self._about())
        write_json(folder / COMMAND, known.as_record())

    def _about(self) -> dict[str, str]:
        """The route and the engine, for the summary of the run."""
        about = {} if self.route is None else self.route.as_dict()
        engine = chosen_engine()
        return about if engine is None else {**about, "engine": engine}

    def _send(self, plan: Plan, folder: Path) -> None:
        """Let other machines process the run, or say how."""
        from xlner.engines.slurm import SlurmArray, parse_options

        options, place = self.options, folder.absolute()
        parts = max(1, min(options.parts, plan.shards))
        shards = f"{counted(plan.sentences, 'sentence')} in {counted(plan.shards, 'shard')}"
        if parts < options.parts:
            made = f"{counted(parts, 'part')}, one for each shard, instead of {options.parts:,}"
            note(f"note: {made}; a smaller --shard-size gives more")
        if options.engine == "parts":
            note(f"planned: {shards}; nothing is processed yet")
            note(f"on each machine: xlner run work {place} --part K/{parts}, with K from 1 to {parts}")
            note(f"then: xlner run join {place}")
            return
        array = SlurmArray(place, parts, parse_options(options.slurm))
        if options.dry_run:
            click.echo(array.script())
            return
        note(
            f"planned: {shards}; submitted job {array.submit()} with {counted(parts, 'part')}, "
            "and a job that joins them"
        )

    def _process(self, plan: Plan, folder: Path) -> Progress:
        from xlner.engines import run_sharded

        first, *_ = self.inputs.paths.values()
        workers = min(self.options.workers, max(1, plan.shards))
        command = CommandJob.current(self.format, resume=True, retry_failed=False)
        with ExitStack() as stack:
            advance = stack.enter_context(progress(first, self.options.input_format, None, total=plan.sentences))
            executor = self._executor(plan, folder, workers)
            if executor is not None:
                stack.enter_context(executor)
                advance = noting_memory(advance, executor)
            return run_sharded(
                plan,
                command if executor else lambda: self.job,
                folder.absolute() if executor else folder,
                written=self.written,
                executor=executor,
                at_once=workers,
                retry_failed=self.options.retry_failed,
                on_progress=advance,
            )

    def _executor(self, plan: Plan, folder: Path, workers: int) -> Executor | None:
        """What processes the shards; None for this process. A run that is finished needs no cluster."""
        options = self.options
        if options.engine == "ray":
            from xlner.engines import RayWorkers, run_status

            if not options.retry_failed and not run_status(plan, folder).missing:
                return None
            cpus, gpus = options.cpus_per_worker, options.gpus_per_worker
            return RayWorkers(workers, cpus=cpus, gpus=gpus, address=options.address or "auto")
        if options.workers > 1:
            from xlner.engines import WorkerProcesses

            return WorkerProcesses(workers)
        return None

    def _counted(
        self,
        joined: Joined,
        done: Progress,
        filters: SentenceFilters | None,
        build_report: BuildReport | None,
        folder: Path,
    ) -> tuple[RunSummary, Counter[str] | None]:
        labels = self.tallies.put(joined.counts.get("tallies", {}))
        summary = summary_of(joined, filters, build_report)
        summary.stopped = done.stopped
        if self.options.run_dir is not None and summary.stopped is None:
            save_summary(folder, summary, self._about())
        conclude(summary, self.inputs, self.options, filters, _about(done, summary, self.options.run_dir))
        return summary, None if done.reused else labels


def _about(done: Progress, summary: RunSummary, run_dir: str | None) -> Iterator[str]:
    """What was reused from a run folder, and what was done again."""
    if run_dir is None:
        return
    if done.reused:
        yield _reused(done.reused, run_dir)
    if done.retried:
        yield f"{counted(done.retried, 'failed sentence')} run again, {done.still_failed} failed again"
    elif summary.failed and summary.stopped is None:
        yield "the same command with --retry-failed runs the failed sentences again"


def _reused(numbers: Sequence[int], run_dir: str) -> str:
    """Which shards of a run folder were finished already, as ranges of numbers from 1."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][1]:
            ranges[-1][1] = number + 1
        else:
            ranges.append([number + 1, number + 1])
    shards = ", ".join(f"{first}–{last}" if last > first else str(first) for first, last in ranges)
    return f"shard{'s' * (len(numbers) > 1)} {shards} reused from {run_dir}"


def _note_kept_shards(run_dir: str | None) -> None:
    if run_dir is not None and isinstance(sys.exception(), KeyboardInterrupt):
        note(f"finished shards are kept in {run_dir}; the same command continues from there")
