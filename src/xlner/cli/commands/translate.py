"""`xlner translate`: translate text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import click

from xlner.cli import options as o
from xlner.cli.rereading import Again
from xlner.cli.run import Inputs, RunOptions, run
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.errors import InputError, UsageError
from xlner.formats import detect_format, format_of, read_sentences

_FORMATS = ("text", "jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslateOptions(RunOptions):
    """The options of `xlner translate`."""

    input: str
    from_lang: str
    to_lang: str
    translator: str
    on_warning: str
    recase: bool


@click.command()
@click.argument("input", metavar="INPUT")
@click.option("--from", "from_lang", required=True, metavar="CODE", help="Language of INPUT: es, spa, spa_Latn …")
@click.option("--to", "to_lang", required=True, metavar="CODE", help="Language to translate into.")
@o.OUTPUT
@o.TRANSLATOR
@o.RECASE
@o.input_format()
@o.output_format(_FORMATS)
@o.SCHEME
@o.TAG_NAMES
@o.COLUMNS
@o.ON_ERROR
@o.ON_WARNING
@o.LIMIT
@o.BATCH_WORDS
@o.RUN
@o.CONFIG
def translate(**options: Any) -> int:
    """Translate text.

    INPUT is text with one sentence per line, CoNLL or JSONL; - is standard input. The output is one translation per
    line, or JSONL with the sentence, its translation as `source`, and its warnings. A sentence that cannot be
    translated gives an empty line, or its error in JSONL.

    \b
    xlner translate examples/gl.txt --from gl --to en
    """
    from xlner.pipeline import Pipeline, RecasedPipeline

    chosen = TranslateOptions(**options)
    output_format = chosen.output_format or format_of(chosen.output, "text")
    if output_format not in _FORMATS:
        raise UsageError(f"{chosen.output}: translations are written as text or JSONL", hint="write .txt or .jsonl")
    inputs = Inputs({"input": chosen.input}, chosen.run_dir, chosen.workers)
    input_format = detect_format(chosen.input, chosen.input_format, "text")
    sentences = Again(
        partial(
            read_sentences,
            chosen.input,
            format=input_format,
            language=chosen.from_lang,
            scheme=chosen.scheme,
            columns=chosen.columns,
            tag_names=chosen.tag_names,
            report=inputs.report(chosen.input),
        )
    )
    pipeline = Pipeline(
        chosen.translator,
        projector=None,
        target_lang=chosen.from_lang,
        source_lang=chosen.to_lang,
        on_warning=chosen.on_warning,
        batch_words=chosen.batch_words,
    )
    pairs = Again(lambda: (s if isinstance(s, InputError) else Pair(s) for s in sentences))
    shown = _translation if output_format == "text" else None
    return run(
        RecasedPipeline(pipeline) if chosen.recase else pipeline, pairs, inputs, chosen, output_format, shown=shown
    )


def _translation(pair: Pair) -> Pair:
    """A pair with the translation as its target; none if any part of it is missing."""
    whole = pair.source if pair.error is None else None
    return replace(pair, target=whole or Sentence(()), source=None)
