"""The options and the input of a command that runs a pipeline."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

import click

from xlner.core.files import STANDARD_STREAM, is_device
from xlner.core.tags import Scheme
from xlner.errors import UsageError
from xlner.formats import ReadReport, format_of
from xlner.formats.by_name import input_files
from xlner.formats.format_names import COLUMN_FORMATS
from xlner.formats.registry import format_named, writable

PRETTY = "pretty"
PLANNING = ("parts", "slurm")
"""Engines that only plan a run, for other processes."""
OUTPUT_FORMATS = (*(name for name in writable() if name != "text"), PRETTY)
_CONFIDENCE_FILTERS = frozenset({"confidence", "mean-confidence"})
READING = (
    "input_format",
    "lang",
    "scheme",
    "repair",
    "tag_names",
    "label_map",
    "columns",
    "words",
    "segmenter",
    "one_based",
)
"""Parameters of commands that affect how the input is read."""
_PRETTY_WINDOW = 32
"""Sentences read ahead if a person waits for the first of them."""


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
    workers: int = 1
    shard_size: int | None = None
    engine: str = "local"
    parts: int = 1
    slurm: str = ""
    dry_run: bool = False
    address: str = ""
    cpus_per_worker: float = 1.0
    gpus_per_worker: float = 0.0

    @property
    def is_sharded(self) -> bool:
        """Whether the run has shards."""
        return self.run_dir is not None or self.workers > 1 or self.engine != "local"

    def needs_confidence(self, format: str) -> bool:
        """Whether anything reads the confidences of entities: the output, the run folder, a filter or a minimum."""
        filters = {text.partition(":")[0].strip() for text in self.filters}
        shown = format != PRETTY and "scores" in format_named(format).keeps
        return bool(shown or self.run_dir is not None or self.min_confidence or filters & _CONFIDENCE_FILTERS)

    def needs_members(self, format: str) -> bool:
        """Whether anything reads what the members of an ensemble find: the output or the run folder."""
        return self.run_dir is not None or (format != PRETTY and "fields" in format_named(format).keeps)

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


def refuse_ignored(options: RunOptions) -> None:
    """Raise `UsageError` for options of a run that would have no effect."""
    if options.retry_failed and (options.run_dir is None or not options.resume):
        raise UsageError("--retry-failed needs a run to go on with", hint="give its --run-dir, without --overwrite")
    if options.shard_size is not None and not options.is_sharded:
        raise UsageError("--shard-size needs a run in shards", hint="give --run-dir or --workers, or leave it out")
    if options.parts > 1 and options.engine not in PLANNING:
        raise UsageError("--parts needs --engine parts or slurm", hint="give it, or leave this out")
    for name, given in (("--slurm", bool(options.slurm)), ("--dry-run", options.dry_run)):
        if given and options.engine != "slurm":
            raise UsageError(f"{name} needs --engine slurm", hint="give it, or leave this out")
    of_ray = (
        ("--address", bool(options.address)),
        ("--cpus-per-worker", options.cpus_per_worker != 1),
        ("--gpus-per-worker", options.gpus_per_worker != 0),
    )
    for name, given in of_ray:
        if given and options.engine != "ray":
            raise UsageError(f"{name} needs --engine ray", hint="give it, or leave this out")
    if options.workers > 1 and options.engine in PLANNING:
        raise UsageError(
            f"--engine {options.engine} starts no workers here",
            hint="leave out --workers; xlner run work has an option --workers for each machine",
        )


@dataclass(frozen=True, slots=True)
class Inputs:
    """The input files of a run by name, and what was read from them by path.

    Raises `UsageError` for standard input if the run has a folder or workers.
    """

    paths: Mapping[str, str]
    run_dir: str | None
    workers: int = 1
    reports: dict[str, ReadReport] = field(default_factory=dict)

    def __post_init__(self) -> None:
        option = "--run-dir" if self.run_dir is not None else "--workers" if self.workers > 1 else None
        for name, path in self.paths.items():
            if option is not None and path == STANDARD_STREAM:
                raise UsageError(f"{option} needs a file as {name}, not standard input", hint="save the input first")

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
