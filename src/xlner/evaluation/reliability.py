"""Whether confidences mean what they say: of entities with confidence .8, are 80 % right?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xlner.errors import ValidationError


@dataclass(frozen=True, slots=True)
class Bin:
    """Entities with a confidence in `[low, high)`, in the last bin also 1: how many, how sure and how often right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """A reliability table and what it comes to.

    `ece` is the expected calibration error, the mean over entities of `|accuracy − confidence|` of their bin (Naeini
    et al. 2015); `brier` the mean of `(confidence − right)²` (Brier 1950). Both are 0 at best. Empty bins are left
    out of `bins`.
    """

    bins: tuple[Bin, ...]
    count: int
    accuracy: float
    ece: float
    brier: float


def reliability(confidence: Sequence[float], correct: Sequence[bool], *, bins: int = 10) -> Reliability:
    """The reliability table of confidences in [0, 1] over `bins` bins of equal width.

    Raises `ValidationError` for a confidence outside [0, 1], for lists of different lengths, and without any entity.

    >>> table = reliability([0.9, 0.9, 0.2], [True, False, False])
    >>> [(b.count, b.accuracy) for b in table.bins], round(table.ece, 3), round(table.brier, 3)
    ([(1, 0.0), (2, 0.5)], 0.333, 0.287)
    """
    if bins < 1 or len(confidence) != len(correct):
        raise ValidationError(f"{len(confidence)} confidences of {len(correct)} entities in {bins} bins")
    if not confidence or not all(0 <= c <= 1 for c in confidence):
        raise ValidationError("a reliability table needs confidences between 0 and 1, one at least")
    rows: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for sure, right in zip(confidence, correct, strict=True):
        rows[min(int(sure * bins), bins - 1)].append((sure, bool(right)))
    n = len(confidence)
    table = tuple(_bin(k / bins, (k + 1) / bins, row) for k, row in enumerate(rows) if row)
    return Reliability(
        table,
        n,
        sum(map(bool, correct)) / n,
        sum(b.count * abs(b.accuracy - b.confidence) for b in table) / n,
        sum((c - r) ** 2 for c, r in zip(confidence, correct, strict=True)) / n,
    )


def _bin(low: float, high: float, rows: Sequence[tuple[float, bool]]) -> Bin:
    n = len(rows)
    return Bin(low, high, n, sum(c for c, _ in rows) / n, sum(r for _, r in rows) / n)
