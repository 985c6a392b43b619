"""`xlner recognize`: label text with a recognizer alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import click

from xlner.cli import options as o
from xlner.cli.rereading import Again
from xlner.cli.run import OUTPUT_FORMATS, Inputs, ReplacedEntities, RunOptions, note_unsure, run, window_for
from xlner.formats import detect_format, read_sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognizeOptions(RunOptions):
    """The options of `xlner recognize`."""

    input: str
    lang: str
    recognizer: str
    min_confidence: float
    words: str | None
    segmenter: str | None
    split: bool
    recase: bool


@click.command()
@click.argument("input", metavar="INPUT")
@click.option("--lang", required=True, metavar="CODE", help="Language of INPUT: es, spa, spa_Latn …")
@o.OUTPUT
@o.RECOGNIZER
@o.MIN_CONFIDENCE
@o.IGNORE
@o.SPLIT
@o.RECASE
@o.input_format()
@o.WORDS
@o.output_format(OUTPUT_FORMATS)
@o.SCHEME
@o.TAG_NAMES
@o.COLUMNS
@o.ON_ERROR
@o.LIMIT
@o.BATCH_WORDS
@o.RUN
@o.CONFIG
def recognize(**options: Any) -> int:
    """Recognize entities without translation.

    Runs a recognizer directly on INPUT: text with one sentence per line, CoNLL or JSONL. Existing labels are replaced.
    With a multilingual model that was trained on other languages than that of INPUT, this is zero-shot transfer, the
    alternative to projection.

    \b
    xlner recognize news.txt --lang en
    xlner recognize noticias.txt --lang es --recognizer hf:./my-multilingual-ner -o noticias.conll
    """
    from xlner.pipeline import DEFAULT_WINDOW, DocumentPipeline, RecasedPipeline, RecognitionPipeline

    chosen = RecognizeOptions(**options)
    inputs = Inputs({"input": chosen.input}, chosen.run_dir, chosen.workers)
    input_format = detect_format(chosen.input, chosen.input_format, "text")
    output_format = chosen.format_for(input_format)
    sentences = Again(
        partial(
            read_sentences,
            chosen.input,
            format=input_format,
            language=chosen.lang,
            scheme=chosen.scheme,
            columns=chosen.columns,
            tag_names=chosen.tag_names,
            words=chosen.words,
            segmenter=chosen.segmenter,
            report=inputs.report(chosen.input),
        )
    )
    pipeline = RecognitionPipeline(
        chosen.recognizer,
        lang=chosen.lang,
        ignore=chosen.ignore,
        min_confidence=chosen.min_confidence,
        window=window_for(output_format, DEFAULT_WINDOW),
        batch_words=chosen.batch_words,
    )
    replaced = ReplacedEntities()
    sentencewise = RecasedPipeline(pipeline) if chosen.recase else pipeline
    documents = DocumentPipeline(sentencewise) if chosen.split else sentencewise
    pairs = Again(lambda: replaced.pairs(sentences))
    code = run(documents, pairs, inputs, chosen, output_format, replaced=replaced)
    replaced.note(chosen.input)
    note_unsure(pipeline.unsure, chosen.min_confidence)
    return code
