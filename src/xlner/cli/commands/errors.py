"""`xlner errors`: show wrong labels, and the stages that caused them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from xlner.cli import options as o
from xlner.cli import scored_files as s
from xlner.cli.json_output import show_json
from xlner.cli.tables import make_console, make_table
from xlner.text.counts import counted

if TYPE_CHECKING:
    from rich.console import Console

    from xlner.core.entity import Entity
    from xlner.core.sentence import Sentence
    from xlner.evaluation import EntityError, ErrorReport

_CONTEXT = 4
"""Words shown on each side of an error."""


@click.command()
@click.argument("gold", metavar="GOLD")
@s.PREDICTED
@click.option("--examples", type=click.IntRange(min=0), default=3, show_default=True, help="Examples of each kind.")
@o.PLOT
@s.READING
@s.JSON
def errors(
    gold: str, predicted: str | None, examples: int, ignore: tuple[str, ...], as_json: bool, **options: Any
) -> int:
    """Show wrong labels and their causes.

    Shows the kind of every error, and how much F1 would gain without errors of this kind. If PRED is JSONL that xlner
    wrote, it also attributes each error to a stage, which is an estimate if the file has too little information.

    \b
    xlner errors examples/es.conll es.labeled.jsonl --ignore MISC,DATE
    """
    from xlner.evaluation import find_errors, plot_errors

    predicted = s.predicted_file(gold, predicted, options)
    files = s.ScoredFiles(gold, predicted, s.reading(options))
    with files.naming():
        report = find_errors(*files.sides(), ignore=ignore)
    files.note_labels(ignore)
    if options["plot"] is not None:
        plot_errors(options["plot"], report)
    if as_json:
        show_json(_report_record(report))
    else:
        _print(report, examples)
    return 0


def _report_record(report: ErrorReport) -> dict[str, Any]:
    counts = report.counts
    return {
        "correct": counts.correct,
        "predicted": counts.predicted,
        "gold": counts.gold,
        "kinds": {kind: {"errors": len(e), "f1_gain": report.gain(e)} for kind, e in report.by_kind().items()},
        "stages": {
            stage or "unknown": {"errors": len(e), "f1_gain": report.gain(e)} for stage, e in report.by_stage().items()
        },
        "errors": [_record(error) for error in report.errors],
    }


def _record(error: EntityError) -> dict[str, Any]:
    record: dict[str, Any] = {"sentence": error.sentence, "id": error.where.gold.id, "kind": error.kind}
    for name, entities in (("gold", error.gold), ("predicted", error.predicted)):
        record[name] = [
            {"start": e.start, "end": e.end, "label": e.label, "text": error.where.gold.surface(e)} for e in entities
        ]
    if error.attribution is not None:
        record |= {"stage": error.attribution.stage, "why": error.attribution.why}
    return record


def _print(report: ErrorReport, examples: int) -> None:
    console = make_console()
    c = report.counts
    console.print(
        f"{c.gold - c.correct} of {counted(c.gold, 'gold entity', 'gold entities')} and {c.predicted - c.correct} of "
        f"{counted(c.predicted, 'predicted one')} are wrong: {counted(len(report.errors), 'error')}, F1 {c.f1:.4f}",
        markup=False,
    )
    if report.errors:
        _print_kinds(report, console)
    for kind, found in report.by_kind().items():
        _print_examples(kind, found, examples, console)


def _print_kinds(report: ErrorReport, console: Console) -> None:
    """Print the kinds by stage, with the gain in F1 without them."""
    by_stage = report.by_stage()
    stages = [] if set(by_stage) == {None} else list(by_stage)
    table = make_table("kind", "errors", "share", "F1 gain", *(stage or "unknown" for stage in stages))
    rows = [*report.by_kind().items(), ("all", report.errors)]
    for kind, found in rows:
        if kind == "all":
            table.add_section()
        of_stage = [str(sum(e.stage == stage for e in found)) for stage in stages]
        gain = f"{report.gain(found):+.4f}"
        table.add_row(str(kind), str(len(found)), f"{len(found) / len(report.errors):.1%}", gain, *of_stage)
    if stages:
        gains = [f"{report.gain(by_stage[stage]):+.4f}" for stage in stages]
        table.add_row("F1 gain", "", "", "", *gains)
    console.print(table)


def _print_examples(kind: str, found: Sequence[EntityError], count: int, console: Console) -> None:
    from xlner.evaluation import examples

    shown = examples(found, count)
    if shown:
        console.print(kind, style="bold")
    for error in shown:
        sentence = error.where.gold
        console.print(f"  sentence {error.sentence}", style="dim")
        console.print(f"    gold       {_excerpt(sentence, error.gold, error)}", markup=False)
        console.print(f"    predicted  {_excerpt(sentence, error.predicted, error)}", markup=False)
        if error.attribution is not None:
            console.print(f"    {error.attribution.stage}: {error.attribution.why}", markup=False, style="dim")


def _excerpt(sentence: Sentence, entities: Sequence[Entity], error: EntityError) -> str:
    """The words around an error, with the entities in brackets."""
    both = (*error.gold, *error.predicted)
    start = max(0, min(e.start for e in both) - _CONTEXT)
    end = min(len(sentence), max(e.end for e in both) + _CONTEXT)
    words = list(sentence.tokens)
    for entity in entities:
        words[entity.start] = f"[{words[entity.start]}"
        words[entity.end - 1] = f"{words[entity.end - 1]} {entity.label}]"
    return " ".join([*["…"][: start > 0], *words[start:end], *["…"][: end < len(sentence)]])
