"""The counts on top of a page, taken from the sentences as they pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from xlner.core.signature import Digest, Signature
from xlner.evaluation.counts import Counts
from xlner.report.shown import ShownSentence

CONFIDENCE_BINS = 20
LENGTH_STEP = 5
LONGEST = 60
RATIOS = (0.0, 0.5, 0.67, 0.8, 0.95, 1.05, 1.25, 1.5, 2.0)
"""Lower bounds of the bins for words of the source per word of the target."""


@dataclass(slots=True)
class PageSummary:
    """Counts of everything that a page shows.

    >>> from xlner import Pair, Sentence
    >>> summary = PageSummary()
    >>> summary.add(ShownSentence(1, Pair(Sentence(("Vigo",)))))
    >>> summary.counts["sentences"], summary.counts["words"]
    (1, 1)
    """

    counts: Counter[str] = field(default_factory=Counter)
    labels: dict[str, Counter[str]] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    entities_in_kind: dict[str, Counter[str]] = field(default_factory=dict)
    confidences: list[list[int]] = field(default_factory=lambda: [[0, 0] for _ in range(CONFIDENCE_BINS)])
    lengths: list[Counter[str]] = field(default_factory=lambda: [Counter() for _ in range(LONGEST // LENGTH_STEP + 1)])
    ratios: Counter[int] = field(default_factory=Counter)
    scored: Counts = field(default_factory=Counts)
    gold: bool = False
    _digest: Digest = field(default_factory=Digest)

    def add(self, shown: ShownSentence) -> None:
        """Count one sentence."""
        pair = shown.pair
        labeled = pair.latest
        outcomes = pair.projection.outcomes if pair.projection else ()
        size = len(pair.target)
        row = self.lengths[min(size // LENGTH_STEP, len(self.lengths) - 1)]
        row["sentences"] += 1
        self.counts.update(sentences=1, words=size, entities=len(labeled.entities), source_entities=len(outcomes))
        self.counts["failed"] += pair.error is not None
        self.counts["links"] += len(pair.alignment or ())
        for entity in labeled.entities:
            self._label(entity.label)["entities"] += 1
        for outcome in outcomes:
            label = self._label(outcome.entity.label)
            label["source"] += 1
            row["source"] += 1
            if outcome.dropped:
                self.reasons[str(outcome.reason)] += 1
            else:
                label["projected"] += 1
                row["projected"] += 1
        if shown.warnings:
            self.counts["warned"] += 1
            self.warnings.update(shown.warnings)
        if pair.source is not None and pair.error is None and size and len(pair.source):
            ratio = len(pair.source) / size
            self.ratios[sum(ratio >= low for low in RATIOS) - 1] += 1
        self._digest.update(f"{pair.target.tokens}{labeled.entities}")
        self._confidences(shown)
        self._errors(shown)

    def _label(self, name: str) -> Counter[str]:
        return self.labels.setdefault(name, Counter())

    def _confidences(self, shown: ShownSentence) -> None:
        wrong = {e for error in shown.judged.errors for e in error.predicted} if shown.judged is not None else set()
        for entity in shown.pair.latest.entities:
            if entity.score is not None and 0 <= entity.score <= 1:
                row = self.confidences[min(int(entity.score * CONFIDENCE_BINS), CONFIDENCE_BINS - 1)]
                row[0] += 1
                row[1] += entity not in wrong

    def _errors(self, shown: ShownSentence) -> None:
        if shown.judged is None:
            return
        self.gold = True
        c, s = shown.judged.counts, self.scored
        self.scored = Counts(s.correct + c.correct, s.predicted + c.predicted, s.gold + c.gold)
        for error in shown.judged.errors:
            key = (error.kind.value, error.stage.value if error.stage is not None else "unknown")
            self.kinds[key] += 1
            found = self.entities_in_kind.setdefault(error.kind.value, Counter())
            found.update(gold=len(error.gold), predicted=len(error.predicted))

    def record(self, title: str, ignore: tuple[str, ...] = ()) -> dict[str, Any]:
        """The counts as a record of the page."""
        facts = {"sentences": self.counts["sentences"], "data": self._digest.hexdigest()}
        record: dict[str, Any] = {
            "title": title,
            "counts": dict(self.counts),
            "labels": [[name, c["entities"], c["source"], c["projected"]] for name, c in self._sorted_labels()],
            "reasons": self.reasons.most_common(),
            "warnings": self.warnings.most_common(),
            "confidences": self.confidences,
            "lengths": self._length_rows(),
            "ratios": [[name, self.ratios[k]] for k, name in enumerate(_ratio_names())],
        }
        if self.gold:
            facts |= {"ignore": ignore}
            s = self.scored
            record["scores"] = {
                **{"correct": s.correct, "predicted": s.predicted, "gold": s.gold},
                **{"precision": s.precision, "recall": s.recall, "f1": s.f1},
            }
            record["kinds"] = [[*key, count] for key, count in self.kinds.most_common()]
            record["gains"] = [[kind, self._gain(c)] for kind, c in self.entities_in_kind.items()]
        record["signature"] = str(Signature.of(facts))
        return record

    def _gain(self, kind: Mapping[str, int]) -> float:
        """How much higher F1 would be without the errors of a kind, see `ErrorReport.gain`."""
        s, gold = self.scored, kind["gold"]
        return Counts(s.correct + gold, s.predicted - kind["predicted"] + gold, s.gold).f1 - s.f1

    def _sorted_labels(self) -> list[tuple[str, Mapping[str, int]]]:
        return sorted(self.labels.items(), key=lambda item: (-item[1]["entities"], -item[1]["source"], item[0]))

    def _length_rows(self) -> list[list[Any]]:
        rows: list[list[Any]] = []
        for k, row in enumerate(self.lengths):
            low = k * LENGTH_STEP
            name = f"{low} or more" if low >= LONGEST else f"{low} to {low + LENGTH_STEP - 1}"
            rows.append([name, row["sentences"], row["source"], row["projected"]])
        while rows and not rows[-1][1]:
            rows.pop()
        return rows


def _ratio_names() -> list[str]:
    return [*(f"{low:g} to {high:g}" for low, high in pairwise(RATIOS)), f"{RATIOS[-1]:g} or more"]
