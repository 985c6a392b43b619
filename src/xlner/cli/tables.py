"""Tables on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlner.text.printable import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_LEAST_WIDTH = 200
"""Columns of a table at least: a line that the terminal wraps is better than truncated numbers."""


def make_console() -> Console:
    """A console that truncates nothing, and shows text as it is: no markup, and no control characters."""
    from rich.console import Console

    class PlainConsole(Console):
        def render_str(self, text: str, **options: Any) -> Text:
            return super().render_str(printable(text, lines=True), **options)

    width = max(_LEAST_WIDTH, Console().width)
    return PlainConsole(highlight=False, soft_wrap=True, width=width, markup=False)


def make_table(first: str, *others: str) -> Table:
    """A table with text in its first column and numbers in the others."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table
