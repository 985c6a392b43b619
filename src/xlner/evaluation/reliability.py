"""Reliability of confidences: are 80 % of the entities with confidence 0.8 correct?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from xlner.errors import ValidationError
from xlner.text.counts import counted

_STEPS = 10_000
"""Steps of a minimum between 0 and 1."""


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The entities with a confidence in `[low, high)`. The last bin includes 1.

    `confidence` is their mean confidence, `accuracy` the share that is correct.

    >>> reliability([0.75, 0.75], [True, False], bins=2).bins
    (ReliabilityBin(low=0.5, high=1.0, count=2, confidence=0.75, accuracy=0.5),)
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """A reliability table and its summary.

    - `bins`: the bins that are not empty.
    - `count`: the number of entities.
    - `accuracy`: the share that is correct.
    - `ece`: the expected calibration error, the mean over entities of `|accuracy - confidence|` of their bin (Naeini
      et al. 2015); 0 is best.
    - `brier`: the Brier score, the mean of `(confidence - correct)²` (Brier 1950); 0 is best.

    >>> table = reliability([1.0, 0.0], [True, False])
    >>> table.accuracy, table.ece, table.brier
    (0.5, 0.0, 0.0)
    """

    bins: tuple[ReliabilityBin, ...]
    count: int
    accuracy: float
    ece: float
    brier: float


def reliability(confidence: Sequence[float], correct: Sequence[bool], *, bins: int = 10) -> Reliability:
    """Make a reliability table of confidences in [0, 1] with `bins` bins of equal width.

    Raises `ValidationError` for a confidence outside [0, 1], for lists of different lengths, and for empty lists.

    >>> table = reliability([0.9, 0.9, 0.2], [True, False, False])
    >>> [(b.count, b.accuracy) for b in table.bins], round(table.ece, 3), round(table.brier, 3)
    ([(1, 0.0), (2, 0.5)], 0.333, 0.287)
    """
    if bins < 1:
        raise ValidationError(f"bins is {bins} but must be at least 1")
    if len(confidence) != len(correct):
        raise ValidationError(
            f"{counted(len(confidence), 'confidence')} but {counted(len(correct), 'entity', 'entities')}"
        )
    if not confidence:
        raise ValidationError("a reliability table needs at least one entity")
    for value in confidence:
        if not 0 <= value <= 1:
            raise ValidationError(f"confidence {value} is not between 0 and 1")
    rows: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for value, is_correct in zip(confidence, correct, strict=True):
        rows[min(int(value * bins), bins - 1)].append((value, bool(is_correct)))
    n = len(confidence)
    table = tuple(_bin(k / bins, (k + 1) / bins, row) for k, row in enumerate(rows) if row)
    return Reliability(
        table,
        n,
        sum(map(bool, correct)) / n,
        sum(b.count * abs(b.accuracy - b.confidence) for b in table) / n,
        sum((c - r) ** 2 for c, r in zip(confidence, correct, strict=True)) / n,
    )


@dataclass(frozen=True, slots=True)
class KeptEntities:
    """Entities with a confidence of at least `minimum`: their `share` of all, and the share of them that is right.

    >>> KeptEntities(0.5, share=0.8, accuracy=0.9).minimum
    0.5
    """

    minimum: float
    share: float
    accuracy: float


def keep_share(confidence: Sequence[float], correct: Sequence[bool], share: float) -> KeptEntities:
    """Return the largest minimum, in steps of 0.0001, that keeps this share of the entities or more, and what it keeps.

    Entities with equal confidence are kept together, so that more than the share may be kept. Raises `ValidationError`
    for lists of different lengths, for empty lists, and for a share that is not in (0, 1].

    >>> keep_share([0.9, 0.8, 0.6, 0.4], [True, True, False, False], 0.5)
    KeptEntities(minimum=0.8, share=0.5, accuracy=1.0)
    """
    if len(confidence) != len(correct) or not confidence:
        counts = f"{counted(len(confidence), 'confidence')} but {counted(len(correct), 'entity', 'entities')}"
        raise ValidationError(counts, hint="give at least one")
    if not 0 < share <= 1:
        raise ValidationError(f"share {share} is not between 0 and 1")
    least = sorted(confidence, reverse=True)[math.ceil(share * len(confidence) - 1e-9) - 1]
    minimum = min(math.floor(round(least * _STEPS, 6)) / _STEPS, least)
    kept = [bool(right) for value, right in zip(confidence, correct, strict=True) if value >= minimum]
    return KeptEntities(minimum, len(kept) / len(confidence), sum(kept) / len(kept))


def _bin(low: float, high: float, rows: Sequence[tuple[float, bool]]) -> ReliabilityBin:
    n = len(rows)
    return ReliabilityBin(low, high, n, sum(c for c, _ in rows) / n, sum(r for _, r in rows) / n)
