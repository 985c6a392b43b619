"""`xlner align`: word links of parallel files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import click

from xlner.cli import _options as o
from xlner.cli._parallel import parallel
from xlner.cli._run import CommandRun, execute
from xlner.cli._training import ready_to_align
from xlner.core.pair import Pair
from xlner.errors import InputError
from xlner.formats import ReadReport, format_of, read_sentences


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@o.OUTPUT
@o.ALIGNER
@click.option("--source-lang", default="en", show_default=True, metavar="CODE", help="Language of SOURCE.")
@click.option("--lang", metavar="CODE", help="Language of TARGET.")
@click.option(
    "--extra-bitext",
    nargs=2,
    multiple=True,
    metavar="SOURCE TARGET",
    help="More parallel files to learn from, for aligners that learn (eflomal, thot); may be repeated.",
)
@click.option("--save-model", metavar="DIR", help="Keep what such an aligner learned, for --aligner NAME:DIR.")
@click.option("--swap", "turned", is_flag=True, help="Write target-source, with the two sentences in that order.")
@o.input_format()
@o.output_format(("pharaoh", "jsonl"))
@o.ON_ERROR
@o.LIMIT
@o.BATCH_WORDS
@o.RUN
@o.CONFIG
def align(**options: Any) -> int:
    """Link the words of parallel files.

    SOURCE and TARGET are text, CoNLL or JSONL with the same number of sentences.

    Writes one line a pair in Pharaoh format: source-target, 0-based. Text is cut into words by the default tokenizer;
    write --output-format jsonl to see them, and the weights of the links.

    \b
    xlner align examples/en-es.conll examples/es.conll
    xlner align en.txt gl.txt --aligner eflomal --save-model en-gl.model -o en-gl.talp
    """
    from xlner.pipeline import Pipeline

    source, target = options.pop("source"), options.pop("target")
    turned = options["turned"]
    reports = {source: ReadReport(), target: ReadReport()}

    def read(source: str, target: str) -> Iterator[Pair | InputError]:
        files = ((source, options["source_lang"]), (target, options["lang"]))
        sides = [
            read_sentences(path, format=options["input_format"], language=lang, report=reports.get(path))
            for path, lang in files
        ]
        return parallel(sides[0], sides[1], None, (source, target, ""))

    output_format = options["output_format"] or format_of(options["output"], "pharaoh")
    inputs = {"target": target, "source": source}
    with ExitStack() as stack:
        aligner = ready_to_align(options["aligner"], (source, target), read, options, stack)
        pipeline = Pipeline(None, None, aligner, None, batch_words=options["batch_words"])
        run = CommandRun("align", options, output_format, inputs, reports, _turned if turned else _as_it_is)
        return execute(pipeline, read(source, target), run)


def _as_it_is(pair: Pair) -> Pair:
    return pair


def _turned(pair: Pair) -> Pair:
    """The pair with source and target exchanged; as it is where it has no source."""
    if pair.source is None:
        return pair
    alignment = None if pair.alignment is None else pair.alignment.reversed()
    return Pair(pair.source, pair.target, alignment, error=pair.error)
