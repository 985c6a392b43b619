"""Published results to compare with, and where they were published."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

_OPTIONAL = ("precision", "recall", "proj_ratio")


@dataclass(frozen=True, slots=True)
class PublishedResult:
    """One published result. Scores are between 0 and 1, and None if they were not published.

    `proj_ratio` is the mean over sentences of the number of predicted entities divided by that of gold entities.

    >>> PublishedResult(0.82, None, None, None, "politov2025").source
    'politov2025'
    """

    f1: float
    precision: float | None
    recall: float | None
    proj_ratio: float | None
    source: str


def published_result(dataset: str, lang: str, columns: Mapping[str, str]) -> PublishedResult | None:
    """Return the published result with these values in these columns, or None unless exactly one row has them.

    >>> columns = {"source": "politov2025", "pipeline": "heuristic", "aligner": "awesome"}
    >>> published_result("europarl-ner", "de", columns).f1
    0.8187
    """
    if not columns:
        return None
    wanted = {"dataset": dataset, "lang": lang, **columns}
    rows = [row for row in _rows() if all(row[k] == v for k, v in wanted.items())]
    return _result(rows[0]) if len(rows) == 1 else None


def best_published(dataset: str, lang: str) -> PublishedResult | None:
    """Return the published result with the highest F1, or None if there is none.

    >>> best_published("europarl-ner", "de").f1 >= 0.9203, best_published("europarl-ner", "gl")
    (True, None)
    """
    rows = [row for row in _rows() if (row["dataset"], row["lang"]) == (dataset, lang)]
    return _result(max(rows, key=lambda row: float(row["f1"]))) if rows else None


def _result(row: Mapping[str, str]) -> PublishedResult:
    precision, recall, proj_ratio = (float(row[name]) if row[name] else None for name in _OPTIONAL)
    return PublishedResult(float(row["f1"]), precision, recall, proj_ratio, row["source"])


@cache
def _rows() -> list[dict[str, str]]:
    with (resources.files(__package__) / "published.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
