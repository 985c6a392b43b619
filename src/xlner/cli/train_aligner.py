"""`xlner train-aligner`: fine-tune an encoder for word alignment."""

from __future__ import annotations

from itertools import islice
from typing import Any

import click

from xlner.cli import _options as o
from xlner.cli._parallel import parallel
from xlner.cli._progress import show_step
from xlner.cli._run import EXIT_SOME_FAILED, stopping_at_errors
from xlner.errors import InputError
from xlner.formats import ReadReport, read_sentences


@click.command("train-aligner")
@click.argument("model", metavar="MODEL")
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@click.option("-o", "--output", required=True, metavar="DIR", help="Where to write the trained encoder.")
@click.option(
    "--objective",
    type=click.Choice(["so", "tlm", "so+tlm"]),
    default="so",
    show_default=True,
    help="Self-training, translation language model, or both.",
)
@click.option("--layer", type=click.IntRange(min=0), help="Layer that links words; usually two thirds of all.")
@click.option("--prefix", default="", metavar="TEXT", help="Goes before every sentence; query: for e5 models.")
@click.option("--epochs", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--batch-size", type=click.IntRange(min=1), default=32, show_default=True, help="Pairs in a step.")
@click.option("--learning-rate", type=float, default=1e-4, show_default=True)
@click.option("--max-length", type=click.IntRange(min=1), default=128, show_default=True, help="Sub-words of a side.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--source-lang", default="en", show_default=True, metavar="CODE", help="Language of SOURCE.")
@click.option("--lang", metavar="CODE", help="Language of TARGET.")
@o.input_format()
@o.ON_ERROR
@o.LIMIT
@click.option("--resume/--overwrite", default=True, help="Go on with a broken run (default), or replace DIR.")
@o.CONFIG
def train_aligner(model: str, source: str, target: str, output: str, **options: Any) -> int:
    """Fine-tune an encoder for word alignment on raw parallel text.

    MODEL is a folder or a name on the Hugging Face hub. SOURCE and TARGET have the same number of sentences; no links
    are needed. A run that was broken off goes on where it stopped, to the same weights as without the break.

    \b
    xlner encoder export e5
    xlner train-aligner e5 en.txt es.txt --layer 7 --prefix query: -o e5-es
    xlner align en.txt es.txt --aligner "hf:e5-es?layer=7&prefix=query:"
    """
    from xlner.alignment.hf.training import AlignerTrainingOptions, train_aligner

    reports = {source: ReadReport(), target: ReadReport()}
    items = parallel(
        read_sentences(source, format=options["input_format"], language=options["source_lang"], report=reports[source]),
        read_sentences(target, format=options["input_format"], language=options["lang"], report=reports[target]),
        None,
        (source, target, ""),
    )
    read = list(stopping_at_errors(islice(items, options["limit"]), options["on_error"]))
    pairs = [item for item in read if not isinstance(item, InputError)]
    names = ("objective", "layer", "prefix", "epochs", "batch_size", "learning_rate", "max_length", "seed")
    training = AlignerTrainingOptions(**{name: options[name] for name in names})
    report = train_aligner(model, pairs, output, training, overwrite=not options["resume"], on_step=show_step)
    unread = len(read) - len(pairs)
    click.echo(
        f"xlner: trained on {report.used} pairs, {report.left_out} left out (empty or too long)"
        f"{f', {unread} could not be read' if unread else ''}; loss {report.losses[-1]:.4f}",
        err=True,
    )
    return EXIT_SOME_FAILED if unread else 0
