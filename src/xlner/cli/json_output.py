"""Results as JSON on standard output."""

from __future__ import annotations

import json
from typing import Any

import click

from xlner.text.printable import printable


def show_json(record: Any) -> None:
    r"""Print a record as JSON, with what a terminal would act upon as escapes.

    >>> show_json(["Vigo\x9b31m"])
    [
      "Vigo\u009b31m"
    ]
    """
    click.echo(printable(json.dumps(record, indent=2, ensure_ascii=False), lines=True))
