"""`xlner translate`: the first stage alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from xlner.cli import _options as o
from xlner.cli._run import CommandRun, execute
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.errors import InputError
from xlner.formats import ReadReport, format_of, read_sentences


@click.command()
@click.argument("input", metavar="INPUT")
@click.option("--from", "from_lang", required=True, metavar="CODE", help="Language of the input: es, spa, spa_Latn …")
@click.option("--to", "to_lang", required=True, metavar="CODE", help="Language to translate into.")
@o.OUTPUT
@click.option("--translator", default=o.DEFAULT_TRANSLATOR, show_default=True, metavar="SPEC", help="Translates.")
@click.option("--input-format", type=click.Choice(o.SENTENCE_FORMATS), help="Input format; told by the file name else.")
@click.option(
    "--output-format", type=click.Choice(["text", "jsonl"]), help="Output format; told by the file name else."
)
@o.ON_ERROR
@o.ON_WARNING
@o.LIMIT
@o.BATCH_WORDS
@o.RUN
@o.CONFIG
def translate(**options: Any) -> int:
    """Translate text.

    INPUT is text with one sentence a line, CoNLL or JSONL; - is standard input. Writes one translation a line, or JSONL
    with the sentence and its translation as `source`, and with what looks wrong about it. A sentence that cannot be
    translated is an empty line, or has its error in the JSONL.

    \b
    xlner translate examples/gl.txt --from gl --to en
    """
    from xlner.pipeline import Pipeline

    path = options.pop("input")
    format = options["input_format"] or format_of(path, default="text")
    output_format = options["output_format"] or format_of(options["output"], "text")
    if output_format not in ("text", "jsonl"):
        raise InputError(
            "a translation is written as text or JSONL", path=options["output"], hint="write .txt or .jsonl"
        )
    report = ReadReport()
    sentences = read_sentences(path, format=format, language=options["from_lang"], report=report)
    pipeline = Pipeline(
        options["translator"],
        None,
        None,
        None,
        target_lang=options["from_lang"],
        source_lang=options["to_lang"],
        on_warning=options["on_warning"],
        batch_words=options["batch_words"],
    )
    pairs = (s if isinstance(s, InputError) else Pair(s) for s in sentences)
    shown = _translation if output_format == "text" else _pair
    return execute(
        pipeline, pairs, CommandRun("translate", options, output_format, {"input": path}, {path: report}, shown)
    )


def _translation(pair: Pair) -> Pair:
    """The translation in the place of the sentence."""
    return replace(pair, target=pair.source or Sentence(()), source=None)


def _pair(pair: Pair) -> Pair:
    return pair
