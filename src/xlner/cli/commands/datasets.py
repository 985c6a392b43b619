"""`xlner datasets`: list the data sets that xlner reads, or those in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xlner.cli.json_output import show_json
from xlner.cli.notes import note
from xlner.cli.tables import make_console, make_table
from xlner.errors import InputError

if TYPE_CHECKING:
    from xlner.formats.datasets import Dataset

_SHOWN = 12
"""Digits of a checksum in tables."""


@click.command()
@click.argument("folder", metavar="[FOLDER]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def datasets(folder: str | None, as_json: bool) -> int:
    """List data sets.

    Without FOLDER: the data sets that xlner reads, with their licenses and where to get them. With FOLDER: those that
    are in it or in its subfolders, with checksums, and the specs that commands take instead of a file.

    \b
    xlner datasets
    xlner datasets ~/data
    xlner evaluate "masakhaner2:data?lang=yor&split=test" predicted.conll
    """
    if folder is None:
        _print_known(as_json)
    else:
        _print_found(Path(folder), as_json)
    return 0


def _print_known(as_json: bool) -> None:
    from xlner.formats.datasets import all_datasets

    known = all_datasets().values()
    if as_json:
        show_json([_known_record(dataset) for dataset in known])
        return
    console = make_console()
    for dataset in known:
        console.print(f"{dataset.name}: {dataset.title}", style="bold", markup=False)
        console.print(f"  languages  {' '.join(dataset.languages) or 'many'}", markup=False)
        console.print(f"  labels     {' '.join(dataset.labels)}", markup=False)
        console.print(f"  license    {dataset.license}", markup=False)
        hub = f", or {dataset.name}?lang=… from the hub ({dataset.hub})" if dataset.hub else ""
        console.print(f"  get it     {dataset.home}{hub}", markup=False)
        console.print(f"  as         {dataset.name}:FOLDER?lang=…&split=…, FOLDER/{dataset.paths[0]}", markup=False)


def _known_record(dataset: Dataset) -> dict[str, Any]:
    names = ("name", "title", "languages", "labels", "license", "home", "hub", "paths")
    return {name: getattr(dataset, name) for name in names}


def _print_found(folder: Path, as_json: bool) -> None:
    from xlner.engines import file_digest
    from xlner.formats.datasets import spec_of
    from xlner.formats.datasets.survey import survey

    if not folder.is_dir():
        raise InputError("not a folder", path=folder, hint="give the folder that holds data sets")
    rows: list[dict[str, str]] = []
    for place, located in survey(folder):
        digest = file_digest(located.files[0])
        published = located.dataset.checksums.get(f"{located.name}/{located.split}")
        verified = "" if published is None else ("as published" if digest == published else "differs")
        spec = spec_of(located.dataset, place, located.name, located.split)
        row = {"spec": spec, "language": located.language or "", "license": located.dataset.license}
        rows.append({**row, "sha256": digest, "checksum": verified})
    if as_json:
        show_json(rows)
        return
    if not rows:
        note(f"no data set in {folder}; `xlner datasets` shows where the files belong")
        return
    table = make_table("spec", "language", "sha256", "checksum", "license")
    for row in rows:
        table.add_row(row["spec"], row["language"], row["sha256"][:_SHOWN], row["checksum"], row["license"])
    make_console().print(table)
