"""Calibration of confidence to a probability, by isotonic regression on labeled pairs."""

from __future__ import annotations

import json
import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from xlner.core.signature import Digest
from xlner.errors import ValidationError
from xlner.text.counts import counted

_KIND = "xlner calibration"
_DECIMALS = 6
"""Raw confidences are rounded to this many decimals, so that points stay apart."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A map from raw confidence to the probability that an entity is correct, linear between points.

    - `points`: `(raw, calibrated)`, both in [0, 1]. Raw values rise, and calibrated values never fall, so that the
      order of entities does not change.
    - `entities`: the number of entities that it was fitted on.
    - `projector`, `aligner`: the fingerprints of the stages that made them.

    Raises `ValidationError` for other points.

    >>> Calibration(((0.0, 0.5), (0.5, 1.0)))(0.25)
    0.75
    """

    points: tuple[tuple[float, float], ...]
    entities: int = 0
    projector: str = ""
    aligner: str = ""

    def __post_init__(self) -> None:
        points = tuple((float(x), float(y)) for x, y in self.points)
        object.__setattr__(self, "points", points)
        if not points or not all(0 <= v <= 1 for point in points for v in point):
            raise ValidationError("a calibration needs points between 0 and 1")
        if any(b[0] <= a[0] or b[1] < a[1] for a, b in pairwise(points)):
            raise ValidationError(
                "the points of a calibration must have rising raw values and no falling calibrated values"
            )

    def __call__(self, raw: float) -> float:
        """The calibrated confidence."""
        k = bisect_left(self.points, (raw, -math.inf))
        if k == 0:
            return self.points[0][1]
        if k == len(self.points):
            return self.points[-1][1]
        (x0, y0), (x1, y1) = self.points[k - 1], self.points[k]
        return min(y0 + (y1 - y0) * (raw - x0) / (x1 - x0), y1)

    @property
    def digest(self) -> str:
        """A short hash of the points, for fingerprints."""
        return Digest(repr(point) for point in self.points).hexdigest()

    @classmethod
    def fit(
        cls, raw: Sequence[float], correct: Sequence[bool], *, projector: str = "", aligner: str = ""
    ) -> Calibration:
        """Fit by isotonic regression: the rising step function with the least squared error.

        The algorithm is pool adjacent violators (Ayer et al. 1955; for confidences Zadrozny & Elkan 2002). Each step
        becomes a point at its mean raw confidence. A correct entity at 0 and an incorrect one at 1 are added, so that
        no calibrated value is 0 or 1. Raises `ValidationError` if there are no raw confidences, if some are outside
        [0, 1], and if `correct` has another length.

        >>> Calibration.fit([0.2] * 3 + [0.8] * 3, [False] * 3 + [True] * 3).points
        ((0.15, 0.25), (0.85, 0.75))
        """
        if not raw or not all(0 <= x <= 1 for x in raw):
            raise ValidationError("a calibration is fitted on raw confidences between 0 and 1, at least one")
        if len(raw) != len(correct):
            raise ValidationError(
                f"{counted(len(raw), 'raw confidence')} but {counted(len(correct), 'entity', 'entities')}"
            )
        given = [(round(float(x), _DECIMALS), bool(right)) for x, right in zip(raw, correct, strict=True)]
        rows = sorted([(0.0, True), (1.0, False), *given])
        blocks: list[tuple[int, float, int]] = []
        for x, right in _pooled_ties(rows):
            block = (len(right), x * len(right), sum(right))
            while blocks and blocks[-1][2] * block[0] >= block[2] * blocks[-1][0]:
                block = tuple(a + b for a, b in zip(blocks.pop(), block, strict=True))  # type: ignore[assignment]
            blocks.append(block)
        points = tuple((round(x / n, 2 * _DECIMALS), right / n) for n, x, right in blocks)
        return cls(points, len(raw), projector, aligner)

    def to_json(self) -> str:
        """The text of a calibration file."""
        record = {"kind": _KIND, "entities": self.entities, "projector": self.projector, "aligner": self.aligner}
        return json.dumps({**record, "points": self.points}, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Read what `to_json` wrote; raises `ValidationError` for anything else.

        >>> Calibration.from_json(Calibration(((0.5, 0.5),)).to_json()).points
        ((0.5, 0.5),)
        """
        try:
            record = json.loads(text)
            if record["kind"] != _KIND:
                raise ValueError
            points = tuple((float(x), float(y)) for x, y in record["points"])
            found = int(record["entities"]), str(record["projector"]), str(record["aligner"])
        except (ValueError, KeyError, TypeError):
            raise ValidationError("this is not a calibration", hint="make one with xlner calibrate") from None
        return cls(points, *found)


def _pooled_ties(rows: Sequence[tuple[float, bool]]) -> list[tuple[float, list[bool]]]:
    """Rows with equal raw confidence merged, in order."""
    pooled: list[tuple[float, list[bool]]] = []
    for x, right in rows:
        if not pooled or pooled[-1][0] != x:
            pooled.append((x, []))
        pooled[-1][1].append(right)
    return pooled
