"""`xlner train-language-adapter`: adapt a model to a language with text that has no labels."""

from __future__ import annotations

from itertools import islice
from typing import Any

import click

from xlner.cli import options as o
from xlner.cli.notes import note
from xlner.cli.progress import show_step
from xlner.cli.run import EXIT_SOME_FAILED, stopping_at_errors
from xlner.errors import InputError
from xlner.formats import ReadReport, read_sentences
from xlner.text.counts import counted


@click.command("train-language-adapter")
@click.argument("model", metavar="MODEL")
@click.argument("text", metavar="TEXT")
@click.option("-o", "--output", required=True, metavar="DIR", help="Output folder for the adapter.")
@click.option(
    "--adapter",
    default="orthogonal",
    show_default=True,
    metavar="SPEC",
    help="Kind of adapter: orthogonal or bottleneck.",
)
@click.option("--epochs", type=click.IntRange(min=1), default=1, show_default=True)
@click.option(
    "--batch-size", type=click.IntRange(min=1), default=32, show_default=True, help="Sequences in a training step."
)
@click.option("--learning-rate", type=o.FiniteFloat(), default=1e-3, show_default=True)
@click.option("--max-length", type=click.IntRange(min=1), default=128, show_default=True, help="Sub-words in a window.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--lang", metavar="CODE", help="Language of TEXT.")
@o.input_format()
@o.SCHEME
@o.TAG_NAMES
@o.COLUMNS
@o.ON_ERROR
@o.LIMIT
@click.option("--overwrite", is_flag=True, help="Replace DIR if it exists.")
@o.CONFIG
def train_language_adapter(model: str, text: str, output: str, **options: Any) -> int:
    """Train a language adapter (experimental).

    Trains on TEXT by masked language modeling; labels are not used. MODEL is a folder or a name on the Hugging Face
    hub. Train a recognizer on top of the adapter of one language, and swap that for the adapter of another language to
    read that language.

    \b
    xlner train-language-adapter e5 english.txt -o en
    xlner train-language-adapter e5 galician.txt -o gl
    xlner train e5 -o ner --train en=train.conll --parameters "orthogonal?language=en"
    xlner recognize new.txt --lang gl --recognizer "hf:ner?adapter=gl"
    """
    from xlner.transfer import LanguageAdapterOptions, train_language_adapter

    found = read_sentences(
        text,
        format=options["input_format"],
        language=options["lang"],
        scheme=options["scheme"],
        columns=options["columns"],
        tag_names=options["tag_names"],
        report=ReadReport(),
    )
    read = list(stopping_at_errors(islice(found, options["limit"]), options["on_error"]))
    sentences = [item for item in read if not isinstance(item, InputError)]
    names = ("epochs", "batch_size", "learning_rate", "max_length", "seed")
    tuning = LanguageAdapterOptions(**{name: options[name] for name in names})
    spec, overwrite = options["adapter"], options["overwrite"]
    report = train_language_adapter(model, sentences, output, tuning, spec=spec, overwrite=overwrite, on_step=show_step)
    unread = len(read) - len(sentences)
    left_out = f", {counted(unread, 'sentence')} could not be read" if unread else ""
    kept_aside = "" if report.before is None else f" (on text kept aside: {report.before:.3f} to {report.after:.3f})"
    note(
        f"trained {report.trained_parameters:,} weights on {counted(report.sequences, 'sequence')}"
        f"{left_out}; loss {report.losses[-1]:.3f}{kept_aside}"
    )
    return EXIT_SOME_FAILED if unread else 0
