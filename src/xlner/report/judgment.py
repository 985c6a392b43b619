"""What corrections say about the results: how many entities are right, and with which confidence."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

from xlner.errors import ValidationError
from xlner.evaluation.confidence_intervals import LEVEL, Interval
from xlner.pipeline.calibrate import JudgedConfidences
from xlner.report.apply import Item, correction_of, decisions_by_sentence
from xlner.report.corrections import CorrectedSentence, Decision


@dataclass(frozen=True, slots=True)
class Judgment:
    """Counts of what a person judged.

    - `right`, `wrong`: the entities of the results that were judged so.
    - `added`: entities that were missing.
    - `reviewed`: sentences that a person has seen as a whole.

    >>> Judgment(right=9, wrong=1).precision
    0.9
    """

    right: int = 0
    wrong: int = 0
    added: int = 0
    reviewed: int = 0

    @classmethod
    def of(cls, found: CorrectedSentence) -> Judgment:
        """The judgment of one sentence."""
        return cls(len(found.right), len(found.wrong), found.states.count("added"), int(found.reviewed))

    def __add__(self, other: Judgment) -> Judgment:
        return Judgment(
            self.right + other.right,
            self.wrong + other.wrong,
            self.added + other.added,
            self.reviewed + other.reviewed,
        )

    def __sub__(self, other: Judgment) -> Judgment:
        return self + Judgment(-other.right, -other.wrong, -other.added, -other.reviewed)

    @property
    def judged(self) -> int:
        """The entities of the results that were judged."""
        return self.right + self.wrong

    @property
    def precision(self) -> float | None:
        """The share of the judged entities that are right; None before the first."""
        return self.right / self.judged if self.judged else None

    def line(self) -> str:
        """The counts as text.

        >>> print(Judgment(right=9, wrong=1, added=2).line())
        9 of 10 judged entities are right: precision 90.0 % [59.6, 98.2]; 2 added
        """
        if not self.judged:
            return f"no entity judged; {self.added} added"
        interval = wilson_interval(self.right, self.judged)
        share = f"{100 * self.right / self.judged:.1f} % [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"
        return f"{self.right} of {self.judged} judged entities are right: precision {share}; {self.added} added"


def wilson_interval(right: int, total: int, level: float = LEVEL) -> Interval:
    """The score interval of a share (Wilson 1927): it stays in [0, 1] and holds for few cases, too.

    Raises `ValidationError` unless `0 <= right <= total` and there is a case.

    >>> print(wilson_interval(9, 10))
    [0.5958, 0.9821]
    """
    if not 0 <= right <= total or not total:
        raise ValidationError(f"{right} of {total} is not a share")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, square = right / total, z * z / total
    center = share + square / 2
    half = z * math.sqrt(share * (1 - share) / total + square / (4 * total))
    return Interval(max(0.0, (center - half) / (1 + square)), min(1.0, (center + half) / (1 + square)), level)


def judgment_of(items: Iterable[Item], decisions: Iterable[Decision]) -> Judgment:
    """What a person judged about results. Raises `InputError` for a decision that does not fit.

    >>> judgment_of([], [])
    Judgment(right=0, wrong=0, added=0, reviewed=0)
    """
    about, total = decisions_by_sentence(decisions), Judgment()
    for number, item in enumerate(items, start=1):
        if number in about:
            total += Judgment.of(correction_of(item, number, about[number]))
    return total


def judged_confidences(items: Iterable[Item], decisions: Iterable[Decision]) -> JudgedConfidences:
    """The confidences of the entities that a person judged, and which of them are right, to `fit` a calibration.

    Entities without a score, or with one that is not between 0 and 1, are left out. Raises `InputError` for a decision
    that does not fit.

    >>> from xlner import Entity, Sentence
    >>> from xlner.report.corrections import Action
    >>> from xlner.report.records import words_digest
    >>> vigo = Sentence(("Vigo",), (Entity(0, 1, "LOC", 0.75),))
    >>> accept = Decision("1", 1, words_digest(vigo), Action.ACCEPT, before=Entity(0, 1, "LOC"))
    >>> judged_confidences([vigo], [accept]).confidences
    (0.75,)
    """
    about = decisions_by_sentence(decisions)
    rows: list[tuple[float, bool, int]] = []
    for number, item in enumerate(items, start=1):
        if number in about:
            found = correction_of(item, number, about[number])
            for entities, is_right in ((found.right, True), (found.wrong, False)):
                scores = (e.score for e in entities)
                rows.extend((s, is_right, number - 1) for s in scores if s is not None and 0 <= s <= 1)
    confidences, correct, sentences = zip(*rows, strict=True) if rows else ((), (), ())
    return JudgedConfidences(confidences, correct, sentences)
