"""What a command says at the end of a run."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from xlner.cli.notes import note
from xlner.cli.run_options import Inputs, RunOptions
from xlner.core.files import STANDARD_STREAM
from xlner.errors import StoppedError
from xlner.text.counts import counted

if TYPE_CHECKING:
    from xlner.formats import ReadReport
    from xlner.pipeline import RunSummary, SentenceFilters

_COUNTED = {
    "tokenizer": "the links count the words of the tokenizer",
    "spaces": "the links count the words between spaces",
}


def conclude(
    summary: RunSummary,
    inputs: Inputs,
    options: RunOptions,
    filters: SentenceFilters | None,
    more: Iterable[str] = (),
) -> None:
    """Say what a run did, and `more` after it. Raises `StoppedError` if it was stopped."""
    for line in concluding_lines(summary, inputs.reports, filters, more, engine=chosen_engine()):
        note(line)
    if summary.stopped is not None:
        raise _stopped(summary, options)


def concluding_lines(
    summary: RunSummary,
    reports: Mapping[str, ReadReport],
    filters: SentenceFilters | None,
    more: Iterable[str],
    *,
    engine: str | None,
) -> Iterator[str]:
    """What a run did: what was read, by path, the counts, `more`, what chat models were asked, and the filters."""
    for path, report in reports.items():
        if report.words is not None:
            yield f"{path}: {_COUNTED[report.words]} (--words {report.words})"
        if report.out_of_place:
            yield f"{path}: {counted(report.out_of_place, 'tag')} out of place repaired"
    if engine:
        yield f"engine: {engine}"
    yield from summary.lines()
    yield from more
    yield from _chat()
    if filters is not None:
        yield f"filters {filters.report}"


def chosen_engine() -> str | None:
    """The engine that was chosen in this run because it is installed, with its precision."""
    if "xlner.models.e5.engines" not in sys.modules:
        return None
    from xlner.models.e5 import engines

    return engines.chosen_engine()


def _chat() -> Iterator[str]:
    """What chat models were asked, and what it cost."""
    if "xlner.models.chat.usage" in sys.modules:
        from xlner.models.chat.usage import lines

        yield from lines()


def _stopped(summary: RunSummary, options: RunOptions) -> StoppedError:
    """Why the run stopped, what is kept, and how to go on."""
    assert summary.stopped is not None
    kept = f"finished shards are kept in {options.run_dir}, and the same command continues from there"
    if options.run_dir is None:
        name = "standard output" if options.output == STANDARD_STREAM else options.output
        kept = f"{name} has the first {counted(summary.sentences, 'sentence')}, {summary.failed} of them failed"
        kept += "; with --run-dir DIR a run can be continued"
    hint = f"{summary.stopped.hint}; {kept}" if summary.stopped.hint else kept
    return StoppedError(f"the run stopped: {summary.stopped.message}", hint=hint)
