"""Run a pipeline from a command: options, output, progress, run folder and summary."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xlner.cli.config import option_names
from xlner.cli.notes import note
from xlner.cli.progress import progress
from xlner.cli.scored_files import note_unknown_labels
from xlner.core.files import STANDARD_STREAM, is_device, require_other_file, write_durably, write_json
from xlner.core.lines import shown_name
from xlner.core.tags import Scheme
from xlner.errors import InputError, StoppedError, UsageError
from xlner.formats import ReadReport, format_of, write_pairs
from xlner.formats.by_name import input_files
from xlner.formats.format_names import COLUMN_FORMATS
from xlner.formats.registry import format_named, writable

if TYPE_CHECKING:
    from xlner.core.pair import Pair
    from xlner.core.sentence import Sentence
    from xlner.engines import AnyPipeline, RunFolder
    from xlner.pipeline import BuildReport, RunSummary, SentenceFilters

PRETTY = "pretty"
OUTPUT_FORMATS = (*(name for name in writable() if name != "text"), PRETTY)
EXIT_SOME_FAILED = 1
_PRETTY_WINDOW = 32
"""Sentences read ahead if a person waits for the first of them."""
_SUMMARY = "summary.json"
_CONFIG = "config.toml"
_NOT_IN_CONFIG = frozenset({"run_dir", "resume", "retry_failed", "as_json"})
_READING = (
    "input_format",
    "lang",
    "scheme",
    "repair",
    "tag_names",
    "label_map",
    "columns",
    "lexical",
    "words",
    "segmenter",
    "one_based",
)
"""Parameters that affect how the input is read."""

_CONFIDENCE_FILTERS = frozenset({"confidence", "mean-confidence"})

_COUNTED = {
    "tokenizer": "the links count the words of the tokenizer",
    "spaces": "the links count the words between spaces",
}

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Options of every command that runs a pipeline; each command adds its own."""

    output: str
    input_format: str | None
    output_format: str | None
    on_error: str
    limit: int | None
    batch_words: int
    run_dir: str | None
    resume: bool
    retry_failed: bool
    scheme: str = Scheme.AUTO.value
    columns: str | None = None
    tag_names: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    min_confidence: float = 0.0

    def needs_confidence(self, format: str) -> bool:
        """Whether anything reads the confidences of entities: the output, the run folder, a filter or a minimum.

        Of the formats only JSONL has a place for them.
        """
        filters = {text.partition(":")[0].strip() for text in self.filters}
        shown = format == "jsonl" or self.run_dir is not None
        return bool(shown or self.min_confidence or filters & _CONFIDENCE_FILTERS)

    def format_for(self, input_format: str) -> str:
        """The output format for labeled sentences: as given or guessed, pretty on a terminal, or like the input."""
        if self.output_format is not None:
            return self.output_format
        like_input = input_format if input_format in COLUMN_FORMATS else "jsonl"
        if self.output != STANDARD_STREAM:
            default = like_input if is_device(self.output) else None
            format = format_of(self.output, default, formats=OUTPUT_FORMATS, option="--output-format")
            if format not in OUTPUT_FORMATS and (format == "text" or format_named(format).writer is None):
                raise UsageError(f"{self.output}: format {format!r} holds no entities", hint="write .conll or .jsonl")
            return format
        if sys.stdout is not None and sys.stdout.isatty():
            return PRETTY
        return like_input


@dataclass(frozen=True, slots=True)
class Inputs:
    """The input files of a run by name, and what was read from them by path.

    Raises `UsageError` for standard input if the run has a folder.
    """

    paths: Mapping[str, str]
    run_dir: str | None
    reports: dict[str, ReadReport] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, path in self.paths.items():
            if self.run_dir is not None and path == STANDARD_STREAM:
                raise UsageError(f"--run-dir needs a file as {name}, not standard input", hint="save the input first")

    def report(self, path: str) -> ReadReport:
        """The report of a file; the readers fill it in."""
        return self.reports.setdefault(path, ReadReport())

    def digests(self) -> dict[str, str]:
        """The hashes of all files, for the identity of a run."""
        from xlner.engines import file_digest

        return {name: " ".join(map(file_digest, input_files(path))) for name, path in self.paths.items()}


def was_named(parameter: str) -> bool:
    """True if the value of this parameter of the command is from the command line or a config, not its default."""
    source = click.get_current_context().get_parameter_source(parameter)
    return source not in (click.core.ParameterSource.DEFAULT, None)


def on_command_line(parameter: str) -> bool:
    """True if the value of this parameter is from the command line."""
    return click.get_current_context().get_parameter_source(parameter) is click.core.ParameterSource.COMMANDLINE


def window_for(format: str, default: int) -> int:
    """Pairs to read ahead: few if a person waits for the first of them."""
    return min(default, _PRETTY_WINDOW) if format == PRETTY else default


def note_unsure(pipeline: AnyPipeline, min_confidence: float) -> None:
    """Say how many entities were left out because their scores were too low."""
    from xlner.pipeline import RecognitionPipeline
    from xlner.pipeline.run_summary import counted
    from xlner.transfer import Ensemble

    if isinstance(pipeline, (Ensemble, RecognitionPipeline)) and pipeline.unsure:
        entities = counted(pipeline.unsure, "entity", "entities")
        note(f"{entities} below --min-confidence {min_confidence:g} left out")


@dataclass(slots=True)
class ReplacedEntities:
    """Counts the entities that the input has already, and that the result has not."""

    count: int = 0

    def pairs(self, sentences: Iterable[Sentence | InputError]) -> Iterator[Pair | InputError]:
        """The sentences as pairs without a source."""
        from xlner.core.pair import Pair

        for sentence in sentences:
            if isinstance(sentence, InputError):
                yield sentence
            else:
                self.count += len(sentence.entities)
                yield Pair(sentence)

    def note(self, path: str) -> None:
        """Say how many entities were replaced."""
        from xlner.pipeline.run_summary import counted

        if self.count:
            shown = shown_name(path)
            note(f"{counted(self.count, 'entity', 'entities')} of {shown} replaced")


def stopping_at_errors(items: Iterable[Item], on_error: str) -> Iterator[Item]:
    """The items; with `stop` the first `InputError` among them is raised."""
    for item in items:
        if isinstance(item, InputError) and on_error == "stop":
            raise InputError(
                item.message,
                path=item.path,
                line=item.line,
                sentence=item.sentence,
                hint=f"{item.hint + '; ' if item.hint else ''}or continue with --on-error skip",
            )
        yield item


def run(
    pipeline: AnyPipeline,
    items: Iterable[Any],
    inputs: Inputs,
    options: RunOptions,
    format: str,
    *,
    shown: Callable[[Pair], Pair] | None = None,
    build_report: BuildReport | None = None,
) -> int:
    """Run the pipeline over the items, write what is `shown` of the pairs, print a summary; return the exit code."""
    from xlner.engines import run_pipeline
    from xlner.pipeline import SentenceFilters

    first, *_ = paths = inputs.paths.values()
    if options.retry_failed and (options.run_dir is None or not options.resume):
        raise UsageError("--retry-failed needs a run to go on with", hint="give its --run-dir, without --overwrite")
    require_other_file(options.output, *paths)
    filters = SentenceFilters(options.filters) if options.filters else None
    with ExitStack() as stack:
        stack.callback(_note_kept_shards, options.run_dir)
        advance = stack.enter_context(progress(first, options.input_format, options.limit))
        folder = None if options.run_dir is None else stack.enter_context(_run_folder(pipeline, inputs, options))
        summary = run_pipeline(
            pipeline,
            stopping_at_errors(islice(items, options.limit), options.on_error),
            lambda pairs: _write(pairs if shown is None else map(shown, pairs), options.output, format),
            folder=folder,
            filters=filters,
            build_report=build_report,
            on_progress=advance,
        )
        if folder is not None and summary.projected:
            write_json(folder.path / _SUMMARY, summary.as_dict())
    for line in _conclusion(summary, inputs, folder, filters):
        note(line)
    if summary.stopped is not None:
        raise _stopped(summary, options)
    if summary.sentences and options.ignore and not (folder is not None and folder.reused):
        note_unknown_labels({label: pipeline.labels[label] for label in options.ignore}, pipeline.labels)
    return EXIT_SOME_FAILED if summary.failed else 0


def _write(pairs: Iterable[Pair], output: str, format: str) -> None:
    if format == PRETTY:
        from xlner.cli.pretty import print_pairs

        print_pairs(pairs, output)
    else:
        write_pairs(pairs, output, format=format)


def _conclusion(
    summary: RunSummary, inputs: Inputs, folder: RunFolder | None, filters: SentenceFilters | None
) -> Iterator[str]:
    """What to say at the end of a run."""
    from xlner.pipeline.run_summary import counted

    for path, report in inputs.reports.items():
        if report.words is not None:
            yield f"{path}: {_COUNTED[report.words]} (--words {report.words})"
        if report.out_of_place:
            yield f"{path}: {counted(report.out_of_place, 'tag')} out of place repaired"
    yield from _engine()
    yield from summary.lines()
    if folder is not None:
        yield from _about(folder, summary)
    if filters is not None:
        yield f"filters {filters.report}"


def _engine() -> Iterator[str]:
    """Which engine `engine=auto` stands for here."""
    from xlner.models.e5.engines import chosen_engine

    if chosen := chosen_engine():
        yield f"engine auto: {chosen}"


def _about(folder: RunFolder, summary: RunSummary) -> Iterator[str]:
    """What was reused from a run folder, and what was done again."""
    from xlner.pipeline.run_summary import counted

    if folder.reused:
        yield _reused(folder)
    if folder.retried:
        yield f"{counted(folder.retried, 'failed sentence')} run again, {folder.still_failed} failed again"
    elif summary.failed and summary.stopped is None:
        yield "the same command with --retry-failed runs the failed sentences again"


def _reused(folder: RunFolder) -> str:
    """Which shards of a run folder were finished already, as ranges."""
    ranges: list[list[int]] = []
    for number in folder.reused:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    shards = ", ".join(f"{first}–{last}" if last > first else str(first) for first, last in ranges)
    return f"shard{'s' * (len(folder.reused) > 1)} {shards} reused from {folder.path}"


def _stopped(summary: RunSummary, options: RunOptions) -> StoppedError:
    """Why the run stopped, what is kept, and how to go on."""
    from xlner.pipeline.run_summary import counted

    assert summary.stopped is not None
    kept = f"finished shards are kept in {options.run_dir}, and the same command continues from there"
    if options.run_dir is None:
        name = "standard output" if options.output == STANDARD_STREAM else options.output
        kept = f"{name} has the first {counted(summary.sentences, 'sentence')}, {summary.failed} of them failed"
        kept += "; with --run-dir DIR a run can be continued"
    hint = f"{summary.stopped.hint}; {kept}" if summary.stopped.hint else kept
    return StoppedError(f"the run stopped: {summary.stopped.message}", hint=hint)


def _note_kept_shards(run_dir: str | None) -> None:
    if run_dir is not None and isinstance(sys.exception(), KeyboardInterrupt):
        note(f"finished shards are kept in {run_dir}; the same command continues from there")


def _run_folder(pipeline: AnyPipeline, inputs: Inputs, options: RunOptions) -> RunFolder:
    """The run folder of this command; also saves its options there, as a config that repeats the run."""
    from xlner.engines import RunFolder

    context = click.get_current_context()
    identity = {
        "command": context.command.name,
        "pipeline": pipeline.fingerprint,
        "limit": options.limit,
        "on_error": options.on_error,
        **inputs.digests(),
        "reading": {name: context.params.get(name) for name in _READING},
    }
    folder = RunFolder(str(options.run_dir), identity, overwrite=not options.resume, retry_failed=options.retry_failed)
    names = option_names(context.command)
    lines = [f"# xlner {context.command.name} {' '.join(inputs.paths.values())} --config {_CONFIG}"]
    for name, value in context.params.items():
        if name in names and name not in _NOT_IN_CONFIG and value not in (None, ()):
            shown = list(value) if isinstance(value, tuple) else value
            lines.append(f"{names[name]} = {json.dumps(shown, ensure_ascii=False)}")
    write_durably(folder.path / _CONFIG, "\n".join(lines) + "\n")
    return folder
