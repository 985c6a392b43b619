"""`xlner convert`: from one format into another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from xlner._errors import InputError
from xlner._sentence import Sentence
from xlner.cli import _options as o
from xlner.cli._run import EXIT_SOME_FAILED, stopping_at_errors
from xlner.formats import ReadReport, read_sentences, write_sentences
from xlner.tags import Scheme


@click.command()
@click.argument("input", metavar="IN")
@click.argument("output", metavar="OUT")
@o.input_format()
@o.output_format(o.SENTENCE_FORMATS)
@o.SCHEME
@click.option(
    "--to-scheme",
    type=click.Choice([s.value for s in Scheme if s is not Scheme.AUTO], case_sensitive=False),
    default=Scheme.IOB2.value,
    show_default=True,
    help="Tag scheme to write.",
)
@o.REPAIR
@o.TAG_NAMES
@click.option("--lang", metavar="CODE", help="Language of the text.")
@o.ON_ERROR
def convert(**options: Any) -> int:
    """Convert between formats.

    IN and OUT are CoNLL, JSONL or text by their names; - is standard input or output.

    \b
    xlner convert train.iob2 train.jsonl
    xlner convert pred.conll - --to conll --to-scheme IOBES
    """
    report = ReadReport()
    items = read_sentences(
        options["input"],
        format=options["from_format"],
        language=options["lang"],
        scheme=options["scheme"],
        repair=options["repair"],
        tag_names=options["tag_names"],
        report=report,
    )
    sentences = _sentences(stopping_at_errors(items, options["on_error"]))
    count = write_sentences(sentences, options["output"], format=options["to_format"], scheme=options["to_scheme"])
    repaired = f", {report.repaired_tags} tags out of place were repaired" if report.repaired_tags else ""
    bad = f", {report.bad} could not be read" if report.bad else ""
    click.echo(f"xlner: {count} sentences{repaired}{bad}", err=True)
    return EXIT_SOME_FAILED if report.bad else 0


def _sentences(items: Iterator[Sentence | InputError]) -> Iterator[Sentence]:
    """The sentences; in the place of a bad one an empty sentence with its error."""
    for item in items:
        yield Sentence((), meta={"error": str(item)}) if isinstance(item, InputError) else item
