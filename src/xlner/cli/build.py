"""`xlner build`: training data in another language."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xlner.cli import _options as o
from xlner.cli._confidence import read_calibration
from xlner.cli._run import OUTPUT_FORMATS, CommandRun, execute, output_format, window_for
from xlner.cli._target_entities import require_target_entities
from xlner.core.files import STANDARD_STREAM
from xlner.core.pair import Pair
from xlner.errors import UnknownNameError
from xlner.formats import ReadReport, format_of, read_sentences

if TYPE_CHECKING:
    from xlner.pipeline.build_report import BuildReport, LabelCount

_REPORT = "report.json"
_NEED_LINKS = ("confidence", "mean-confidence", "linked")


@click.command()
@click.argument("source", metavar="SOURCE")
@click.option("--to", "to_lang", required=True, metavar="CODE", help="Language to build for: es, spa, spa_Latn …")
@click.option("--from", "from_lang", default="en", show_default=True, metavar="CODE", help="Language of SOURCE.")
@o.OUTPUT
@click.option("--translator", default=o.DEFAULT_TRANSLATOR, show_default=True, metavar="SPEC", help="Translates.")
@click.option(
    "--route",
    type=click.Choice(["markers", "align"]),
    default="markers",
    show_default=True,
    help="Labels go through the translator, and alignment is for those that it loses; or alignment is for all.",
)
@click.option(
    "--markers",
    type=click.Choice(["auto", "brackets", "tags", "labels"]),
    default="auto",
    show_default=True,
    help="What marks entities: the translator's own way, else brackets (auto); [Vigo]; <1>Vigo</1>; <LOC>Vigo</LOC>.",
)
@click.option("--fallback/--no-fallback", default=True, help="Align for entities that markers lose (default), or not.")
@o.ALIGNER
@o.PROJECTOR
@o.CONFIDENCE
@o.FILTER
@o.IGNORE
@click.option("--input-format", type=click.Choice(["conll", "jsonl"]), help="Input format; told by the file name else.")
@click.option("--output-format", type=click.Choice(OUTPUT_FORMATS), help="Output format; told by the file name else.")
@o.SCHEME
@o.REPAIR
@o.TAG_NAMES
@o.ON_ERROR
@o.ON_WARNING
@o.LIMIT
@o.BATCH_WORDS
@o.RUN
@o.CONFIG
@click.option("--json", "as_json", is_flag=True, help="The report as JSON on standard output; needs -o FILE.")
def build(**options: Any) -> int:
    """Build training data.

    Translates labeled sentences with their labels. SOURCE is CoNLL or JSONL.

    Every sentence comes out once, in order: translated and labeled, or in JSONL with its error; with --filter, those
    that pass. What became of the entities of each label is reported on standard error, and in the run folder.

    \b
    xlner build examples/en-es.conll --to es -o es.jsonl
    xlner build examples/en-es.conll --to gl --route align --filter complete,unique -o gl.conll
    """
    from xlner.pipeline import TrainingDataBuilder
    from xlner.pipeline.pipeline import DEFAULT_WINDOW

    path, as_json = options.pop("source"), options.pop("as_json")
    if as_json and options["output"] == STANDARD_STREAM:
        raise UnknownNameError("--json writes to standard output", hint="write the sentences to a file: -o FILE")
    format = options["input_format"] or format_of(path, default="conll")
    to_format = output_format(options["output"], options["output_format"], format)
    builder = TrainingDataBuilder(
        options["translator"],
        options["aligner"],
        options["projector"],
        to_lang=options["to_lang"],
        from_lang=options["from_lang"],
        route=options["route"],
        markers=options["markers"],
        fallback=options["fallback"],
        check=_needs_links(options),
        calibration=read_calibration(options["calibration"]),
        min_confidence=options["min_confidence"],
        ignore=options["ignore"],
        on_warning=options["on_warning"],
        window=window_for(to_format, DEFAULT_WINDOW),
        batch_words=options["batch_words"],
    )
    require_target_entities(builder.projector, "a translation", "text")
    report = ReadReport()
    sentences = read_sentences(
        path,
        format=format,
        language=options["from_lang"],
        require_tags=True,
        report=report,
        scheme=options["scheme"],
        repair=options["repair"],
        tag_names=options["tag_names"],
    )
    watch = _Watch(as_json=as_json)
    return execute(
        builder, sentences, CommandRun("build", options, to_format, {"source": path}, {path: report}, watch=watch)
    )


def _needs_links(options: Mapping[str, Any]) -> bool:
    """Whether the options ask how sure labels are, which takes links to say."""
    named = {text.partition(":")[0].strip() for text in options["filters"]}
    return bool(options["min_confidence"] or options["calibration"] or named.intersection(_NEED_LINKS))


class _Watch:
    """Counts for the report, and prints and saves it."""

    def __init__(self, *, as_json: bool) -> None:
        from xlner.pipeline.build_report import BuildReport

        self.as_json = as_json
        self.report: BuildReport = BuildReport()

    def made(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        return self.report.made(pairs)

    def written(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        return self.report.written(pairs)

    def finish(self, dropped: Mapping[str, int], run_dir: str | None) -> None:
        self.report.filtered = dict(dropped)
        text = json.dumps(self.report.as_dict(), indent=2, ensure_ascii=False)
        if run_dir is not None:
            (Path(run_dir) / _REPORT).write_text(text + "\n", encoding="utf-8")
        if self.as_json:
            click.echo(text)
        for line in _table(self.report):
            click.echo(f"xlner: {line}", err=True)


def _table(report: BuildReport) -> list[str]:
    """Entities by label, as lines."""
    rows = [("label", "source", "built", "written", "not built")]
    rows += [_row(label, count) for label, count in [*sorted(report.labels.items()), ("all", report.total)]]
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:4], widths[1:], strict=True)), row[4]]
        )
        for row in rows
    ]
    notes = [("found by alignment", report.fallen_back), ("translations look wrong", report.suspicious)]
    notes += [("sentences failed", report.failed)]
    return [line.rstrip() for line in lines] + [f"{what}: {_listed(counts)}" for what, counts in notes if counts]


def _row(label: str, count: LabelCount) -> tuple[str, str, str, str, str]:
    return (label, str(count.source), str(count.built), str(count.written), _listed(count.dropped))


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
