"""Scores that can be trusted and compared."""

from xlner.evaluation.buckets import by_entity_length, by_sentence_length
from xlner.evaluation.confusion import Confusion
from xlner.evaluation.counts import Counts
from xlner.evaluation.entities import Mode, Projected, Scores, evaluate, evaluate_tags
from xlner.evaluation.intervals import Interval, Intervals, intervals
from xlner.evaluation.partial import MucCounts, muc_counts
from xlner.evaluation.significance import Difference, compare, holm

__all__ = [
    "Confusion",
    "Counts",
    "Difference",
    "Interval",
    "Intervals",
    "Mode",
    "MucCounts",
    "Projected",
    "Scores",
    "by_entity_length",
    "by_sentence_length",
    "compare",
    "evaluate",
    "evaluate_tags",
    "holm",
    "intervals",
    "muc_counts",
]
