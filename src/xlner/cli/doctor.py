"""`xlner doctor`: what works here, and what to install for the rest."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import click

from xlner._errors import XlnerError
from xlner._version import __version__

_FAKES = "xlner.fakes:"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool) -> int:
    """Show what works here.

    Lists all backends, and what to install for those that do not work; the devices that models run on, and how much
    of the disk downloaded models take."""
    from xlner._registry import KINDS, names
    from xlner.cli._machine import machine_rows

    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # looking must not download models
    rows = [_check(kind, name, target) for kind in KINDS for name, target in sorted(names(kind).items())]
    rows += machine_rows()
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("kind", "name", "works", box=SIMPLE_HEAD)
    table.add_column("details", overflow="fold")
    for row in rows:
        table.add_row(
            row["kind"], row["name"], "[green]yes[/]" if row["works"] else "[red]no[/]", escape(row["details"])
        )
    console = Console(highlight=False)
    console.print(f"xlner {__version__}, Python {sys.version.split()[0]}")
    console.print(table)
    return 0


def _check(kind: str, name: str, target: str) -> dict[str, Any]:
    """Build a backend with its defaults; the built-in fakes always work."""
    from xlner._registry import create

    row = {"kind": kind, "name": name, "works": True}
    if target.startswith(_FAKES):
        return {**row, "details": "a fake, for tests"}
    try:
        backend = create(kind, name)
        return {**row, "details": str(getattr(backend, "summary", getattr(backend, "fingerprint", "")))}
    except XlnerError as error:
        return {**row, "works": False, "details": str(error)}
