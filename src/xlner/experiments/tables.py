"""Result tables as CSV, and numbers as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xlner.core.files import write_durably

Row = Mapping[str, Any]


def csv_text(rows: Iterable[Row], columns: Sequence[str] | None = None) -> str:
    r"""Return rows as CSV with a header. The columns are the keys of the first row unless `columns` is given.

    >>> csv_text([{"lang": "de", "f1": 0.5}])
    'lang,f1\nde,0.5\n'
    """
    table = list(rows)
    if columns is None:
        columns = list(table[0]) if table else []
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return stream.getvalue()


def write_files(folder: str | Path, texts: Mapping[str, str]) -> list[Path]:
    """Write texts by file name into a folder, which is created if it does not exist; return the paths."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_durably(target / name, text if text.endswith("\n") else text + "\n")
    return [target / name for name in texts]


def rounded(value: float | None) -> float | None:
    """Round to four decimals; None stays None.

    >>> rounded(2 / 3), rounded(None)
    (0.6667, None)
    """
    return None if value is None else round(float(value), 4)


def decimals(value: float | None, *, sign: bool = False) -> str:
    """Return a number with four decimals as text, with a plus sign if asked for; empty for None.

    >>> decimals(0.5, sign=True), decimals(None)
    ('+0.5000', '')
    """
    if value is None:
        return ""
    return f"{value:+.4f}" if sign else f"{value:.4f}"


def percent(value: float | None, *, digits: int = 1, sign: bool = True) -> str:
    """Return a score between 0 and 1 in points between 0 and 100; empty for None.

    >>> percent(0.1234), percent(0.5, sign=False)
    ('+12.3', '50.0')
    """
    if value is None:
        return ""
    return f"{100 * value:+.{digits}f}" if sign else f"{100 * value:.{digits}f}"
