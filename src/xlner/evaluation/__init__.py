"""Scores that can be trusted and compared."""

from xlner.evaluation.alignments import AlignmentScores, evaluate_alignments
from xlner.evaluation.attribution import Blame, Stage
from xlner.evaluation.buckets import by_entity_length, by_sentence_length
from xlner.evaluation.confusion import Confusion
from xlner.evaluation.counts import Counts
from xlner.evaluation.entities import Mode, Projected, Scores, evaluate, evaluate_tags
from xlner.evaluation.errors import EntityError, ErrorReport, Kind, examples, find_errors
from xlner.evaluation.intervals import Interval, Intervals, intervals
from xlner.evaluation.partial import MucCounts, muc_counts
from xlner.evaluation.significance import Difference, compare, holm

__all__ = [
    "AlignmentScores",
    "Blame",
    "Confusion",
    "Counts",
    "Difference",
    "EntityError",
    "ErrorReport",
    "Interval",
    "Intervals",
    "Kind",
    "Mode",
    "MucCounts",
    "Projected",
    "Scores",
    "Stage",
    "by_entity_length",
    "by_sentence_length",
    "compare",
    "evaluate",
    "evaluate_alignments",
    "evaluate_tags",
    "examples",
    "find_errors",
    "holm",
    "intervals",
    "muc_counts",
]
