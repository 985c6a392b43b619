"""`xlner project`: project labels onto a translation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xlner.cli import options as o
from xlner.cli.lexical_links import (
    check_lexical,
    counting,
    first_and_all,
    note_disagreement,
    note_unweighted,
    projector_for,
    with_table,
)
from xlner.cli.notes import note
from xlner.cli.rereading import Again
from xlner.cli.run import OUTPUT_FORMATS, Inputs, RunOptions, run, window_for
from xlner.cli.run_options import on_command_line, was_named
from xlner.cli.target_entities import require_target_entities, with_target_recognizer
from xlner.core.files import STANDARD_STREAM
from xlner.core.pair import Pair
from xlner.errors import InputError, UsageError, XlnerError
from xlner.formats import detect_format, has_columns, read_parallel
from xlner.text.languages import spaceless

if TYPE_CHECKING:
    from xlner.stages import Aligner


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectOptions(RunOptions):
    """The options of `xlner project`."""

    source: str
    target: str
    source_lang: str
    lang: str | None
    alignment: tuple[str, ...]
    aligner: str
    lexical: bool
    lexical_table: str | None
    projector: str
    recognizer: str | None
    also_source: tuple[str, ...]
    also_alignment: tuple[str, ...]
    also_lang: tuple[str, ...]
    calibration: str | None
    repair: str
    tag_names: tuple[str, ...] | None
    label_map: str | None
    words: str | None
    segmenter: str | None
    one_based: bool | None

    def __post_init__(self) -> None:
        files = (self.source, self.target, *self.alignment)
        check_lexical(self.lexical, self.lexical_table)
        if self.lexical and self.alignment and STANDARD_STREAM in files:
            raise UsageError("--lexical reads its input twice, not standard input", hint="save the input first")
        if self.also_source and self.weighs_links and not (self.lexical and self.alignment):
            raise UsageError(
                "--lexical counts the links of one source", hint="with --also-source give the links of all: --alignment"
            )
        if self.also_alignment and not self.alignment:
            raise UsageError("--also-alignment needs --alignment", hint="give links for all sources, or for none")
        sources = len(self.also_source)
        if self.alignment and sources != len(self.also_alignment):
            counts = f"{sources} --also-source but {len(self.also_alignment)} --also-alignment"
            raise UsageError(counts, hint="give one for each")
        if self.also_lang and sources != len(self.also_lang):
            counts = f"{sources} --also-source but {len(self.also_lang)} --also-lang"
            raise UsageError(counts, hint="give one for each")
        if self.also_source and self.target == STANDARD_STREAM:
            raise UsageError("--also-source needs a file as TARGET, not standard input", hint="save the input first")

    @property
    def weighs_links(self) -> bool:
        """Whether links are weighted by counts."""
        return self.lexical or self.lexical_table is not None

    @property
    def tags(self) -> dict[str, Any]:
        """How to read tags."""
        return {"scheme": self.scheme, "repair": self.repair, "tag_names": self.tag_names, "label_map": self.label_map}

    @property
    def other_languages(self) -> tuple[str | None, ...]:
        """The languages of the other sources."""
        return self.also_lang or (None,) * len(self.also_source)

    @property
    def reading(self) -> dict[str, Any]:
        """How to read the pairs of every source."""
        return {
            **self.tags,
            "target_lang": self.lang,
            "require_source_tags": self.recognizer is None,
            "columns": self.columns,
            "words": self.words,
            "segmenter": self.segmenter,
            "one_based": self.one_based,
        }

    def target_tags(self, format: str) -> dict[str, Any]:
        """How to read the tags of TARGET."""
        return {**self.tags, "columns": self.columns if has_columns(self.target, format) else None}

    @property
    def inputs(self) -> Inputs:
        """All input files by name."""
        paths = {"target": self.target, "source": self.source}
        paths |= {f"alignment {k}" if k > 1 else "alignment": path for k, path in enumerate(self.alignment, start=1)}
        paths |= {f"source {k}": path for k, path in enumerate(self.also_source, start=2)}
        paths |= {f"alignment of source {k}": path for k, path in enumerate(self.also_alignment, start=2)}
        return Inputs(paths, self.run_dir, self.workers)


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@o.OUTPUT
@click.option(
    "--alignment",
    multiple=True,
    metavar="FILE",
    help="Word links instead of an aligner, in Pharaoh format (0-0 1-2) or as fast_align, eflomal, SimAlign, "
    "awesome-align or GIZA++ write them. Repeatable: the weight of a link is then the share of files that have it.",
)
@o.ALIGNER
@o.LEXICAL
@o.PROJECTOR
@o.CONFIDENCE
@o.FILTER
@click.option(
    "--also-source",
    multiple=True,
    metavar="FILE",
    help="Another source of the same TARGET, such as another language; all are projected together. Repeatable.",
)
@click.option("--also-alignment", multiple=True, metavar="FILE", help="Word links of that source, with --alignment.")
@click.option("--also-lang", multiple=True, metavar="CODE", help="Language of that source.")
@o.recognizer_option(help="Recognize the entities of SOURCE first; then it needs no labels. Repeatable: several vote.")
@o.SOURCE_LANG
@click.option("--lang", metavar="CODE", help="Language of TARGET.")
@o.IGNORE
@o.ONE_BASED
@o.input_format()
@o.WORDS
@o.output_format(OUTPUT_FORMATS)
@o.SCHEME
@o.REPAIR
@o.TAG_NAMES
@o.MAP
@o.COLUMNS
@o.ON_ERROR
@o.LIMIT
@o.BATCH_WORDS
@o.RUN
@o.CONFIG
def project(**options: Any) -> int:
    """Project labels onto a translation.

    Projects the entities of SOURCE onto TARGET, its translation, sentence by sentence.

    SOURCE is CoNLL or JSONL with labels; TARGET is text, CoNLL or JSONL. Labels of TARGET are ignored.

    \b
    xlner project examples/en-es.conll examples/es.txt --lang es
    xlner project en.conll de.conll --alignment en-de.talp -o de.projected.conll
    xlner project en.conll pt.txt --lang pt --also-source es.conll --also-lang es
    xlner project en.conll de.conll --alignment forward.talp --alignment reverse.talp --lexical
    """
    if options["alignment"] and on_command_line("aligner"):
        raise UsageError("--alignment has the links, so that --aligner would do nothing", hint="give one of them")
    return run_project(ProjectOptions(**options))


def run_project(options: ProjectOptions) -> int:
    """Run the command with its options; return the exit code."""
    with ExitStack() as stack:
        return _run(options, stack)


def _run(options: ProjectOptions, stack: ExitStack) -> int:
    from xlner.engines.bulk_projection import BlockPipeline, can_project_blocks
    from xlner.formats.bulk import read_parallel_blocks
    from xlner.pipeline import (
        DEFAULT_WINDOW,
        MultiSourcePipeline,
        Pipeline,
        calibration_warnings,
        group_pairs,
        read_calibration,
    )

    inputs = options.inputs
    target_format = detect_format(options.target, options.input_format)
    output_format = options.format_for(target_format)
    calibration = read_calibration(options.calibration) if options.calibration else None
    note_disagreement(options.alignment, one_based=options.one_based)
    _note_wrong_pairs(options, target_format)
    if target_format == "text" and not (options.segmenter or was_named("projector")) and spaceless(options.lang):
        note(
            "note: each character of the target is a word, and links often reach only a part of a name; "
            "--projector ner-candidates takes whole names that a recognizer finds"
        )
    named = projector_for(options.projector, weighted=options.weighs_links and not options.also_source)
    projector = None
    if not options.also_source:
        projector = with_target_recognizer(named, options.target, target_format, **options.target_tags(target_format))
    given = Again(partial(_pairs, options, inputs, target_format))
    pairs: Iterable[Pair | InputError] = given
    aligner: Aligner | str | None = None
    if not options.alignment:
        note_unweighted(named, options.aligner, weighted=options.weighs_links)
        aligner = with_table(options.aligner, options.lexical_table)
    elif options.lexical_table is not None:
        pairs = Again(partial(_weighed, given, options.lexical_table))
    if options.lexical and not options.alignment:
        first, pairs = first_and_all(given, options)
        counted = (pair for pair in first if isinstance(pair, Pair))
        aligner = counting(options.aligner, counted, inputs, options, stack)
    pipeline = Pipeline(
        None,
        options.recognizer,
        aligner,
        projector,
        target_lang=options.lang,
        source_lang=options.source_lang,
        ignore=options.ignore,
        window=window_for(output_format, DEFAULT_WINDOW),
        batch_words=options.batch_words,
    )
    in_blocks = _keeps_all(options) and can_project_blocks(pipeline, output_format)
    if in_blocks:
        pairs = _pairs(options, inputs, target_format, read_parallel_blocks)
    if not options.also_source:
        require_target_entities(pipeline.projector, options.target, target_format, **options.target_tags(target_format))
        for warning in calibration_warnings(calibration, pipeline):
            note(f"note: {warning}")
        if options.needs_confidence(output_format):
            pipeline = pipeline.with_confidence(calibration, options.min_confidence)
        return run(
            BlockPipeline(pipeline, output_format) if in_blocks else pipeline, pairs, inputs, options, output_format
        )
    multi_source = MultiSourcePipeline(
        [pipeline, *(pipeline.for_source(lang or options.source_lang) for lang in options.other_languages)],
        options.projector,
        calibration=calibration,
        min_confidence=options.min_confidence,
    )
    others = Again(lambda: _other_pairs(options, inputs, target_format))
    return run(multi_source, Again(lambda: group_pairs(pairs, *others)), inputs, options, output_format)


def _note_wrong_pairs(options: ProjectOptions, target_format: str) -> None:
    """Say what looks wrong about the first pairs. What can be read only once is left alone."""
    from xlner.pipeline import CHECKED_PAIRS, pair_warnings

    files = (options.source, options.target, *options.alignment)
    if not all(Path(file).is_file() for file in files):
        return
    pairs = _pairs(replace(options, lexical=False), options.inputs, target_format)
    try:
        readable = [pair for pair in islice(pairs, CHECKED_PAIRS) if isinstance(pair, Pair)]
    except XlnerError:  # the run itself says it
        return
    for warning in pair_warnings(readable, source=options.source, target=options.target, target_lang=options.lang):
        note(f"note: {warning}")


def _pairs(
    options: ProjectOptions, inputs: Inputs, target_format: str, read: Callable[..., Iterator[Any]] = read_parallel
) -> Iterator[Any]:
    """The pairs of the first source with the target, as `read` reads them."""
    return read(
        options.source,
        options.target,
        options.alignment,
        source_lang=options.source_lang,
        source_format=options.input_format,
        target_format=target_format,
        weigh_links=options.lexical and bool(options.alignment),
        source_report=inputs.report(options.source),
        target_report=inputs.report(options.target),
        **options.reading,
    )


def _weighed(pairs: Iterable[Pair | InputError], table: str) -> Iterator[Pair | InputError]:
    """The pairs with their links weighted by counts of another text."""
    from xlner.alignment import LexicalWeights

    lexical = LexicalWeights.load(table)
    for pair in pairs:
        yield replace(pair, alignment=lexical.weigh(pair, counted=False)) if isinstance(pair, Pair) else pair


def _keeps_all(options: ProjectOptions) -> bool:
    """Whether links stay as they are, and the output alone reads the results and gets all of them."""
    asked = (options.weighs_links, options.filters, options.min_confidence, options.is_sharded)
    return not any(asked) and options.limit is None


def _other_pairs(options: ProjectOptions, inputs: Inputs, target_format: str) -> list[Iterator[Pair | InputError]]:
    """The pairs of each further source with the target."""
    return [
        read_parallel(
            source,
            options.target,
            links,
            source_lang=lang,
            source_format=options.input_format,
            target_format=target_format,
            weigh_links=options.lexical,
            source_report=inputs.report(source),
            **options.reading,
        )
        for source, links, lang in zip_longest(options.also_source, options.also_alignment, options.other_languages)
    ]
