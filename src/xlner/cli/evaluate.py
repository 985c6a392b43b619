"""`xlner evaluate`: entity scores."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from xlner._errors import InputError
from xlner.cli import _options as o
from xlner.formats import read_sentences, strict

if TYPE_CHECKING:
    from xlner.evaluation import Counts, Scores


@click.command()
@click.argument("gold", metavar="GOLD")
@click.argument("predicted", metavar="PRED")
@o.IGNORE
@o.input_format()
@o.SCHEME
@o.REPAIR
@o.TAG_NAMES
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(gold: str, predicted: str, ignore: tuple[str, ...], as_json: bool, **options: Any) -> int:
    """Score labels against gold labels.

    GOLD and PRED are CoNLL or JSONL with the same words.

    An entity is correct where its span and its label are exactly right.

    \b
    xlner evaluate examples/es.conll es.labelled.conll --ignore MISC,DATE
    """
    from xlner.evaluation import evaluate as score

    reading = {
        "format": options["from_format"],
        "scheme": options["scheme"],
        "repair": options["repair"],
        "tag_names": options["tag_names"],
    }
    try:
        scores = score(
            strict(read_sentences(gold, require_tags=True, **reading)),
            strict(read_sentences(predicted, require_tags=True, **reading)),
            ignore=ignore,
        )
    except InputError as error:
        if error.path is not None:
            raise
        raise InputError(
            error.message, path=f"{gold} and {predicted}", sentence=error.sentence, hint=error.hint
        ) from None
    if as_json:
        click.echo(json.dumps(_as_record(scores), indent=2, ensure_ascii=False))
    else:
        _print_table(scores)
    return 0


def _as_record(scores: Scores) -> dict[str, Any]:
    return {
        "micro": _counts_record(scores.micro),
        "macro_f1": scores.macro_f1,
        "per_type": {label: _counts_record(counts) for label, counts in scores.per_type.items()},
        "sentences": scores.sentences,
        "failed": scores.failed,
        "signature": str(scores.signature),
    }


def _counts_record(counts: Counts) -> dict[str, float]:
    return {
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f1,
        "correct": counts.correct,
        "predicted": counts.predicted,
        "gold": counts.gold,
    }


def _print_table(scores: Scores) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD)
    table.add_column("type")
    for name in ("precision", "recall", "F1", "correct", "predicted", "gold"):
        table.add_column(name, justify="right")
    for label, c in [*scores.per_type.items(), ("micro", scores.micro)]:
        if label == "micro":
            table.add_section()
        ratios = [f"{value:.4f}" for value in (c.precision, c.recall, c.f1)]
        table.add_row(label, *ratios, *map(str, (c.correct, c.predicted, c.gold)))
    table.add_row("macro", "", "", f"{scores.macro_f1:.4f}", "", "", "")
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    if scores.failed:
        console.print(f"{scores.failed} of {scores.sentences} predicted sentences carry an error", style="bold red")
    console.print(str(scores.signature), style="dim")
