"""`xlner build`: build training data in another language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from xlner.cli import options as o
from xlner.cli.build_conclusion import conclude_build
from xlner.cli.lexical_links import check_lexical, counting, first_and_all, projector_for, translated, with_table
from xlner.cli.rereading import Again
from xlner.cli.run import OUTPUT_FORMATS, Inputs, RunOptions, run, window_for
from xlner.cli.target_entities import require_target_entities, with_target_recognizer
from xlner.core.files import STANDARD_STREAM
from xlner.core.pair import Pair
from xlner.errors import UsageError
from xlner.formats import detect_format, read_sentences

if TYPE_CHECKING:
    from xlner.core.sentence import Sentence
    from xlner.errors import InputError
    from xlner.pipeline import TrainingDataBuilder
    from xlner.stages import Aligner

_FILTERS_WITH_LINKS = ("confidence", "mean-confidence", "linked")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions(RunOptions):
    """The options of `xlner build`."""

    source: str
    to_lang: str
    from_lang: str
    translator: str
    aligner: str
    lexical: bool
    lexical_table: str | None
    projector: str
    method: str
    markers: str
    fallback: bool
    calibration: str | None
    on_warning: str
    recase: bool
    repair: str
    tag_names: tuple[str, ...] | None
    label_map: str | None
    as_json: bool

    def __post_init__(self) -> None:
        check_lexical(self.lexical, self.lexical_table)
        if self.as_json and self.output == STANDARD_STREAM:
            raise UsageError("--json writes to standard output", hint="write the sentences to a file: -o FILE")

    @property
    def needs_links(self) -> bool:
        """Whether confidences are asked for, which are better with links."""
        filters = {text.partition(":")[0].strip() for text in self.filters}
        return bool(self.min_confidence or self.calibration or filters.intersection(_FILTERS_WITH_LINKS))


@click.command()
@click.argument("source", metavar="SOURCE")
@click.option("--to", "to_lang", required=True, metavar="CODE", help="Language to build for: es, spa, spa_Latn …")
@click.option("--from", "from_lang", default="en", show_default=True, metavar="CODE", help="Language of SOURCE.")
@o.OUTPUT
@o.TRANSLATOR
@o.RECASE
@click.option(
    "--method",
    type=click.Choice(["markers", "align"]),
    default="markers",
    show_default=True,
    help="Translate labels with the text, and align only those that get lost (markers); or align all (align).",
)
@click.option(
    "--markers",
    type=click.Choice(["auto", "brackets", "tags", "labels", "letters"]),
    default="auto",
    show_default=True,
    help="How entities are marked: [Vigo], <1>Vigo</1>, <LOC>Vigo</LOC>, <a>Vigo</a>, or auto: the best that the "
    "translator offers.",
)
@click.option(
    "--fallback/--no-fallback", default=True, help="Find entities that get lost by alignment (default), or drop them."
)
@o.ALIGNER
@o.LEXICAL
@o.PROJECTOR
@o.CONFIDENCE
@o.FILTER
@o.IGNORE
@o.input_format([name for name in o.READ_FORMATS if name != "text"])
@o.output_format(OUTPUT_FORMATS)
@o.SCHEME
@o.REPAIR
@o.TAG_NAMES
@o.MAP
@o.COLUMNS
@o.ON_ERROR
@o.ON_WARNING
@o.LIMIT
@o.BATCH_WORDS
@o.RUN
@o.CONFIG
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON on standard output; needs -o FILE.")
def build(**options: Any) -> int:
    """Build training data in another language.

    Translates labeled sentences together with their labels. SOURCE is CoNLL or JSONL.

    Every sentence is written once, in order: translated and labeled, or with its error. With --filter, only sentences
    that pass are written. A report on standard error, and in the run folder, counts the entities of each label: how
    many were built and written, and why the others were not.

    \b
    xlner build examples/en-es.conll --to es -o es.jsonl
    xlner build examples/en-es.conll --to gl --method align --filter complete,unique -o gl.conll
    """
    return run_build(BuildOptions(**options))


def run_build(options: BuildOptions) -> int:
    """Run the command with its options; return the exit code."""
    with ExitStack() as stack:
        return _run(options, stack)


def _run(options: BuildOptions, stack: ExitStack) -> int:
    from xlner.pipeline import DEFAULT_WINDOW, BuildReport, RecasedPipeline, TrainingDataBuilder, read_calibration

    inputs = Inputs({"source": options.source}, options.run_dir, options.workers)
    input_format = detect_format(options.source, options.input_format, "conll")
    output_format = options.format_for(input_format)
    weighted = options.lexical or options.lexical_table is not None
    projector = projector_for(options.projector, weighted=weighted)
    builder = TrainingDataBuilder(
        options.translator,
        with_table(options.aligner, options.lexical_table),
        with_target_recognizer(projector, "a translation", "text"),
        to_lang=options.to_lang,
        from_lang=options.from_lang,
        method=options.method,
        markers=options.markers,
        fallback=options.fallback,
        check=options.needs_links,
        calibration=read_calibration(options.calibration) if options.calibration else None,
        min_confidence=options.min_confidence,
        rate=options.needs_confidence(output_format),
        ignore=options.ignore,
        on_warning=options.on_warning,
        window=window_for(output_format, DEFAULT_WINDOW),
        batch_words=options.batch_words,
    )
    require_target_entities(builder.projector, "a translation", "text")
    given = Again(
        partial(
            read_sentences,
            options.source,
            format=input_format,
            language=options.from_lang,
            require_tags=True,
            report=inputs.report(options.source),
            scheme=options.scheme,
            repair=options.repair,
            tag_names=options.tag_names,
            label_map=options.label_map,
            columns=options.columns,
        )
    )
    sentences: Iterable[Sentence | InputError] = given
    if weighted and builder.aligner is None:
        raise UsageError("these labels are translated without an aligner", hint="use --method align, or no --lexical")
    if options.lexical:
        first, sentences = first_and_all(given, options)
        builder.aligner = _counting(builder, first, inputs, options, stack)
    report = BuildReport()
    code = run(
        RecasedPipeline(builder) if options.recase else builder,
        sentences,
        inputs,
        options,
        output_format,
        build_report=report,
    )
    conclude_build(report, options.run_dir, as_json=options.as_json)
    return code


def _counting(
    builder: TrainingDataBuilder,
    first: Sequence[Sentence | InputError],
    inputs: Inputs,
    options: BuildOptions,
    stack: ExitStack,
) -> Aligner:
    """The aligner with counts of the links between the first sentences and their translations without labels."""
    from xlner.pipeline import Pipeline, RecasedPipeline

    translation = Pipeline(
        builder.translator,
        projector=None,
        target_lang=options.from_lang,
        source_lang=options.to_lang,
        on_warning=options.on_warning,
        batch_words=options.batch_words,
    )
    pairs = translated(translation, first, RecasedPipeline if options.recase else lambda pipeline: pipeline)
    made = (Pair(pair.source, pair.target) for pair in pairs if pair.source is not None and pair.error is None)
    return counting(options.aligner, made, inputs, options, stack, translation=translation.fingerprint)
