"""`xlner align`: word links of parallel files."""

from __future__ import annotations

from typing import Any

import click

from xlner.cli import _options as o
from xlner.cli._parallel import parallel
from xlner.cli._run import Run, execute
from xlner.formats import ReadReport, format_of, read_sentences


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@o.OUTPUT
@o.ALIGNER
@click.option("--source-lang", default="en", show_default=True, metavar="CODE", help="Language of SOURCE.")
@click.option("--lang", metavar="CODE", help="Language of TARGET.")
@o.input_format()
@o.output_format(("pharaoh", "jsonl"))
@o.ON_ERROR
@o.LIMIT
@o.BATCH_TOKENS
@o.RUN
@o.RECIPE
def align(**options: Any) -> int:
    """Link the words of parallel files.

    SOURCE and TARGET are text, CoNLL or JSONL with the same number of sentences.

    Writes one line a pair in Pharaoh format: source-target, 0-based. Text is cut into words by the default tokenizer;
    write --to jsonl to see them.

    \b
    xlner align examples/en-es.conll examples/es.conll
    """
    from xlner.pipeline import Pipeline

    source, target = options.pop("source"), options.pop("target")
    from_format = options["from_format"]
    reports = {source: ReadReport(), target: ReadReport()}
    pipeline = Pipeline(None, None, options["aligner"], None, batch_tokens=options["batch_tokens"])
    pairs = parallel(
        read_sentences(source, format=from_format, language=options["source_lang"], report=reports[source]),
        read_sentences(target, format=from_format, language=options["lang"], report=reports[target]),
        None,
        (source, target, ""),
    )
    to_format = options["to_format"] or format_of(options["output"], "pharaoh")
    inputs = {"target": target, "source": source}
    return execute(
        pipeline,
        pairs,
        Run("align", options, to_format, inputs, reports),
    )
