"""`xlner evaluate`: score labels against gold labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from xlner.cli import options as o
from xlner.cli import scored_files as s
from xlner.cli.json_output import show_json
from xlner.cli.tables import make_console, make_table
from xlner.errors import InputError
from xlner.text.counts import counted

if TYPE_CHECKING:
    from rich.console import Console

    from xlner.core.signature import Signature
    from xlner.evaluation import ConfidenceIntervals, Confusion, Counts, MucCounts, Scores

MODES = ("strict", "conlleval", "span", "partial")


@click.command()
@click.argument("gold", metavar="GOLD")
@s.PREDICTED
@click.option(
    "--mode",
    type=click.Choice(MODES),
    default="strict",
    show_default=True,
    help="What counts as correct: span and label (strict); the same, with tags read as conlleval and seqeval do; the "
    "span alone; or span and label, with half credit for a span that overlaps one with its label (partial).",
)
@o.bootstrap(default=None)
@s.SEED
@click.option("--by-length", is_flag=True, help="Also score by sentence length and by entity length.")
@click.option("--confusion", is_flag=True, help="Also show a confusion matrix of the labels.")
@o.PLOT
@s.READING
@s.JSON
def evaluate(
    gold: str, predicted: str | None, mode: str, ignore: tuple[str, ...], as_json: bool, **options: Any
) -> int:
    """Score labels against gold labels.

    GOLD and PRED are CoNLL or JSONL with the same words. For JSONL that xlner wrote the projection rate is shown, too.
    Without PRED both columns of tags are in GOLD, as in the files of conlleval.

    \b
    xlner evaluate examples/es.conll es.labeled.conll --ignore MISC,DATE
    xlner evaluate gold.conll pred.jsonl --bootstrap 1000 --by-length --confusion
    xlner evaluate both.txt --input-format conll --columns token=1,gold=-2,predicted=-1
    """
    from xlner.evaluation import evaluate as score
    from xlner.evaluation import plot_scores

    predicted = s.predicted_file(gold, predicted, options)
    reading = s.reading(options, mode)
    files = s.ScoredFiles(gold, predicted, reading)
    keep_spans = options["by_length"] or options["confusion"] or mode == "partial"
    with files.naming():
        scores = score(*files.sides(), mode=mode, ignore=ignore, keep_spans=keep_spans)
    if mode != "span":
        files.note_labels(ignore)
        s.note_unknown_labels(scores.ignored or {}, scores.per_type)
    if not scores.sentences:
        raise InputError("there are no sentences to compare", path=gold)
    shown = _Shown(scores, options, {"scheme": reading["scheme"], "repair": reading["repair"]})
    if options["plot"] is not None:
        plot_scores(options["plot"], scores, shown.intervals)
    if as_json:
        show_json(shown.record())
    else:
        shown.print()
    return 0


class _Shown:
    """All scores to show, computed once."""

    def __init__(self, scores: Scores, options: Mapping[str, Any], facts: Mapping[str, object]) -> None:
        from xlner.evaluation import Confusion, by_entity_length, by_sentence_length, confidence_intervals, muc_counts

        self.scores = scores
        self.intervals: ConfidenceIntervals | None = None
        if options["bootstrap"]:
            self.intervals = confidence_intervals(scores, samples=options["bootstrap"], seed=options["seed"])
        signature = self.intervals.signature if self.intervals else scores.signature
        self.signature: Signature = signature.extended(facts)
        self.lengths: dict[str, dict[str, Counts]] = {}
        if options["by_length"]:
            self.lengths["sentence length"] = by_sentence_length(scores)
            if scores.mode != "partial":
                self.lengths["entity length"] = by_entity_length(scores)
        self.confusion: Confusion | None = Confusion.of(scores.spans) if options["confusion"] else None
        self.schemes: dict[str, MucCounts] = muc_counts(scores.spans) if scores.mode == "partial" else {}

    def record(self) -> dict[str, Any]:
        """The scores as a dictionary, for JSON."""
        scores, found = self.scores, self.intervals
        record: dict[str, Any] = {
            "micro": _counts_record(scores.micro),
            "macro_f1": scores.macro_f1,
            "per_type": {label: _counts_record(counts) for label, counts in scores.per_type.items()},
            "sentences": scores.sentences,
            "failed": scores.failed,
        }
        if found is not None:
            per_type = {label: [i.low, i.high] for label, i in found.per_type.items()}
            micro, macro = ([i.low, i.high] for i in (found.micro, found.macro))
            record["intervals"] = {"micro": micro, "macro": macro, "per_type": per_type, "level": found.micro.level}
        if scores.projected is not None:
            p = scores.projected
            record["projection"] = {"source": p.source, "projected": p.projected, "rate": p.rate}
        for name, buckets in self.lengths.items():
            record[f"by_{name.replace(' ', '_')}"] = {label: _counts_record(c) for label, c in buckets.items()}
        if self.schemes:
            record["schemes"] = {name: _muc_record(muc) for name, muc in self.schemes.items()}
        if self.confusion is not None:
            record["confusion"] = {"labels": self.confusion.labels, "counts": self.confusion.counts.tolist()}
        return {**record, "signature": str(self.signature)}

    def print(self) -> None:
        """Print the scores as tables."""
        console = make_console()
        scores = self.scores
        self._print_scores(console)
        for name, buckets in self.lengths.items():
            table = make_table(name, "precision", "recall", "F1", "correct", "predicted", "gold")
            for label, counts in buckets.items():
                table.add_row(label, *(_cells(counts) if counts.predicted or counts.gold else _EMPTY))
            console.print(table)
        if self.schemes:
            names = ("correct", "incorrect", "partial", "missing", "spurious")
            table = make_table("scheme", "precision", "recall", "F1", *names)
            for name, muc in self.schemes.items():
                c = muc.counts
                values = [str(getattr(muc, n)) for n in names]
                table.add_row(name, *(f"{v:.4f}" for v in (c.precision, c.recall, c.f1)), *values)
            console.print(table)
        if self.confusion is not None:
            labels = (*self.confusion.labels, "none")
            table = make_table("gold \\ predicted", *labels)
            for label, row in zip(labels, self.confusion.counts.tolist(), strict=True):
                table.add_row(label, *map(str, row))
            console.print(table)
        if scores.projected is not None and scores.projected.source:
            p = scores.projected
            console.print(
                f"{p.projected} of {counted(p.source, 'source entity', 'source entities')} projected ({p.rate:.1%})"
            )
        if scores.failed:
            console.print(
                f"{scores.failed} of {counted(scores.sentences, 'predicted sentence')} with an error", style="bold red"
            )
        console.print(str(self.signature), style="dim")

    def _print_scores(self, console: Console) -> None:
        scores, found = self.scores, self.intervals
        interval = ["95 % interval"] if found else []
        partial = ["partial"] if scores.mode == "partial" else []
        table = make_table("type", "precision", "recall", "F1", *interval, "correct", *partial, "predicted", "gold")

        def add(label: str, counts: Counts, bounds: object) -> None:
            cells = _cells(counts)
            half = [str(counts.partial)] if partial else []
            table.add_row(label, *cells[:3], *([str(bounds)] if found else []), cells[3], *half, *cells[4:])

        for label, counts in scores.per_type.items():
            add(label, counts, found and found.per_type[label])
        table.add_section()
        add("micro", scores.micro, found and found.micro)
        table.add_row("macro", "", "", f"{scores.macro_f1:.4f}", *([str(found.macro)] if found else []))
        console.print(table)


_EMPTY = ["–"] * 3 + ["0"] * 3
"""Cells of a group without entities, which has no scores."""


def _cells(c: Counts) -> list[str]:
    return [*(f"{value:.4f}" for value in (c.precision, c.recall, c.f1)), *map(str, (c.correct, c.predicted, c.gold))]


def _counts_record(counts: Counts) -> dict[str, float]:
    names = ("precision", "recall", "f1", "correct", "predicted", "gold", *(("partial",) if counts.partial else ()))
    return {name: getattr(counts, name) for name in names}


def _muc_record(muc: MucCounts) -> dict[str, float]:
    names = ("correct", "incorrect", "partial", "missing", "spurious")
    ratios = {name: getattr(muc.counts, name) for name in ("precision", "recall", "f1")}
    return {**ratios, **{name: getattr(muc, name) for name in names}}
