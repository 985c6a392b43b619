"""What commands say on standard error."""

from __future__ import annotations

import click

from xlner.text.printable import printable


def note(text: str) -> None:
    """Print one line on standard error. What a terminal would act upon is shown escaped."""
    click.echo(f"xlner: {printable(text)}", err=True)
