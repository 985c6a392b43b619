"""`xlner project`: labels of a source file onto its translation."""

from __future__ import annotations

from typing import Any

import click

from xlner.cli import _options as o
from xlner.cli._confidence import add_confidence
from xlner.cli._parallel import parallel
from xlner.cli._run import OUTPUT_FORMATS, Run, execute, output_format, window_for
from xlner.cli._several import also_groups, several_pipelines
from xlner.formats import ReadReport, format_of, read_alignments, read_sentences


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@o.OUTPUT
@click.option("--alignment", metavar="FILE", help="Word links in Pharaoh format instead of an aligner.")
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
@o.BATCH_TOKENS
@o.RUN
@o.RECIPE
def project(**options: Any) -> int:
    """Carry labels over to a translation.

    Projects the labels of SOURCE onto TARGET, its translation, sentence by sentence.

    SOURCE is CoNLL or JSONL with labels; TARGET is text, CoNLL or JSONL. Labels that TARGET may have are not used.

    \b
    xlner project examples/en-es.conll examples/es.txt --lang es
    xlner project en.conll de.conll --alignment en-de.talp -o de.projected.conll
    xlner project en.conll pt.txt --lang pt --also-source es.conll --also-lang es
    """
    from xlner.pipeline import Pipeline
    from xlner.pipeline._pipeline import DEFAULT_WINDOW

    source, target, links = options.pop("source"), options.pop("target"), options["alignment"]
    from_format = options["from_format"]
    target_format = from_format or format_of(target)
    to_format = output_format(options["output"], options["to_format"], target_format)
    reports = {source: ReadReport(), target: ReadReport()}
    tags = {"scheme": options["scheme"], "repair": options["repair"], "tag_names": options["tag_names"]}
    pipeline = Pipeline(
        None,
        options["recognizer"],
        options["aligner"] if links is None else None,
        None if options["also_source"] else options["projector"],
        target_lang=options["lang"],
        source_lang=options["source_lang"],
        ignore=options["ignore"],
        window=window_for(to_format, DEFAULT_WINDOW),
        batch_tokens=options["batch_tokens"],
    )
    pairs = parallel(
        read_sentences(
            source,
            format=from_format,
            language=options["source_lang"],
            require_tags=options["recognizer"] is None,
            report=reports[source],
            **tags,
        ),
        read_sentences(target, format=target_format, language=options["lang"], report=reports[target], **tags),
        None if links is None else read_alignments(links),
        (source, target, links or ""),
    )
    inputs = {"target": target, "source": source, **({} if links is None else {"alignment": links})}
    if options["also_source"]:
        inputs |= {f"source {k}": path for k, path in enumerate(options["also_source"], start=2)}
        inputs |= {f"alignment {k}": path for k, path in enumerate(options["also_alignment"], start=2)}
        groups = also_groups(pairs, target, options, reports)
        return execute(
            several_pipelines(pipeline, options), groups, Run("project", options, to_format, inputs, reports)
        )
    add_confidence(pipeline, options)
    return execute(pipeline, pairs, Run("project", options, to_format, inputs, reports))
