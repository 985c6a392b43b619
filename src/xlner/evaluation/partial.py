"""Partial credit under the four schemes of SemEval-2013 task 9.

The counts are those of MUC-5 (Chinchor and Sundheim 1993): correct (COR), incorrect (INC), partial (PAR), missing (MIS)
and spurious (SPU). Precision is `(COR + PAR / 2) / (COR + INC + PAR + SPU)`; recall has MIS instead of SPU. What counts
as correct:

- `strict`: span and label are right.
- `exact`: the span is right.
- `partial`: the span is right; overlapping spans get half credit.
- `type`: the spans overlap and the label is right.
"""

from __future__ import annotations

from dataclasses import dataclass

from xlner.evaluation.counts import Counts
from xlner.evaluation.paired_entities import inexact_pairs
from xlner.evaluation.spans import GoldAndPredicted


@dataclass(frozen=True, slots=True)
class MucCounts:
    """Counts of gold and predicted entities under one scheme.

    >>> MucCounts(correct=1, partial=2, missing=1).counts.recall
    0.5
    """

    correct: int = 0
    incorrect: int = 0
    partial: int = 0
    missing: int = 0
    spurious: int = 0

    @property
    def counts(self) -> Counts:
        """The counts as `Counts`, which has precision, recall and F1."""
        both = self.correct + self.incorrect + self.partial
        return Counts(self.correct, both + self.spurious, both + self.missing, self.partial)


def muc_counts(spans: GoldAndPredicted) -> dict[str, MucCounts]:
    """Counts of all labels together under each scheme. Each entity is paired with at most one that overlaps it.

    >>> from xlner import Entity, Sentence, evaluate
    >>> gold = [Sentence(("Ana", "Vigo"), (Entity(0, 2, "PER"),))]
    >>> predicted = [Sentence(("Ana", "Vigo"), (Entity(1, 2, "PER"),))]
    >>> muc_counts(evaluate(gold, predicted).spans)["partial"].counts.f1
    0.5
    """
    exact = int(spans.exact()[0].sum())
    same_span = same_label = paired = missing = spurious = 0
    gold, predicted = spans.gold, spans.predicted
    for g, p in inexact_pairs(spans):
        if g is None or p is None:
            missing += p is None
            spurious += g is None
            continue
        paired += 1
        same_span += bool(gold.starts[g] == predicted.starts[p] and gold.ends[g] == predicted.ends[p])
        same_label += bool(gold.labels[g] == predicted.labels[p])
    rest = (missing, spurious)
    return {
        "strict": MucCounts(exact, paired, 0, *rest),
        "exact": MucCounts(exact + same_span, paired - same_span, 0, *rest),
        "partial": MucCounts(exact + same_span, 0, paired - same_span, *rest),
        "type": MucCounts(exact + same_label, paired - same_label, 0, *rest),
    }
