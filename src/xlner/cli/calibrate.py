"""`xlner calibrate`: how often is a projection right that looks this sure?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from xlner.cli import _options as o
from xlner.cli._confidence import fingerprint
from xlner.cli._parallel import parallel
from xlner.core.files import open_output, require_other_file
from xlner.errors import InputError
from xlner.formats import ReadReport, format_of, read_alignments, read_sentences

if TYPE_CHECKING:
    from xlner.core.pair import Pair
    from xlner.evaluation.reliability import Reliability

_FOLDS = 5


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument("gold", metavar="GOLD")
@o.OUTPUT
@click.option("--alignment", metavar="FILE", help="Word links in Pharaoh format instead of an aligner.")
@o.ALIGNER
@o.PROJECTOR
@click.option("--recognizer", metavar="SPEC", help="Find the entities of SOURCE first; then it needs no labels.")
@click.option("--source-lang", default="en", show_default=True, metavar="CODE", help="Language of SOURCE.")
@click.option("--lang", metavar="CODE", help="Language of GOLD.")
@o.IGNORE
@o.input_format()
@o.SCHEME
@o.REPAIR
@o.TAG_NAMES
@o.LIMIT
@o.BATCH_WORDS
@click.option("--bins", type=click.IntRange(min=1), default=10, show_default=True, help="Bins of the tables.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def calibrate(**options: Any) -> int:
    """Make confidence a probability.

    Projects the labels of SOURCE onto GOLD, its translation with labels of its own, and learns how often a projection
    with a given confidence is right. With -o FILE that is written down for --calibration of label and project.

    Prints reliability tables: of the confidence as it is, and calibrated in 5-fold cross-validation.

    \b
    xlner calibrate examples/en-es.conll examples/es.conll -o es.calibration.json
    """
    from xlner.evaluation.reliability import reliability
    from xlner.pipeline import Pipeline
    from xlner.projection.calibration import Calibration
    from xlner.projection.confidence import ConfidentProjector

    writes = options["output"] != "-"
    if writes:
        require_other_file(options["output"], options["source"], options["gold"])
    pipeline = Pipeline(
        None,
        options["recognizer"],
        options["aligner"] if options["alignment"] is None else None,
        options["projector"],
        target_lang=options["lang"],
        source_lang=options["source_lang"],
        ignore=options["ignore"],
        batch_words=options["batch_words"],
    )
    stages = {"projector": fingerprint(pipeline.projector), "aligner": fingerprint(pipeline.aligner)}
    pipeline.projector = ConfidentProjector(pipeline.projector)  # type: ignore[arg-type]  # there is one
    raw, correct, sentence = _judged(pipeline, _read(options))
    if not raw:
        raise InputError("no entity was projected, so there is nothing to learn from", path=options["source"])
    if writes:
        with open_output(options["output"]) as stream:
            stream.write(Calibration.fit(raw, correct, **stages).to_json())
    held_out = _cross_validated(raw, correct, sentence)
    tables = {
        "as it is": reliability(raw, correct, bins=options["bins"]),
        "calibrated, cross-validated": reliability(held_out, correct, bins=options["bins"]),
    }
    if options["as_json"]:
        click.echo(json.dumps({name: _record(table) for name, table in tables.items()}, indent=2))
    else:
        _print(tables)
    return 0


def _read(options: dict[str, Any]) -> Iterable[Pair]:
    """Pairs whose target has its gold entities; raises the first `InputError`."""
    names = (options["source"], options["gold"], options["alignment"] or "")
    tags = {"scheme": options["scheme"], "repair": options["repair"], "tag_names": options["tag_names"]}
    read = {"format": options["input_format"], "report": ReadReport(), **tags}
    labeled = options["recognizer"] is None
    pairs = parallel(
        read_sentences(names[0], language=options["source_lang"], require_tags=labeled, **read),
        read_sentences(
            names[1],
            **{**read, "format": options["input_format"] or format_of(names[1])},
            language=options["lang"],
            require_tags=True,
        ),
        None if options["alignment"] is None else read_alignments(options["alignment"]),
        names,
    )
    for number, pair in enumerate(pairs):
        if isinstance(pair, InputError):
            raise pair
        if number == options["limit"]:
            return
        yield pair


def _judged(pipeline: Any, pairs: Iterable[Pair]) -> tuple[list[float], list[bool], list[int]]:
    """Confidence, truth and sentence of every projected entity."""
    from dataclasses import replace

    raw: list[float] = []
    correct: list[bool] = []
    sentence: list[int] = []
    gold: list[set[tuple[tuple[int, int], str]]] = []

    def without_gold() -> Iterable[Pair]:
        for pair in pairs:
            gold.append({(e.span, e.label) for e in pair.target.entities})
            yield replace(pair, target=pair.target.with_entities(()))

    for number, done in enumerate(pipeline.run_pairs(without_gold())):
        if done.error is not None:
            click.echo(f"xlner: sentence {number + 1} left out: {done.error}", err=True)
        for entity in done.labeled.entities:
            raw.append(entity.score or 0.0)
            correct.append((entity.span, entity.label) in gold[number])
            sentence.append(number)
    return raw, correct, sentence


def _cross_validated(raw: Sequence[float], correct: Sequence[bool], sentence: Sequence[int]) -> list[float]:
    """Each confidence calibrated on the sentences of the other folds; as it is where they have no entity."""
    from xlner.projection.calibration import Calibration

    found = list(raw)
    for fold in range(_FOLDS):
        seen = [k for k, number in enumerate(sentence) if number % _FOLDS != fold]
        if not seen:
            continue
        fitted = Calibration.fit([raw[k] for k in seen], [correct[k] for k in seen])
        for k, number in enumerate(sentence):
            if number % _FOLDS == fold:
                found[k] = fitted(raw[k])
    return found


def _record(table: Reliability) -> dict[str, Any]:
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
    }


def _print(tables: dict[str, Reliability]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=True)
    for name, found in tables.items():
        table = Table(box=SIMPLE_HEAD, title=f"confidence {name}", title_justify="left")
        for column in ("bin", "entities", "confidence", "accuracy"):
            table.add_column(column, justify="right")
        for b in found.bins:
            table.add_row(f"{b.low:.2f} to {b.high:.2f}", str(b.count), f"{b.confidence:.3f}", f"{b.accuracy:.3f}")
        console.print(table)
        console.print(
            f"{found.count} entities, {found.accuracy:.3f} right; ECE {found.ece:.3f}, Brier {found.brier:.3f}\n"
        )
