"""`xlner convert`: convert labeled sentences between formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import click

from xlner.cli import options as o
from xlner.cli.notes import note
from xlner.cli.run import EXIT_SOME_FAILED, stopping_at_errors
from xlner.core.files import STANDARD_STREAM, is_device, require_other_file
from xlner.core.sentence import Sentence
from xlner.core.sentence_block import SentenceBlock
from xlner.core.tags import Scheme
from xlner.errors import InputError
from xlner.formats import ReadReport, format_of, read_blocks, write_sentences
from xlner.formats.registry import format_list
from xlner.text.counts import counted


@click.command(epilog=f"Formats:\n\n\b\n{format_list()}")
@click.argument("input", metavar="IN")
@click.argument("output", metavar="OUT")
@o.input_format()
@o.output_format(o.WRITTEN_FORMATS)
@o.SCHEME
@click.option(
    "--output-scheme",
    type=click.Choice([s.value for s in Scheme if s is not Scheme.AUTO], case_sensitive=False),
    default=Scheme.IOB2.value,
    show_default=True,
    help="Tag scheme of the output.",
)
@o.REPAIR
@o.TAG_NAMES
@o.MAP
@o.COLUMNS
@o.WORDS
@click.option("--lang", metavar="CODE", help="Language of the text.")
@o.ON_ERROR
def convert(**options: Any) -> int:
    """Convert between formats.

    The formats of IN and OUT are guessed from their names, and that of IN from its first lines; - is standard input or
    standard output (CoNLL by default).

    \b
    xlner convert train.iob2 train.jsonl
    xlner convert export.json train.spacy
    xlner convert pred.conll - --output-format conll --output-scheme IOBES
    """
    report = ReadReport()
    require_other_file(options["output"], options["input"])
    default = "conll" if options["output"] == STANDARD_STREAM or is_device(options["output"]) else None
    output_format = options["output_format"] or format_of(
        options["output"], default, formats=o.WRITTEN_FORMATS, option="--output-format"
    )
    items = read_blocks(
        options["input"],
        format=options["input_format"],
        language=options["lang"],
        scheme=options["scheme"],
        repair=options["repair"],
        tag_names=options["tag_names"],
        label_map=options["label_map"],
        columns=options["columns"],
        words=options["words"],
        segmenter=options["segmenter"],
        report=report,
    )
    entities: Counter[str] = Counter()
    sentences = _sentences(stopping_at_errors(items, options["on_error"]), entities)
    count = write_sentences(sentences, options["output"], format=output_format, scheme=options["output_scheme"])
    notes = [counted(count, "sentence")]
    if report.out_of_place:
        notes.append(f"{counted(report.out_of_place, 'tag')} out of place repaired")
    if output_format == "text" and entities:
        notes.append(f"{counted(entities.total(), 'entity', 'entities')} lost, because text has no labels")
    if report.bad:
        notes.append(f"{report.bad} could not be read")
    note(", ".join(notes))
    return EXIT_SOME_FAILED if report.bad else 0


def _sentences(
    items: Iterator[Sentence | SentenceBlock | InputError], entities: Counter[str]
) -> Iterator[Sentence | SentenceBlock]:
    """The sentences, with an empty sentence and its error for a bad one. Counts entities by label."""
    for item in items:
        if isinstance(item, SentenceBlock):
            entities.update(item.counts())
            yield item
            continue
        sentence = Sentence((), meta={"error": str(item)}) if isinstance(item, InputError) else item
        for entity in sentence.entities:
            entities[entity.label] += 1
        yield sentence
