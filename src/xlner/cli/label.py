"""`xlner label`: the main job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from xlner.cli import _options as o
from xlner.cli._confidence import add_confidence
from xlner.cli._run import OUTPUT_FORMATS, CommandRun, Runner, execute, output_format, window_for
from xlner.cli._target_entities import require_target_entities
from xlner.core.pair import Pair
from xlner.errors import InputError, UnknownNameError
from xlner.formats import ReadReport, format_of, read_sentences

if TYPE_CHECKING:
    from xlner.pipeline import Pipeline


@click.command()
@click.argument("input", metavar="INPUT")
@click.option("--lang", required=True, metavar="CODE", help="Language of the input: es, spa, spa_Latn …")
@click.option(
    "--source-lang", default="en", show_default=True, metavar="CODE", help="Language to recognize entities in."
)
@o.OUTPUT
@click.option("--translator", default=o.DEFAULT_TRANSLATOR, show_default=True, metavar="SPEC", help="Translates.")
@click.option("--recognizer", default=o.DEFAULT_RECOGNIZER, show_default=True, metavar="SPEC", help="Finds entities.")
@o.ALIGNER
@o.PROJECTOR
@click.option(
    "--ensemble",
    multiple=True,
    metavar="SPEC",
    help="A recognizer for the language of INPUT, to be averaged with projection word by word; may be repeated.",
)
@click.option(
    "--ensemble-weights",
    type=o.number_list,
    metavar="X,Y,…",
    help="Weights of projection and of each --ensemble, in this order; all alike by default.",
)
@click.option(
    "--unprojected",
    type=click.Choice(["others", "O"]),
    default="others",
    show_default=True,
    help="In an ensemble, what projection says of words onto which it projects nothing: nothing, so that the others "
    "decide, or O.",
)
@o.CONFIDENCE
@o.FILTER
@o.IGNORE
@o.input_format()
@o.output_format(OUTPUT_FORMATS)
@o.ON_ERROR
@o.ON_WARNING
@o.LIMIT
@o.BATCH_WORDS
@o.RUN
@o.CONFIG
def label(**options: Any) -> int:
    """Label text.

    Translates INPUT, recognizes entities in the translation, aligns the words and projects the entities back.

    INPUT is text with one sentence a line, CoNLL or JSONL; - is standard input. On a terminal the labeled text is
    shown; otherwise it is written as JSONL, or as CoNLL where INPUT is CoNLL.

    \b
    xlner label examples/es.txt --lang es
    xlner label news.txt --lang gl -o news.conll
    xlner label news.txt --lang gl --ensemble hf:./my-multilingual-ner -o news.conll
    """
    from xlner.pipeline import Pipeline
    from xlner.pipeline.pipeline import DEFAULT_WINDOW

    path = options.pop("input")
    format = options["input_format"] or format_of(path, default="text")
    to_format = output_format(options["output"], options["output_format"], format)
    report = ReadReport()
    sentences = read_sentences(path, format=format, language=options["lang"], report=report)
    pipeline = Pipeline(
        options["translator"],
        options["recognizer"],
        options["aligner"],
        options["projector"],
        target_lang=options["lang"],
        source_lang=options["source_lang"],
        ignore=options["ignore"],
        on_warning=options["on_warning"],
        window=window_for(to_format, DEFAULT_WINDOW),
        batch_words=options["batch_words"],
    )
    require_target_entities(pipeline.projector, path, format)
    add_confidence(pipeline, options)
    pairs = (s if isinstance(s, InputError) else Pair(s) for s in sentences)
    run = CommandRun("label", options, to_format, {"input": path}, {path: report})
    return execute(_ensemble(pipeline, options), pairs, run)


def _ensemble(pipeline: Pipeline, options: Mapping[str, Any]) -> Runner:
    """The pipeline, with recognizers beside it where the options name any."""
    if not options["ensemble"]:
        if options["ensemble_weights"]:
            raise UnknownNameError("--ensemble-weights are those of an ensemble", hint="give --ensemble SPEC")
        return pipeline
    from xlner.transfer.ensemble import Ensemble

    weights = options["ensemble_weights"] or None
    return Ensemble(pipeline, options["ensemble"], weights=weights, unprojected=options["unprojected"])
