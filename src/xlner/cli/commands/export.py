"""`xlner export`: make a data set for the Hugging Face hub."""

from __future__ import annotations

from typing import Any

import click

from xlner.cli import options as o
from xlner.cli.notes import note
from xlner.cli.results import reading
from xlner.cli.run import EXIT_SOME_FAILED
from xlner.errors import UsageError
from xlner.text.counts import counted

_SPLITS = ("train", "validation", "test")


@click.command()
@click.argument("folder", metavar="FOLDER")
@click.option("--train", metavar="FILE", help="Labeled sentences of the split train, in any format.")
@click.option("--validation", metavar="FILE", help="Those of the split validation.")
@click.option("--test", metavar="FILE", help="Those of the split test.")
@click.option("--name", metavar="NAME", help="Name of the data set in its card; by default that of the folder.")
@click.option("--license", default="", metavar="ID", help="License of the data set, such as cc-by-4.0.")
@click.option("--source", "sources", multiple=True, metavar="TEXT", help="Where the sentences are from. Repeatable.")
@click.option(
    "--license-of",
    "licenses",
    multiple=True,
    metavar="NAME=ID",
    help="License of a source or of a model, for the card. Repeatable.",
)
@click.option("--run-dir", metavar="DIR", help="Run folder of the labels, for models and options in the card.")
@o.READING
@o.ON_ERROR
@click.option("--overwrite", is_flag=True, help="Replace FOLDER, if it holds nothing but a data set.")
@click.option("--push", metavar="USER/NAME", help="Upload the folder to this repository of the hub.")
@click.option("--private", is_flag=True, help="Make the repository of --push private.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def export(folder: str, **options: Any) -> int:
    """Make a data set for the Hugging Face hub.

    FOLDER gets one Parquet file for each split, with tags that have names (ClassLabel), and a card README.md with
    counts, sources, models, licenses, losses and a signature. datasets.load_dataset and xlner read it.

    \b
    xlner export gl-ner --train train.jsonl --test test.conll --license cc-by-4.0
    xlner export gl-ner --train run.jsonl --run-dir run --push me/gl-ner
    """
    from xlner.formats.dataset_export import as_json, export_dataset, push_dataset

    files = {split: options[split] for split in _SPLITS if options[split] is not None}
    if not files:
        raise UsageError("there is nothing to export", hint="give --train FILE, --validation FILE or --test FILE")
    if options["private"] and options["push"] is None:
        raise UsageError("--private is for --push", hint="give --push USER/NAME")
    licenses = dict(_pair(text) for text in options["licenses"])
    written = export_dataset(
        files,
        folder,
        name=options["name"],
        license=options["license"],
        sources=options["sources"],
        licenses=licenses,
        run_dir=options["run_dir"],
        overwrite=options["overwrite"],
        reading={"format": options["input_format"], **reading(options)},
        on_error=options["on_error"],
    )
    if options["as_json"]:
        click.echo(as_json(written))
    for name, counts in written.splits.items():
        failed = f", {counts.failed} without result" if counts.failed else ""
        entities = counted(counts.labels.total(), "entity", "entities")
        note(f"{name}: {counted(counts.sentences, 'sentence')}, {entities}{failed}")
    if options["push"] is not None:
        note(f"uploaded to {push_dataset(folder, options['push'], private=options['private'])}")
    return EXIT_SOME_FAILED if any(counts.unread for counts in written.splits.values()) else 0


def _pair(text: str) -> tuple[str, str]:
    name, sign, license = (part.strip() for part in text.partition("="))
    if not (name and sign and license):
        raise UsageError(
            f"--license-of {text!r} names no license", hint="write NAME=ID, such as multilingual=cc-by-sa-4.0"
        )
    return name, license
