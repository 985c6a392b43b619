"""`xlner apply-corrections`: apply what a person corrected on a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from xlner.cli import options as o
from xlner.cli import results as r
from xlner.cli.notes import note
from xlner.cli.run import EXIT_SOME_FAILED
from xlner.core.files import STANDARD_STREAM, is_device, open_output, require_other_file
from xlner.errors import InputError, UsageError
from xlner.formats import format_of
from xlner.text.counts import counted

if TYPE_CHECKING:
    from xlner.report import Decision
    from xlner.report.apply import Item


@click.command("apply-corrections")
@click.argument("results", metavar="RUN_OR_FILE")
@click.argument("corrections", metavar="CORRECTIONS")
@o.OUTPUT
@o.output_format(o.WRITTEN_FORMATS)
@click.option("--reviewed-only", is_flag=True, help="Write only sentences that were marked as reviewed: gold data.")
@click.option(
    "--learn-calibration",
    metavar="FILE",
    help="Also learn from the judged entities how often a confidence is right; for --calibration of label, project.",
)
@o.READING
def apply_corrections(**options: Any) -> int:
    """Apply corrections to results.

    CORRECTIONS is what a page of xlner view has saved, or the journal of xlner review. Each corrected sentence says who
    decided what and when: in the field "corrections" of JSONL, or in a comment of CoNLL. Everything else stays.

    \b
    xlner apply-corrections es.jsonl es.jsonl.corrections.jsonl -o es.corrected.jsonl
    xlner apply-corrections es.jsonl es.jsonl.corrections.jsonl -o gold.conll --reviewed-only
    """
    from xlner import report as made

    output, path = options["output"], options["results"]
    if path == STANDARD_STREAM:
        raise UsageError("standard input cannot be corrected: it is read more than once", hint="save it first")
    results = r.results_of(path, options)
    require_other_file(output, path, options["corrections"])
    default = "jsonl" if output == STANDARD_STREAM or is_device(output) else None
    format = options["output_format"] or format_of(output, default, formats=o.WRITTEN_FORMATS, option="--output-format")
    decisions = made.read_corrections(options["corrections"])
    counts = _Counts()
    items = made.apply_corrections(
        results.read(), decisions, reviewed_only=options["reviewed_only"], as_comment=format != "jsonl"
    )
    with _naming(path):
        written = made.write_items(counts.passing(items), output, format=format)
    if options["learn_calibration"] is not None:
        _calibrate(results, decisions, options["learn_calibration"])
    note(_summary(results, decisions, written))
    return EXIT_SOME_FAILED if counts.failed else 0


@dataclass(slots=True)
class _Counts:
    """Counts the errors among what passes."""

    failed: int = 0

    def passing(self, items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            self.failed += isinstance(item, InputError)
            yield item


@contextmanager
def _naming(path: str) -> Iterator[None]:
    """Add the name of the results to an error about a decision that does not fit them."""
    try:
        yield
    except InputError as error:
        if error.path is not None:
            raise
        raise InputError(error.message, path=path, sentence=error.sentence, hint=error.hint) from None


def _summary(results: r.Results, decisions: list[Decision], written: int) -> str:
    from xlner.report.judgment import judgment_of

    judgment = judgment_of(results.read(), decisions)
    reviewed = f"{counted(judgment.reviewed, 'sentence')} reviewed"
    return f"{counted(written, 'sentence')} written; {reviewed}; {judgment.line()}"


def _calibrate(results: r.Results, decisions: list[Decision], path: str) -> None:
    from xlner.report import judged_confidences

    judged = judged_confidences(results.read(), decisions)
    if not judged.confidences:
        raise InputError("no entity with a confidence was judged, so there is nothing to learn from", path=results.path)
    with open_output(path) as stream:
        stream.write(judged.fit().to_json())
    note(f"{path} has a calibration from {counted(len(judged.confidences), 'judged entity', 'judged entities')}")
