"""`xlner recognize`: one stage alone, straight on the input."""

from __future__ import annotations

from typing import Any

import click

from xlner.cli import _options as o
from xlner.cli._run import OUTPUT_FORMATS, CommandRun, execute, output_format, window_for
from xlner.core.pair import Pair
from xlner.errors import InputError
from xlner.formats import ReadReport, format_of, read_sentences


@click.command()
@click.argument("input", metavar="INPUT")
@click.option("--lang", required=True, metavar="CODE", help="Language of the input: es, spa, spa_Latn …")
@o.OUTPUT
@click.option("--recognizer", default=o.DEFAULT_RECOGNIZER, show_default=True, metavar="SPEC", help="Finds entities.")
@o.IGNORE
@o.input_format()
@o.output_format(OUTPUT_FORMATS)
@o.ON_ERROR
@o.LIMIT
@o.BATCH_WORDS
@o.RUN
@o.CONFIG
def recognize(**options: Any) -> int:
    """Recognize entities in text, without translation.

    Runs a recognizer straight on INPUT, which is text with one sentence a line, CoNLL or JSONL; labels that it has are
    replaced. With a multilingual model that was trained on other languages than that of INPUT this is model transfer,
    the alternative to projection.

    \b
    xlner recognize news.txt --lang en
    xlner recognize noticias.txt --lang es --recognizer hf:./my-multilingual-ner -o noticias.conll
    """
    from xlner.pipeline import RecognitionPipeline
    from xlner.pipeline.pipeline import DEFAULT_WINDOW

    path = options.pop("input")
    format = options["input_format"] or format_of(path, default="text")
    to_format = output_format(options["output"], options["output_format"], format)
    report = ReadReport()
    sentences = read_sentences(path, format=format, language=options["lang"], report=report)
    recognition = RecognitionPipeline(
        options["recognizer"],
        lang=options["lang"],
        ignore=options["ignore"],
        window=window_for(to_format, DEFAULT_WINDOW),
        batch_words=options["batch_words"],
    )
    pairs = (s if isinstance(s, InputError) else Pair(s) for s in sentences)
    return execute(recognition, pairs, CommandRun("recognize", options, to_format, {"input": path}, {path: report}))
