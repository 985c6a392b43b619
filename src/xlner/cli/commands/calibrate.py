"""`xlner calibrate`: learn how often a projection with a given confidence is right."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from xlner.cli import options as o
from xlner.cli.json_output import show_json
from xlner.cli.notes import note
from xlner.core.files import STANDARD_STREAM, open_output, require_other_file
from xlner.errors import InputError
from xlner.formats import detect_format, raise_errors, read_parallel
from xlner.text.counts import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlner.evaluation import KeptEntities, Reliability

_SHARES = (0.9, 0.8, 0.7)
"""The shares of the entities to print a --min-confidence for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrateOptions:
    """The options of `xlner calibrate`."""

    source: str
    gold: str
    output: str
    alignment: str | None
    aligner: str
    projector: str
    recognizer: str | None
    source_lang: str
    lang: str | None
    ignore: tuple[str, ...]
    input_format: str | None
    scheme: str
    repair: str
    tag_names: tuple[str, ...] | None
    label_map: str | None
    columns: str | None
    limit: int | None
    batch_words: int
    bins: int
    plot: str | None
    as_json: bool


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument("gold", metavar="GOLD")
@o.OUTPUT
@click.option("--alignment", metavar="FILE", help="Word links in Pharaoh format instead of an aligner.")
@o.ALIGNER
@o.PROJECTOR
@o.recognizer_option(help="Recognize the entities of SOURCE first; then it needs no labels. Repeatable: several vote.")
@o.SOURCE_LANG
@click.option("--lang", metavar="CODE", help="Language of GOLD.")
@o.IGNORE
@o.READING
@o.LIMIT
@o.BATCH_WORDS
@click.option("--bins", type=click.IntRange(min=1), default=10, show_default=True, help="Bins of the tables.")
@o.PLOT
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def calibrate(**options: Any) -> int:
    """Turn confidence into a probability.

    Projects the labels of SOURCE onto GOLD, its translation with gold labels, and learns how often a projection with a
    given confidence is right. With -o FILE the result is saved for --calibration of label, project and build.

    Prints reliability tables: for raw confidences, and for confidences calibrated in 5-fold cross-validation. Below
    each is the --min-confidence that keeps 90, 80 and 70 % of the entities, and how many of these are right.

    \b
    xlner calibrate examples/en-es.conll examples/es.conll -o es.calibration.json
    """
    from xlner.evaluation import keep_share, plot_reliability, reliability
    from xlner.pipeline import Pipeline, judge_confidences

    chosen = CalibrateOptions(**options)
    if chosen.output != STANDARD_STREAM:
        require_other_file(chosen.output, chosen.source, chosen.gold)
    pipeline = Pipeline(
        None,
        chosen.recognizer,
        chosen.aligner if chosen.alignment is None else None,
        chosen.projector,
        target_lang=chosen.lang,
        source_lang=chosen.source_lang,
        ignore=chosen.ignore,
        batch_words=chosen.batch_words,
    )
    pairs = read_parallel(
        chosen.source,
        chosen.gold,
        chosen.alignment,
        source_lang=chosen.source_lang,
        target_lang=chosen.lang,
        source_format=chosen.input_format,
        target_format=detect_format(chosen.gold, chosen.input_format),
        scheme=chosen.scheme,
        repair=chosen.repair,
        tag_names=chosen.tag_names,
        label_map=chosen.label_map,
        columns=chosen.columns,
        require_source_tags=chosen.recognizer is None,
        require_target_tags=True,
    )
    judged = judge_confidences(pipeline, islice(raise_errors(pairs), chosen.limit))
    for number, error in judged.errors:
        note(f"sentence {number + 1} left out: {error}")
    if not judged.confidences:
        raise InputError("no entity was projected, so there is nothing to learn from", path=chosen.source)
    if chosen.output != STANDARD_STREAM:
        with open_output(chosen.output) as stream:
            stream.write(judged.fit().to_json())
    rated = {"raw": judged.confidences, "calibrated, cross-validated": judged.cross_validated()}
    tables = {name: reliability(values, judged.correct, bins=chosen.bins) for name, values in rated.items()}
    kept = {name: [keep_share(values, judged.correct, share) for share in _SHARES] for name, values in rated.items()}
    if chosen.plot is not None:
        plot_reliability(chosen.plot, tables)
    if chosen.as_json:
        show_json({name: _record(table, kept[name]) for name, table in tables.items()})
    else:
        _print(tables, kept)
    return 0


def _record(table: Reliability, kept: Sequence[KeptEntities]) -> dict[str, Any]:
    bins = [
        {"low": b.low, "high": b.high, "entities": b.count, "confidence": b.confidence, "accuracy": b.accuracy}
        for b in table.bins
    ]
    return {
        "entities": table.count,
        "accuracy": table.accuracy,
        "ece": table.ece,
        "brier": table.brier,
        "bins": bins,
        "kept": [{"min_confidence": k.minimum, "share": k.share, "accuracy": k.accuracy} for k in kept],
    }


def _print(tables: dict[str, Reliability], kept: dict[str, list[KeptEntities]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=True)
    for name, found in tables.items():
        table = Table(box=SIMPLE_HEAD, title=f"confidence, {name}", title_justify="left")
        for column in ("bin", "entities", "confidence", "accuracy"):
            table.add_column(column, justify="right")
        for b in found.bins:
            table.add_row(f"{b.low:.2f} to {b.high:.2f}", str(b.count), f"{b.confidence:.3f}", f"{b.accuracy:.3f}")
        console.print(table)
        console.print(
            f"{counted(found.count, 'entity', 'entities')}, {found.accuracy:.3f} right; "
            f"ECE {found.ece:.3f}, Brier {found.brier:.3f}"
        )
        for k in kept[name]:
            console.print(f"--min-confidence {k.minimum:.4f} keeps {k.share:.1%} of them, {k.accuracy:.3f} right")
        console.print()
