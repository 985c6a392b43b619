"""Published figures: what others have measured, with its source."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

_OPTIONAL = ("precision", "recall", "projected_ratio")


@dataclass(frozen=True, slots=True)
class Published:
    """One published result, each score from 0 to 1, None where it was not published."""

    f1: float
    precision: float | None
    recall: float | None
    projected_ratio: float | None
    source: str


def published(dataset: str, lang: str, columns: Mapping[str, str]) -> Published | None:
    """The figures of the one row with these values in these columns; None where none or several have them.

    >>> published("europarl-ner", "de", {"pipeline": "heuristic", "aligner": "awesome"}).f1
    0.8187
    """
    if not columns:
        return None
    wanted = {"dataset": dataset, "lang": lang, **columns}
    rows = [row for row in _rows() if all(row[k] == v for k, v in wanted.items())]
    if len(rows) != 1:
        return None
    row = rows[0]
    precision, recall, projected_ratio = (float(row[name]) if row[name] else None for name in _OPTIONAL)
    return Published(float(row["f1"]), precision, recall, projected_ratio, row["source"])


@cache
def _rows() -> list[dict[str, str]]:
    with (resources.files(__package__) / "published.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
