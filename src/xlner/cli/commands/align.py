"""`xlner align`: link the words of parallel files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import click

from xlner.cli import options as o
from xlner.cli.aligner_training import AlignerTraining
from xlner.cli.bitext import READING, read_bitext
from xlner.cli.notes import note
from xlner.cli.rereading import Again
from xlner.cli.run import Inputs, RunOptions, run
from xlner.core.lines import head_lines, shown_name
from xlner.core.pair import Pair
from xlner.errors import InputError
from xlner.formats import detect_format, format_of
from xlner.formats.given_links import is_of_moses


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignOptions(RunOptions):
    """The options of `xlner align`."""

    source: str
    target: str
    source_lang: str
    lang: str | None
    aligner: str
    extra_bitext: tuple[tuple[str, str], ...]
    save_model: str | None
    swap: bool
    words: str | None
    segmenter: str | None

    @property
    def reading(self) -> dict[str, object]:
        """What the words of the bitext depend on, besides the files."""
        return {name: getattr(self, name) for name in READING}


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@o.OUTPUT
@o.ALIGNER
@o.SOURCE_LANG
@click.option("--lang", metavar="CODE", help="Language of TARGET.")
@click.option(
    "--extra-bitext",
    nargs=2,
    multiple=True,
    metavar="SOURCE TARGET",
    help="More parallel files to train on, for aligners that learn from the bitext (eflomal, thot). Repeatable.",
)
@click.option("--save-model", metavar="DIR", help="Save what such an aligner learned, for --aligner NAME:DIR.")
@click.option("--swap", is_flag=True, help="Swap source and target: write target-source.")
@o.input_format()
@o.WORDS
@o.output_format(("pharaoh", "jsonl"))
@o.SCHEME
@o.TAG_NAMES
@o.COLUMNS
@o.ON_ERROR
@o.LIMIT
@o.BATCH_WORDS
@o.RUN
@o.CONFIG
def align(**options: Any) -> int:
    """Link the words of parallel files.

    SOURCE and TARGET are text, CoNLL or JSONL with the same number of sentences.

    The output has one line per pair in Pharaoh format: source-target, counted from 0. The default tokenizer splits text
    into words; give --words spaces if it is tokenized already. --output-format jsonl shows the words, and the weights
    of the links.

    \b
    xlner align examples/en-es.conll examples/es.conll
    xlner align en.txt gl.txt --aligner eflomal --save-model en-gl.model -o en-gl.talp
    """
    from xlner.pipeline import Pipeline

    chosen = AlignOptions(**options)
    inputs = Inputs({"target": chosen.target, "source": chosen.source}, chosen.run_dir, chosen.workers)

    def read(source: str, target: str) -> Iterator[Pair | InputError]:
        reports = {"source_report": inputs.reports.get(source), "target_report": inputs.reports.get(target)}
        return read_bitext(source, target, chosen.reading, **reports)

    output_format = chosen.output_format or format_of(chosen.output, "pharaoh")
    training = AlignerTraining(
        read=read,
        on_error=chosen.on_error,
        reading=chosen.reading,
        extra_bitext=chosen.extra_bitext,
        save_model=chosen.save_model,
        run_dir=chosen.run_dir,
        resume=chosen.resume,
        workers=chosen.workers,
    )
    with ExitStack() as stack:
        aligner = training.aligner(chosen.aligner, chosen.source, chosen.target, stack)
        if chosen.words is None:
            _note_words_of_moses(chosen)
        pipeline = Pipeline(aligner=aligner, projector=None, batch_words=chosen.batch_words)
        inputs.report(chosen.source)
        inputs.report(chosen.target)
        pairs = Again(lambda: read(chosen.source, chosen.target))
        return run(pipeline, pairs, inputs, chosen, output_format, shown=_swapped if chosen.swap else None)


def _note_words_of_moses(options: AlignOptions) -> None:
    for path in dict.fromkeys((options.source, options.target)):
        if detect_format(path, options.input_format) == "text" and any(map(is_of_moses, head_lines(path))):
            note(f"note: {shown_name(path)} looks like text that Moses tokenized; if so, give --words spaces")


def _swapped(pair: Pair) -> Pair:
    """The pair with source and target exchanged; unchanged without a source."""
    if pair.source is None:
        return pair
    alignment = None if pair.alignment is None else pair.alignment.reversed()
    return Pair(pair.source, pair.target, alignment, error=pair.error)
