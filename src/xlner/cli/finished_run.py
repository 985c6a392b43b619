"""Write the output of a finished run from its folder alone: no input is read, and no model is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from xlner.cli.build_conclusion import conclude_build
from xlner.cli.conclusion import concluding_lines
from xlner.cli.jobs import CommandJob, put_reading
from xlner.cli.notes import note
from xlner.cli.run import EXIT_SOME_FAILED, ReplacedEntities, note_unsure
from xlner.cli.run_options import OUTPUT_FORMATS
from xlner.cli.sharded import is_made_at_the_end, save_summary, summary_of, write_at_end, write_shown, written_as
from xlner.core.files import STANDARD_STREAM, require_other_file
from xlner.errors import RunFolderError, UsageError
from xlner.formats import ReadReport, format_of
from xlner.text.counts import counted

if TYPE_CHECKING:
    from xlner.engines import Plan
    from xlner.pipeline import RunSummary

ENGINE = "engine"


def join_run(plan: Plan, folder: Path, command: CommandJob, output: str | None) -> int:
    """Write the output of a run whose shards are all finished, say what was done, and return the exit code.

    `command` planned the run. Raises `RunFolderError` if shards are not finished.
    """
    from xlner.engines import join
    from xlner.engines.run_files import remove_temporary
    from xlner.engines.run_folder import locked_run_folder
    from xlner.pipeline import BuildReport, SentenceFilters

    texts = tuple(command.parameters.get("filters") or ())
    filters = SentenceFilters(texts) if texts else None
    report = BuildReport() if command.command == "build" else None
    shown = resolve_name(command.shown) if command.shown else None
    place = _in_folder(command, command.parameters["output"]) if output is None else output
    format = _format_for(command, place)
    require_other_file(place, *(_in_folder(command, path) for path in command.inputs.values()))
    with locked_run_folder(folder):
        _require_finished(plan, folder)
        if format != command.format or is_made_at_the_end(format, texts):
            write = partial(write_shown, output=place, format=format, shown=shown)
            joined = write_at_end(plan, folder, write, filters, report)
        else:
            joined = join(plan, folder, place, written=written_as(format, texts, shown))
        remove_temporary(folder)
        summary = summary_of(joined, filters, report)
        save_summary(folder, summary, command.about)
    tallies = joined.counts.get("tallies", {})
    reports = {path: ReadReport() for path in tallies.get("reports", {})}
    put_reading(reports, tallies)
    more = _failed(summary, folder)
    for line in concluding_lines(summary, reports, filters, more, engine=command.about.get(ENGINE)):
        note(line)
    _note_tallies(command, tallies)
    if report is not None:
        conclude_build(report, folder, as_json=command.parameters.get("as_json", False))
    return EXIT_SOME_FAILED if summary.failed else 0


def _require_finished(plan: Plan, folder: Path) -> None:
    from xlner.engines import run_status

    found = run_status(plan, folder)
    if found.missing:
        open_ones = f"{found.shards - found.finished:,} of {counted(found.shards, 'shard')} of {folder} not finished"
        raise RunFolderError(f"{open_ones}: {found.shown()}", hint=f"xlner run work {folder} processes them")


def _in_folder(command: CommandJob, path: str) -> str:
    """A path as the command meant it."""
    return path if path == STANDARD_STREAM else str(Path(command.folder, path))


def _format_for(command: CommandJob, output: str) -> str:
    """The format of the output: that of the command, unless the name of a new output says another one."""
    if output == STANDARD_STREAM or command.parameters.get("output_format") is not None:
        return command.format
    format = format_of(output, command.format)
    if format != command.format and (command.command == "translate" or format not in OUTPUT_FORMATS):
        raise UsageError(
            f"{output}: this run is written as {command.format}",
            hint="name another output, or repeat the command with this one",
        )
    return format


def _failed(summary: RunSummary, folder: Path) -> Iterator[str]:
    if summary.failed:
        yield f"xlner run retry {folder} runs the failed sentences again"


def _note_tallies(command: CommandJob, tallies: Mapping[str, Any]) -> None:
    """Say what commands say about entities that were replaced or left out."""
    first = next(iter(command.inputs.values()), "")
    ReplacedEntities(tallies.get("replaced", 0)).note(first)
    note_unsure(tallies.get("unsure", 0), command.parameters.get("min_confidence", 0.0))
