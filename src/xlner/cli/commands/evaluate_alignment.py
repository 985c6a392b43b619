"""`xlner evaluate-alignment`: score word links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from xlner.cli.json_output import show_json
from xlner.cli.notes import note
from xlner.errors import InputError
from xlner.formats import raise_errors, read_alignment_blocks, read_gold_alignment_blocks

if TYPE_CHECKING:
    from xlner.evaluation import AlignmentScores


@click.command("evaluate-alignment")
@click.argument("gold", metavar="GOLD")
@click.argument("predicted", metavar="PRED")
@click.option("--one-based-gold", is_flag=True, help="GOLD counts words from 1.")
@click.option("--one-based-pred", is_flag=True, help="PRED counts words from 1.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate_alignment(gold: str, predicted: str, one_based_gold: bool, one_based_pred: bool, as_json: bool) -> int:
    """Score word links against gold links.

    GOLD and PRED have a line for each pair: links such as 0-0 1-2, with 3p4 or 3?4 for a possible link. Columns with
    sentences or scores beside them are read, as in XL-WA and as fast_align and SimAlign write; so are the NAACL format
    (1 4 3 S) and the files of GIZA++.

    Precision counts possible links as correct; recall counts sure links only. AER is the alignment error rate.

    \b
    xlner evaluate-alignment en-fr.gold en-fr.talp --one-based-gold
    """
    from xlner.evaluation import evaluate_alignments

    try:
        scores = evaluate_alignments(
            raise_errors(read_gold_alignment_blocks(gold, one_based=one_based_gold)),
            raise_errors(read_alignment_blocks(predicted, one_based=one_based_pred)),
        )
    except InputError as error:
        if error.path is not None:
            raise
        hint = error.hint
        if "out of range" in error.message:
            hint = f"{hint}; give --one-based-gold or --one-based-pred if a file counts from 1"
        raise InputError(error.message, path=f"{gold} and {predicted}", line=error.sentence, hint=hint) from None
    if scores.one_based is not None:
        path, option = (gold, "gold") if scores.one_based == "gold" else (predicted, "pred")
        note(f"{path}: no word has the number 0, as if words were counted from 1; if so, give --one-based-{option}")
    if as_json:
        show_json(_as_record(scores))
    else:
        _print_table(scores)
    return 0


def _as_record(scores: AlignmentScores) -> dict[str, Any]:
    ratios = {name: getattr(scores, name) for name in ("precision", "recall", "f1", "aer")}
    counts = ("predicted", "sure", "possible", "correct_sure", "correct_possible", "pairs")
    return {**ratios, **{name: getattr(scores, name) for name in counts}, "signature": str(scores.signature)}


def _print_table(scores: AlignmentScores) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD)
    for name in ("precision", "recall", "F1", "AER", "predicted", "sure", "possible"):
        table.add_column(name, justify="right")
    ratios = [f"{value:.4f}" for value in (scores.precision, scores.recall, scores.f1, scores.aer)]
    table.add_row(*ratios, *map(str, (scores.predicted, scores.sure, scores.possible)))
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    console.print(str(scores.signature), style="dim")
