"""Running a pipeline from the command line: run folder, progress, output, summary."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from xlner.cli._options import option_names
from xlner.cli._progress import count_sentences, progress
from xlner.cli._scored import say_unknown
from xlner.core.files import STANDARD_STREAM, require_other_file
from xlner.core.pair import Pair
from xlner.errors import InputError, UnknownNameError
from xlner.formats import ReadReport, format_of, write_pairs
from xlner.formats.by_name import input_files

if TYPE_CHECKING:
    from xlner.engines import RunFolder
    from xlner.pipeline.filters import SentenceFilters

PRETTY = "pretty"
OUTPUT_FORMATS = ("conll", "jsonl", PRETTY)
_PRETTY_WINDOW = 32
_SUMMARY = "summary.json"
EXIT_SOME_FAILED = 1
_NOT_IN_CONFIG = frozenset({"run_dir", "resume"})
_READING = ("input_format", "lang", "scheme", "repair", "tag_names", "lexical")


class Watch(Protocol):
    """What looks on while a command runs, and reports afterwards."""

    def made(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """The pairs as they are made, unchanged."""

    def written(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """Those that are written, unchanged."""

    def finish(self, dropped: Mapping[str, int], run_dir: str | None) -> None:
        """Say what was seen; `dropped` is how many sentences each filter dropped."""


@dataclass(frozen=True, slots=True)
class CommandRun:
    """One run of a command: its options, its input files and what was read from them."""

    command: str
    options: Mapping[str, Any]
    format: str
    inputs: Mapping[str, str]
    reports: Mapping[str, ReadReport]
    shown: Callable[[Pair], Pair] = lambda pair: pair
    """What is written of a pair."""
    watch: Watch | None = None


def output_format(output: str, output_format: str | None, input_format: str) -> str:
    """The format to write: as asked for, by the file name, pretty on a terminal, else like the input."""
    if output_format is not None:
        return output_format
    if output != STANDARD_STREAM:
        format = format_of(output)
        if format not in OUTPUT_FORMATS:
            raise UnknownNameError(f"{output}: format {format!r} holds no entities", hint="write .conll or .jsonl")
        return format
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


class Runner(Protocol):
    """What runs over the items of a command: a `Pipeline`, or several."""

    @property
    def fingerprint(self) -> str:
        """What the results depend on."""

    @property
    def labels(self) -> Counter[str]:
        """The labels of all entities so far, before any are ignored."""

    def run_pairs(self, pairs: Iterable[Any]) -> Iterator[Pair]:
        """One pair for each item, in order."""


def execute(pipeline: Runner, items: Iterable[Any], run: CommandRun) -> int:
    """CommandRun the pipeline over the items, write the pairs, say what happened; returns the exit code."""
    options = run.options
    require_other_file(options["output"], *run.inputs.values())
    items = stopping_at_errors(islice(items, options["limit"]), options["on_error"])
    tally = _Tally()
    filters = _filters(options)
    folder: RunFolder | None = None
    with ExitStack() as stack:
        stack.callback(_say_what_is_kept, options["run_dir"])
        advance = stack.enter_context(progress(_total(run)))
        if options["run_dir"] is None:
            pairs = _advancing(pipeline.run_pairs(items), advance)
        else:
            folder = stack.enter_context(_open_run_folder(pipeline, run))
            pairs = folder.run(items, pipeline.run_pairs, advance)
        pairs = tally.counting(pairs if run.watch is None else run.watch.made(pairs))
        if filters is not None:
            pairs = filters.kept(pairs)
        if run.watch is not None:
            pairs = run.watch.written(pairs)
        pairs = map(run.shown, pairs)
        if run.format == PRETTY:
            from xlner.cli._pretty import print_pairs

            print_pairs(pairs, options["output"])
        else:
            write_pairs(pairs, options["output"], format=run.format)
        if options["run_dir"] is not None and tally.projected:
            tally.save(options["run_dir"])
    code = tally.report(run.reports)
    if folder is not None and folder.reused:
        click.echo(f"xlner: {_reused(folder)}", err=True)
    elif tally.sentences and options.get("ignore"):  # parts that are reused do not tell what was ignored in them
        _say_unknown_labels(options["ignore"], pipeline)
    if filters is not None:
        click.echo(f"xlner: filters {filters.report}", err=True)
    if run.watch is not None:
        run.watch.finish(filters.report.dropped if filters is not None else {}, options["run_dir"])
    return code


def _reused(folder: RunFolder) -> str:
    """Which parts of a run folder were there already."""
    runs: list[list[int]] = []
    for number in folder.reused:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    parts = ", ".join(f"{first}–{last}" if last > first else str(first) for first, last in runs)
    return f"part{'s' * (len(folder.reused) > 1)} {parts} reused from {folder.path}"


def _say_unknown_labels(ignored: Sequence[str], pipeline: Runner) -> None:
    """A hint for each ignored label that no entity had."""
    seen: Counter[str] = pipeline.labels
    say_unknown({label: seen[label] for label in ignored}, dict.fromkeys(seen, 0))


def _filters(options: Mapping[str, Any]) -> SentenceFilters | None:
    """The filters; None without any: then all sentences are written, failed ones, too."""
    from xlner.pipeline.filters import SentenceFilters

    specs = options.get("filters")
    return SentenceFilters(specs) if specs else None


def _say_what_is_kept(run_dir: str | None) -> None:
    if run_dir is not None and isinstance(sys.exception(), KeyboardInterrupt):
        click.echo(f"xlner: finished parts are kept in {run_dir}; the same command goes on from there", err=True)


def _total(run: CommandRun) -> int | None:
    limit: int | None = run.options["limit"]
    path = next(iter(run.inputs.values()))
    counted = count_sentences(path, run.options["input_format"] or format_of(path, default="text"))
    return counted if limit is None or counted is None else min(limit, counted)


def _open_run_folder(pipeline: Runner, run: CommandRun) -> RunFolder:
    from xlner.engines import RunFolder

    options = run.options
    identity = {"command": run.command, "pipeline": pipeline.fingerprint, "limit": options["limit"]}
    identity |= {"on_error": options["on_error"], **_input_digests(run.inputs)}
    identity["reading"] = {name: options.get(name) for name in _READING}
    folder = RunFolder(options["run_dir"], identity, overwrite=not options["resume"])
    _save_config(run)
    return folder


def _input_digests(paths: Mapping[str, str]) -> dict[str, str]:
    from xlner.engines.run_folder import file_digest

    for name, path in paths.items():
        if path == STANDARD_STREAM:
            raise UnknownNameError(f"--run-dir needs a file as {name}, not standard input", hint="save the input first")
    return {name: " ".join(map(file_digest, input_files(path))) for name, path in paths.items()}


def _save_config(run: CommandRun) -> None:
    """Save the resolved options in the run folder, as a recipe that repeats the run."""
    folder = Path(run.options["run_dir"])
    lines = [f"# xlner {run.command} {' '.join(run.inputs.values())} --config config.toml"]
    names = option_names(click.get_current_context().command)
    for name, value in run.options.items():
        if name in _NOT_IN_CONFIG or value is None or value == ():
            continue
        shown = list(value) if isinstance(value, tuple) else value
        lines.append(f"{names[name]} = {json.dumps(shown, ensure_ascii=False)}")
    (folder / "config.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def counted(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun.

    >>> counted(1, "sentence"), counted(2, "entity", "entities")
    ('1 sentence', '2 entities')
    """
    return f"{count} {one if count == 1 else many or one + 's'}"


@dataclass(slots=True)
class _Tally:
    sentences: int = 0
    entities: int = 0
    source_entities: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    links: int = 0
    projected: bool = False
    suspects: Counter[str] = field(default_factory=Counter)
    suspicious: int = 0
    first_error: str = ""

    def counting(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        for pair in pairs:
            self.sentences += 1
            self.entities += len(pair.labeled.entities)
            outcomes = pair.projection.outcomes if pair.projection else ()
            self.source_entities += len(outcomes)
            self.dropped.update(str(o.reason) for o in outcomes if o.reason is not None)
            if pair.error is not None:
                self.failed += 1
                self.first_error = self.first_error or f"sentence {self.sentences}: {pair.error}"
            self.links += len(pair.alignment or ())
            flags = pair.source.meta.get("translation_warnings") if pair.source is not None else None
            if isinstance(flags, list):
                self.suspicious += 1
                self.suspects.update(flags)
            self.projected = self.projected or pair.projection is not None
            yield pair

    def save(self, folder: str) -> None:
        """Write the counts: those projected and those dropped for each reason add up to the source entities."""
        counts = {
            "sentences": self.sentences,
            "failed": self.failed,
            "source_entities": self.source_entities,
            "projected": self.source_entities - self.dropped.total(),
            "dropped": dict(sorted(self.dropped.items())),
        }
        (Path(folder) / _SUMMARY).write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8")

    def report(self, reports: Mapping[str, ReadReport]) -> int:
        for name, report in reports.items():
            if report.repaired_tags:
                click.echo(f"xlner: {name}: {counted(report.repaired_tags, 'tag')} out of place repaired", err=True)
        reasons = ", ".join(f"{n} {reason}" for reason, n in sorted(self.dropped.items()))
        dropped = f", {self.dropped.total()} not projected ({reasons})" if self.dropped else ""
        links = f", {counted(self.links, 'link')}" if self.links and not self.projected else ""
        entities = f", {counted(self.entities, 'entity', 'entities')}" if self.projected else ""
        sentences = counted(self.sentences, "sentence") if self.sentences else "no sentences read"
        click.echo(f"xlner: {sentences}{links}{entities}{dropped}", err=True)
        if self.suspicious:
            kinds = ", ".join(f"{flag} {count}" for flag, count in self.suspects.most_common())
            looks = "translation looks" if self.suspicious == 1 else "translations look"
            click.echo(f"xlner: {self.suspicious} {looks} wrong ({kinds})", err=True)
        if self.failed:
            click.echo(f"xlner: {self.failed} of {self.sentences} sentences failed; {self.first_error}", err=True)
        return EXIT_SOME_FAILED if self.failed else 0


def _advancing(pairs: Iterable[Pair], advance: Callable[[int], None]) -> Iterator[Pair]:
    for pair in pairs:
        advance(1)
        yield pair
