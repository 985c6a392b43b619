"""`xlner project`: labels of a source file onto its translation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from xlner.cli import _options as o
from xlner.cli._confidence import add_confidence
from xlner.cli._parallel import agreed, parallel, weighed
from xlner.cli._run import OUTPUT_FORMATS, CommandRun, execute, output_format, window_for
from xlner.cli._several import also_groups, multi_source_pipeline
from xlner.cli._target_entities import require_target_entities
from xlner.core.files import STANDARD_STREAM
from xlner.core.pair import Pair
from xlner.errors import InputError, UnknownNameError
from xlner.formats import ReadReport, format_of, read_sentences


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@o.OUTPUT
@click.option(
    "--alignment",
    multiple=True,
    metavar="FILE",
    help="Word links in Pharaoh format instead of an aligner; links of several files weigh by how many have them.",
)
@click.option(
    "--lexical",
    is_flag=True,
    help="Weigh links by how often their words are linked in all of the text; reads the files twice.",
)
@o.ALIGNER
@o.PROJECTOR
@o.CONFIDENCE
@o.FILTER
@click.option(
    "--also-source",
    multiple=True,
    metavar="FILE",
    help="Another source of the same TARGET, such as another language; may be repeated. All are projected together.",
)
@click.option("--also-alignment", multiple=True, metavar="FILE", help="Word links of that source, with --alignment.")
@click.option("--also-lang", multiple=True, metavar="CODE", help="Language of that source.")
@click.option("--recognizer", metavar="SPEC", help="Find the entities of SOURCE first; then it needs no labels.")
@click.option("--source-lang", default="en", show_default=True, metavar="CODE", help="Language of SOURCE.")
@click.option("--lang", metavar="CODE", help="Language of TARGET, where that is text to be cut into words.")
@o.IGNORE
@o.input_format()
@o.output_format(OUTPUT_FORMATS)
@o.SCHEME
@o.REPAIR
@o.TAG_NAMES
@o.ON_ERROR
@o.LIMIT
@o.BATCH_WORDS
@o.RUN
@o.CONFIG
def project(**options: Any) -> int:
    """Carry labels over to a translation.

    Projects the labels of SOURCE onto TARGET, its translation, sentence by sentence.

    SOURCE is CoNLL or JSONL with labels; TARGET is text, CoNLL or JSONL. Labels that TARGET may have are not used.

    \b
    xlner project examples/en-es.conll examples/es.txt --lang es
    xlner project en.conll de.conll --alignment en-de.talp -o de.projected.conll
    xlner project en.conll pt.txt --lang pt --also-source es.conll --also-lang es
    xlner project en.conll de.conll --alignment forward.talp --alignment reverse.talp --lexical \\
        --projector "fused:null-aware-coverage?candidates=aligned&max_length=100"
    """
    from xlner.pipeline import Pipeline
    from xlner.pipeline.pipeline import DEFAULT_WINDOW

    source, target, links = options.pop("source"), options.pop("target"), options["alignment"]
    input_format = options["input_format"]
    target_format = input_format or format_of(target)
    to_format = output_format(options["output"], options["output_format"], target_format)
    reports = {source: ReadReport(), target: ReadReport()}
    tags = {"scheme": options["scheme"], "repair": options["repair"], "tag_names": options["tag_names"]}
    pipeline = Pipeline(
        None,
        options["recognizer"],
        None if links else options["aligner"],
        None if options["also_source"] else options["projector"],
        target_lang=options["lang"],
        source_lang=options["source_lang"],
        ignore=options["ignore"],
        window=window_for(to_format, DEFAULT_WINDOW),
        batch_words=options["batch_words"],
    )

    def pairs(reports: Mapping[str, ReadReport]) -> Iterator[Pair | InputError]:
        return parallel(
            read_sentences(
                source,
                format=input_format,
                language=options["source_lang"],
                require_tags=options["recognizer"] is None,
                report=reports[source],
                **tags,
            ),
            read_sentences(target, format=target_format, language=options["lang"], report=reports[target], **tags),
            agreed(links) if links else None,
            (source, target, ", ".join(links)),
        )

    inputs = {"target": target, "source": source, **_numbered(links)}
    read = pairs(reports)
    if options["lexical"]:
        _check_lexical(inputs, links)
        read = weighed(pairs({source: ReadReport(), target: ReadReport()}), read)
    if options["also_source"]:
        inputs |= {f"source {k}": path for k, path in enumerate(options["also_source"], start=2)}
        inputs |= {f"alignment of source {k}": path for k, path in enumerate(options["also_alignment"], start=2)}
        groups = also_groups(read, target, options, reports)
        return execute(
            multi_source_pipeline(pipeline, options),
            groups,
            CommandRun("project", options, to_format, inputs, reports),
        )
    require_target_entities(pipeline.projector, target, target_format, **tags)
    add_confidence(pipeline, options)
    return execute(pipeline, read, CommandRun("project", options, to_format, inputs, reports))


def _numbered(links: Sequence[str]) -> dict[str, str]:
    """Files of links by names of their own."""
    return {f"alignment {k}" if k > 1 else "alignment": path for k, path in enumerate(links, start=1)}


def _check_lexical(inputs: Mapping[str, str], links: Sequence[str]) -> None:
    if not links:
        raise UnknownNameError("--lexical weighs given links", hint="give them with --alignment FILE")
    if STANDARD_STREAM in inputs.values():
        raise UnknownNameError("--lexical reads its input twice, not standard input", hint="save the input first")
