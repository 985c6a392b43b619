"""`xlner label`: label text through another language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from xlner.cli import options as o
from xlner.cli.lexical_links import (
    check_lexical,
    counting,
    first_and_all,
    note_unweighted,
    projector_for,
    translated,
    with_table,
)
from xlner.cli.notes import note
from xlner.cli.rereading import Again
from xlner.cli.routes import AUTO, BOTH, DIRECT, ROUTES, Route, average_of, choose_route
from xlner.cli.run import (
    OUTPUT_FORMATS,
    Inputs,
    ReplacedEntities,
    RunOptions,
    note_unsure,
    on_command_line,
    run,
    was_named,
    window_for,
)
from xlner.cli.target_entities import require_target_entities, with_target_recognizer
from xlner.core.lines import shown_name
from xlner.core.registry import DEFAULT_RECOGNIZER
from xlner.errors import UsageError
from xlner.formats import detect_format, read_sentences

if TYPE_CHECKING:
    from xlner.core.sentence import Sentence
    from xlner.engines import AnyPipeline
    from xlner.errors import InputError
    from xlner.stages import Aligner


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelOptions(RunOptions):
    """The options of `xlner label`."""

    input: str
    lang: str
    source_lang: str
    route: str
    translator: str
    recognizer: str | None
    aligner: str
    lexical: bool
    lexical_table: str | None
    projector: str
    ensemble: tuple[str, ...]
    ensemble_weights: tuple[float, ...] | None
    unprojected: str | None
    calibration: str | None
    on_warning: str
    split: bool
    recase: bool
    words: str | None
    segmenter: str | None

    def __post_init__(self) -> None:
        check_lexical(self.lexical, self.lexical_table)


@click.command()
@click.argument("input", metavar="INPUT")
@click.option("--lang", required=True, metavar="CODE", help="Language of INPUT: es, spa, spa_Latn …")
@click.option(
    "--source-lang", default="en", show_default=True, metavar="CODE", help="Language to recognize entities in."
)
@o.OUTPUT
@click.option(
    "--route",
    type=click.Choice(ROUTES),
    default=AUTO,
    show_default=True,
    help="project: through a translation. direct: recognize in INPUT itself. both: average the two. auto: direct if "
    "INPUT is in the source language or has no translator, otherwise both.",
)
@o.TRANSLATOR
@o.recognizer_option(
    help="Recognizer of entities in the translation, or in INPUT on the route direct. Repeatable: several vote. "
    "The default is multilingual, and "
    "ensemble:spacy+multilingual on the route both, if spaCy knows the source language and a machine translates.",
)
@o.ALIGNER
@o.LEXICAL
@o.PROJECTOR
@click.option(
    "--ensemble",
    multiple=True,
    metavar="SPEC",
    help="Recognizer for the direct part of the route both; multilingual by default. Repeatable.",
)
@click.option(
    "--ensemble-weights",
    type=o.number_list,
    metavar="X,Y,…",
    help="Weights of projection and of each --ensemble, in this order. Equal by default; without an --ensemble "
    "1,2, and 1,1 if the translations are given.",
)
@click.option(
    "--unprojected",
    type=click.Choice(["others", "O"]),
    help="On the route both, the vote of projection for words without a projected entity: no vote, or O. By default "
    "no vote, and O with given translations and no --ensemble.",
)
@o.CONFIDENCE
@o.FILTER
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
@o.ON_WARNING
@o.LIMIT
@o.BATCH_WORDS
@o.RUN
@o.CONFIG
def label(**options: Any) -> int:
    """Label text in any language.

    Translates INPUT, recognizes entities in the translation, aligns the words, and projects the entities back. A
    multilingual recognizer labels INPUT directly as well, and the two are averaged. A language without a translator
    is only labeled directly.

    INPUT is text with one sentence per line, CoNLL or JSONL; - is standard input. With --split each line or record is a
    document. On a terminal the labeled text is shown in color. Otherwise the output is JSONL, or CoNLL if INPUT is
    CoNLL.

    \b
    xlner label examples/es.txt --lang es
    xlner label news.txt --lang yo -o news.conll
    xlner label news.txt --lang gl --route project --recognizer spacy -o news.conll
    """
    return run_label(LabelOptions(**options))


def run_label(options: LabelOptions) -> int:
    """Run the command with its options; return the exit code."""
    with ExitStack() as stack:
        return _run(options, stack)


def _run(options: LabelOptions, stack: ExitStack) -> int:
    route = choose_route(
        options.route,
        translator=options.translator,
        translator_was_named=was_named("translator"),
        members=bool(options.ensemble),
        lang=options.lang,
        source_lang=options.source_lang,
    )
    _refuse_ignored(route, options)
    if route.note:
        note(f"note: {shown_name(options.input)} is {route.note}")
    inputs = Inputs({"input": options.input}, options.run_dir, options.workers)
    input_format = detect_format(options.input, options.input_format, "text")
    output_format = options.format_for(input_format)
    given = Again(
        partial(
            read_sentences,
            options.input,
            format=input_format,
            language=options.lang,
            scheme=options.scheme,
            columns=options.columns,
            tag_names=options.tag_names,
            words=options.words,
            segmenter=options.segmenter,
            report=inputs.report(options.input),
        )
    )
    sentences: Iterable[Sentence | InputError] = given
    if route.name == DIRECT:
        labeling = _direct(options, output_format)
    else:
        aligner = with_table(options.aligner, options.lexical_table)
        if options.lexical:
            first, sentences = first_and_all(given, options)
            aligner = _counting(route, first, inputs, options, stack)
        labeling = _projecting(route, aligner, options, input_format, output_format)
    replaced = ReplacedEntities()
    pairs = Again(lambda: replaced.pairs(sentences))
    labeler = _sentencewise(labeling, options)
    code = run(labeler, pairs, inputs, options, output_format, replaced=replaced, route=route)
    replaced.note(options.input)
    note_unsure(getattr(labeling, "unsure", 0), options.min_confidence)
    return code


def _refuse_ignored(route: Route, options: LabelOptions) -> None:
    """Raise `UsageError` for options that have no effect on this route."""
    both = (("--ensemble-weights", bool(options.ensemble_weights)), ("--unprojected", bool(options.unprojected)))
    for name, given in both:
        if given and route.name != BOTH:
            raise UsageError(f"{name} needs the route both", hint="use --route both")
    if route.name != DIRECT:
        return
    if options.calibration:
        raise UsageError("--calibration needs a projection", hint="leave it out, or use --route project or both")
    for name in ("translator", "aligner", "lexical", "lexical_table", "projector"):
        if options.route == DIRECT and on_command_line(name):
            raise UsageError(
                f"--route direct has no use for --{name.replace('_', '-')}", hint="leave it out, or use --route both"
            )


def _direct(options: LabelOptions, output_format: str) -> AnyPipeline:
    from xlner.pipeline import DEFAULT_WINDOW, RecognitionPipeline

    return RecognitionPipeline(
        options.recognizer or DEFAULT_RECOGNIZER,
        lang=options.lang,
        ignore=options.ignore,
        min_confidence=options.min_confidence,
        window=window_for(output_format, DEFAULT_WINDOW),
        batch_words=options.batch_words,
    )


def _sentencewise(labeling: AnyPipeline, options: LabelOptions) -> AnyPipeline:
    """What labels sentences, inside of what recases them and cuts documents into them."""
    from xlner.pipeline import DocumentPipeline, RecasedPipeline

    recased = RecasedPipeline(labeling) if options.recase else labeling
    return DocumentPipeline(recased) if options.split else recased


def _counting(
    route: Route, first: Sequence[Sentence | InputError], inputs: Inputs, options: LabelOptions, stack: ExitStack
) -> Aligner:
    """The aligner with counts of the links between the first sentences and their translations."""
    from xlner.pipeline import Pipeline

    translation = Pipeline(
        route.translator,
        projector=None,
        target_lang=options.lang,
        source_lang=options.source_lang,
        on_warning=options.on_warning,
        batch_words=options.batch_words,
    )
    items = ReplacedEntities().pairs(first)
    pairs = translated(translation, items, lambda pipeline: _sentencewise(pipeline, options))
    return counting(options.aligner, pairs, inputs, options, stack, translation=translation.fingerprint)


def _projecting(
    route: Route, aligner: Aligner | str, options: LabelOptions, input_format: str, output_format: str
) -> AnyPipeline:
    from xlner.pipeline import DEFAULT_WINDOW, Pipeline, calibration_warnings, read_calibration
    from xlner.stages import StartingTranslator

    if isinstance(route.translator, StartingTranslator) and options.run_dir is None:  # a run may be finished already
        route.translator.start(options.lang, options.source_lang)
    tags: dict[str, Any] = {
        "scheme": options.scheme,
        "columns": options.columns,
        "tag_names": options.tag_names,
    }
    average = None
    weighted = options.lexical or options.lexical_table is not None
    projector = projector_for(options.projector, weighted=weighted)
    note_unweighted(projector, options.aligner, weighted=weighted)
    recognizer = options.recognizer or DEFAULT_RECOGNIZER
    if route.name == BOTH:
        average = average_of(options.translator, options.lang, options.source_lang, projector)
        projector = projector if weighted or was_named("projector") else average.projector
        recognizer = options.recognizer or average.recognizer
    pipeline = Pipeline(
        route.translator,
        recognizer,
        aligner,
        with_target_recognizer(projector, options.input, input_format, **tags),
        target_lang=options.lang,
        source_lang=options.source_lang,
        ignore=options.ignore,
        on_warning=options.on_warning,
        window=window_for(output_format, DEFAULT_WINDOW),
        batch_words=options.batch_words,
    )
    require_target_entities(pipeline.projector, options.input, input_format, **tags)
    calibration = read_calibration(options.calibration) if options.calibration else None
    for warning in calibration_warnings(calibration, pipeline):
        note(f"note: {warning}")
    if average is None:
        needed = options.needs_confidence(output_format)
        return pipeline.with_confidence(calibration, options.min_confidence) if needed else pipeline
    from xlner.transfer import Ensemble

    named = bool(options.ensemble)
    return Ensemble(
        pipeline.with_confidence(calibration) if named or calibration else pipeline,
        options.ensemble or (DEFAULT_RECOGNIZER,),
        weights=options.ensemble_weights or (None if named else average.weights),
        unprojected=options.unprojected or ("others" if named else average.unprojected),
        min_confidence=options.min_confidence,
        kept_labels=() if named else average.kept_labels,
        keep_members=options.needs_members(output_format),
    )
