"""`xlner train-translator`: fine-tune a translation model."""

from __future__ import annotations

from typing import Any

import click

from xlner.cli import options as o
from xlner.cli.bitext import read_bitext, training_pairs
from xlner.cli.notes import note
from xlner.cli.progress import show_step
from xlner.cli.run import EXIT_SOME_FAILED, on_command_line
from xlner.errors import UsageError
from xlner.formats import read_pairs
from xlner.text.counts import counted


@click.command("train-translator")
@click.argument("model", metavar="MODEL")
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="[TARGET]", required=False)
@click.option("-o", "--output", required=True, metavar="DIR", help="Output folder for the model.")
@click.option(
    "--markers",
    type=click.Choice(["none", "brackets", "tags", "labels", "letters"]),
    default="none",
    show_default=True,
    help="Markers around entities that the model learns to keep: [Vigo], <1>Vigo</1>, <LOC>Vigo</LOC>, <a>Vigo</a>.",
)
@click.option(
    "--parameters", default="full", show_default=True, metavar="SPEC", help="What is trained: full, or lora?rank=8."
)
@click.option("--epochs", type=click.IntRange(min=1), default=1, show_default=True)
@click.option(
    "--batch-size", type=click.IntRange(min=1), default=16, show_default=True, help="Pairs in a training step."
)
@click.option(
    "--learning-rate",
    type=o.FiniteFloat(),
    help="Peak learning rate; by default 1e-5, or 1e-4 for lora. Too high a rate makes models answer in the wrong "
    "language.",
)
@click.option(
    "--max-length", type=click.IntRange(min=1), default=256, show_default=True, help="The most sub-words of a text."
)
@click.option(
    "--check-lang",
    "check_languages",
    multiple=True,
    metavar="CODE",
    help="Language to translate into after each epoch, to see how often another one comes out; by default --lang.",
)
@click.option(
    "--check-sentences",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="Sentences for this check.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@o.SOURCE_LANG
@click.option("--lang", required=True, metavar="CODE", help="Language of TARGET, to translate into.")
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
def train_translator(model: str, source: str, target: str | None, output: str, **options: Any) -> int:
    """Fine-tune a translation model on parallel text.

    MODEL is the spec of a translator on a model of transformers, such as nllb:FOLDER. SOURCE and TARGET have the same
    number of sentences; SOURCE alone is JSONL of xlner build or label. With --markers, entities that correspond to each
    other are marked on both sides. An interrupted training continues where it stopped.

    \b
    xlner train-translator nllb en.txt gl.txt --lang gl -o my-nllb
    xlner build en.conll --to gl --translator nllb -o gl.jsonl
    xlner train-translator nllb gl.jsonl --lang gl --markers letters --parameters lora -o my-markers
    """
    from xlner.transfer import TranslatorTrainingOptions, train_translator

    if target is None:
        for name in ("input_format", "columns", "words", "segmenter"):
            if on_command_line(name):
                option = f"--{name.replace('_', '-')}"
                raise UsageError(f"{option} needs TARGET: SOURCE alone is JSONL of pairs", hint="leave it out")
        items = read_pairs(source, scheme=options["scheme"], tag_names=options["tag_names"])
    else:
        items = read_bitext(source, target, options)
    pairs, unread = training_pairs(items, options)
    names = ("parameters", "epochs", "batch_size", "learning_rate", "max_length", "check_sentences", "seed")
    training = TranslatorTrainingOptions(
        markers=None if options["markers"] == "none" else options["markers"],
        check_languages=tuple(options["check_languages"]),
        **{name: options[name] for name in names},
    )
    report = train_translator(
        model,
        pairs,
        output,
        training,
        from_lang=options["source_lang"],
        to_lang=options["lang"],
        overwrite=not options["resume"],
        on_step=show_step,
        on_epoch=lambda epoch: note(epoch.text()),
    )
    note(
        f"trained on {counted(report.used, 'pair')}, {report.left_out} left out "
        "(empty, too long, or without the same entities)"
        f"{f', {unread} could not be read' if unread else ''}"
    )
    return EXIT_SOME_FAILED if unread else 0
