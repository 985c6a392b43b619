"""`xlner train-aligner`: fine-tune an encoder for word alignment."""

from __future__ import annotations

from typing import Any

import click

from xlner.cli import options as o
from xlner.cli.bitext import read_bitext, training_pairs
from xlner.cli.notes import note
from xlner.cli.progress import show_step
from xlner.cli.run import EXIT_SOME_FAILED
from xlner.text.counts import counted


@click.command("train-aligner")
@click.argument("model", metavar="MODEL")
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@click.option("-o", "--output", required=True, metavar="DIR", help="Output folder for the encoder.")
@click.option(
    "--objective",
    type=click.Choice(["so", "tlm", "so+tlm"]),
    default="so",
    show_default=True,
    help="Training objective: self-training (so), translation language modeling (tlm), or both.",
)
@click.option("--layer", type=click.IntRange(min=0), help="Layer to align with; usually two thirds up.")
@click.option("--prefix", default="", metavar="TEXT", help="Text before every sentence, such as query: for e5 models.")
@click.option("--epochs", type=click.IntRange(min=1), default=1, show_default=True)
@click.option(
    "--batch-size", type=click.IntRange(min=1), default=32, show_default=True, help="Pairs in a training step."
)
@click.option("--learning-rate", type=o.FiniteFloat(), default=1e-4, show_default=True)
@click.option(
    "--max-length", type=click.IntRange(min=1), default=128, show_default=True, help="The most sub-words of a sentence."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@o.SOURCE_LANG
@click.option("--lang", metavar="CODE", help="Language of TARGET.")
@o.input_format()
@o.WORDS
@o.SCHEME
@o.TAG_NAMES
@o.COLUMNS
@o.ON_ERROR
@o.LIMIT
@click.option(
    "--resume/--overwrite", default=True, help="Continue an interrupted training in DIR (default), or replace it."
)
@o.CONFIG
def train_aligner(model: str, source: str, target: str, output: str, **options: Any) -> int:
    """Fine-tune an encoder for word alignment.

    MODEL is a folder or a name on the Hugging Face hub. SOURCE and TARGET are parallel text without links, with the
    same number of sentences. An interrupted training continues where it stopped, and ends with the same weights.

    \b
    xlner encoder export e5
    xlner train-aligner e5 en.txt es.txt --layer 7 --prefix query: -o e5-es
    xlner align en.txt es.txt --aligner "hf:e5-es?layer=7&prefix=query:"
    """
    from xlner.alignment import AlignerTrainingOptions, train_aligner

    pairs, unread = training_pairs(read_bitext(source, target, options), options)
    names = ("objective", "layer", "prefix", "epochs", "batch_size", "learning_rate", "max_length", "seed")
    training = AlignerTrainingOptions(**{name: options[name] for name in names})
    report = train_aligner(model, pairs, output, training, overwrite=not options["resume"], on_step=show_step)
    note(
        f"trained on {counted(report.used, 'pair')}, {report.left_out} left out (empty or too long)"
        f"{f', {unread} could not be read' if unread else ''}; loss {report.losses[-1]:.4f}"
    )
    return EXIT_SOME_FAILED if unread else 0
