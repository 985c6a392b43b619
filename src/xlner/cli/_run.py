"""Running a pipeline from the command line: run folder, progress, output, summary."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xlner._errors import InputError, UnknownNameError
from xlner._pair import Pair
from xlner.cli._progress import count_sentences, progress
from xlner.formats import ReadReport, format_of, write_pairs
from xlner.formats._files import STANDARD_STREAM

if TYPE_CHECKING:
    from xlner.pipeline import Pipeline, RunFolder

PRETTY = "pretty"
OUTPUT_FORMATS = ("conll", "jsonl", PRETTY)
_PRETTY_WINDOW = 32
EXIT_SOME_FAILED = 1
_NOT_IN_RECIPE = frozenset({"run_dir", "resume"})


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command: its options, its input files and what was read from them."""

    command: str
    options: Mapping[str, Any]
    format: str
    inputs: Mapping[str, str]
    reports: Mapping[str, ReadReport]


def output_format(output: str, to_format: str | None, input_format: str) -> str:
    """The format to write: as asked for, by the file name, pretty on a terminal, else like the input."""
    if to_format is not None:
        return to_format
    if output != STANDARD_STREAM:
        return format_of(output)
    if sys.stdout.isatty():
        return PRETTY
    return "conll" if input_format == "conll" else "jsonl"


def window_for(format: str, default: int) -> int:
    """Pairs to read ahead: few where a person is waiting for the first of them."""
    return min(default, _PRETTY_WINDOW) if format == PRETTY else default


def stopping_at_errors(items: Iterable[Any], on_error: str) -> Iterator[Any]:
    """The items; with `stop` the first `InputError` among them is raised."""
    for item in items:
        if isinstance(item, InputError) and on_error == "stop":
            raise InputError(
                item.message,
                path=item.path,
                line=item.line,
                sentence=item.sentence,
                hint=f"{item.hint + '; ' if item.hint else ''}or go on with --on-error skip",
            )
        yield item


def execute(pipeline: Pipeline, items: Iterable[Pair | InputError], run: Run) -> int:
    """Run the pipeline over the items, write the pairs, say what happened; returns the exit code."""
    options = run.options
    items = stopping_at_errors(islice(items, options["limit"]), options["on_error"])
    tally = _Tally()
    with ExitStack() as stack:
        advance = stack.enter_context(progress(_total(run)))
        if options["run_dir"] is None:
            pairs = _advancing(pipeline.run_pairs(items), advance)
        else:
            folder = stack.enter_context(_open_run_folder(pipeline, run))
            pairs = folder.run(items, pipeline.run_pairs, advance)
        pairs = tally.counting(pairs)
        if run.format == PRETTY:
            from xlner.cli._pretty import print_pairs

            print_pairs(pairs, options["output"])
        else:
            write_pairs(pairs, options["output"], format=run.format)
    return tally.report(run.reports)


def _total(run: Run) -> int | None:
    limit: int | None = run.options["limit"]
    path = next(iter(run.inputs.values()))
    counted = count_sentences(path, run.options["from_format"] or format_of(path, default="text"))
    return counted if limit is None or counted is None else min(limit, counted)


def _open_run_folder(pipeline: Pipeline, run: Run) -> RunFolder:
    from xlner.pipeline import RunFolder

    options = run.options
    identity = {"command": run.command, "pipeline": pipeline.fingerprint, "limit": options["limit"]}
    identity |= {"on_error": options["on_error"], **_input_digests(run.inputs)}
    folder = RunFolder(options["run_dir"], identity, overwrite=not options["resume"])
    _save_recipe(run)
    return folder


def _input_digests(paths: Mapping[str, str]) -> dict[str, str]:
    from xlner.pipeline._runs import file_digest

    for name, path in paths.items():
        if path == STANDARD_STREAM:
            raise UnknownNameError(f"--run-dir needs a file as {name}, not standard input", hint="save the input first")
    return {name: file_digest(path) for name, path in paths.items()}


def _save_recipe(run: Run) -> None:
    """Save the resolved options in the run folder, as a recipe that repeats the run."""
    folder = Path(run.options["run_dir"])
    lines = [f"# xlner {run.command} {' '.join(run.inputs.values())} --recipe recipe.toml"]
    for name, value in run.options.items():
        if name in _NOT_IN_RECIPE or value is None or value == ():
            continue
        shown = list(value) if isinstance(value, tuple) else value
        lines.append(f"{name.replace('_', '-')} = {json.dumps(shown, ensure_ascii=False)}")
    (folder / "recipe.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclass(slots=True)
class _Tally:
    sentences: int = 0
    entities: int = 0
    dropped: int = 0
    failed: int = 0
    first_error: str = ""

    def counting(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        for pair in pairs:
            self.sentences += 1
            self.entities += len(pair.labelled.entities)
            self.dropped += sum(o.dropped for o in pair.projection.outcomes) if pair.projection else 0
            if pair.error is not None:
                self.failed += 1
                self.first_error = self.first_error or f"sentence {self.sentences}: {pair.error}"
            yield pair

    def report(self, reports: Mapping[str, ReadReport]) -> int:
        for name, report in reports.items():
            if report.repaired_tags:
                click.echo(f"xlner: {name}: {report.repaired_tags} tags out of place were repaired", err=True)
        dropped = f", {self.dropped} source entities not projected" if self.dropped else ""
        click.echo(f"xlner: {self.sentences} sentences, {self.entities} entities{dropped}", err=True)
        if self.failed:
            click.echo(f"xlner: {self.failed} of {self.sentences} sentences failed; {self.first_error}", err=True)
        return EXIT_SOME_FAILED if self.failed else 0


def _advancing(pairs: Iterable[Pair], advance: Callable[[int], None]) -> Iterator[Pair]:
    for pair in pairs:
        advance(1)
        yield pair
