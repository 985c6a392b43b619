"""`xlner doctor`: show which backends work here, and what to install for the others."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING, Any

import click

from xlner._version import __version__
from xlner.cli.json_output import show_json
from xlner.errors import MissingArgumentError, NotDownloadedError, UnknownNameError, XlnerError
from xlner.stages import summary_of
from xlner.text.suggestions import names_hint

if TYPE_CHECKING:
    from rich.table import Table

_FAKES = "xlner.fakes:"
_LEAST_WIDTH = 40
"""Columns of the details at least."""
_YES, _NO, _ON_DEMAND = "yes", "no", "on demand"
_COLORS = {_YES: "green", _NO: "red", _ON_DEMAND: "yellow"}


@click.command()
@click.argument("wanted", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(wanted: tuple[str, ...], as_json: bool) -> int:
    """Show which backends work here.

    Lists the backends NAME, or all, and what to install for those that do not work. Backends that work on demand need
    the name of a model or file, or download their model on first use. Also shows the devices for models, whether the
    hub can be reached, and the disk space of downloaded models.

    \b
    xlner doctor
    xlner doctor apertium e5"""
    from xlner.cli.machine import hub_row, machine_rows
    from xlner.models.hub import without_downloads

    backends = _backends(wanted)
    hub = hub_row()
    with without_downloads():
        rows = [_check(kind, name, target, hub["works"]) for kind, name, target in backends]
    rows += [{**row, "state": _YES if row["works"] else _NO} for row in (*machine_rows(), hub)]
    if as_json:
        show_json(rows)
        return 0
    from rich.console import Console

    click.echo(f"xlner {__version__}, Python {sys.version.split()[0]}")
    terminal = Console().width
    # Wider than the terminal: a word that is broken in two cannot be copied.
    Console(highlight=False, soft_wrap=True, width=10_000).print(_table(rows, terminal))
    return 0


def _backends(wanted: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """The kind, name and target of the backends with a wanted name, of all if none is given."""
    from xlner.core.registry import KINDS, names

    every = [(kind, name, target) for kind in KINDS for name, target in sorted(names(kind).items())]
    known = {name for _, name, _ in every}
    unknown = next((name for name in wanted if name not in known), None)
    if unknown is not None:
        raise UnknownNameError(f"unknown backend {unknown!r}", hint=names_hint(unknown, sorted(known)))
    return [backend for backend in every if not wanted or backend[1] in wanted]


def _table(rows: list[dict[str, Any]], width: int) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    before = sum(max(len(row[column]) for row in rows) + 2 for column in ("kind", "name", "state"))
    left = max(_LEAST_WIDTH, width - before - 3)
    table = Table("kind", "name", "works", "details", box=SIMPLE_HEAD)
    for row in rows:
        details = textwrap.fill(row["details"], left, break_long_words=False, break_on_hyphens=False)
        state = f"[{_COLORS[row['state']]}]{row['state']}[/]"
        table.add_row(row["kind"], row["name"], state, escape(details))
    return table


def _check(kind: str, name: str, target: str, hub: bool) -> dict[str, Any]:
    """Try to build a backend with its defaults; the built-in fakes always work."""
    from xlner.core.registry import load

    row = {"kind": kind, "name": name, "works": True, "state": _YES}
    if target.startswith(_FAKES):
        return {**row, "details": "a fake, for tests"}
    try:
        return {**row, "details": summary_of(load(kind, name))}
    except MissingArgumentError as error:
        return {**row, "state": _ON_DEMAND, "details": str(error)}
    except NotDownloadedError as error:
        if hub:
            return {**row, "state": _ON_DEMAND, "details": str(error)}
        unreachable = "and the hub cannot be reached; download it on another machine, and give the folder"
        return {**row, "works": False, "state": _NO, "details": f"{error.message}, {unreachable}"}
    except XlnerError as error:
        return {**row, "works": False, "state": _NO, "details": str(error)}
