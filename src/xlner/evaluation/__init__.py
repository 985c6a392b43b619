"""Scores that can be trusted and compared."""

from xlner.evaluation.alignments import AlignmentScores, evaluate_alignments
from xlner.evaluation.attribution import Attribution, Stage
from xlner.evaluation.buckets import by_entity_length, by_sentence_length
from xlner.evaluation.confidence_intervals import ConfidenceIntervals, Interval, confidence_intervals
from xlner.evaluation.confusion import Confusion
from xlner.evaluation.counts import Counts
from xlner.evaluation.entities import EvaluationMode, Projected, Scores, evaluate, evaluate_tags
from xlner.evaluation.errors import EntityError, ErrorKind, ErrorReport, examples, find_errors
from xlner.evaluation.partial import MucCounts, muc_counts
from xlner.evaluation.significance import Difference, compare, holm

__all__ = [
    "AlignmentScores",
    "Attribution",
    "ConfidenceIntervals",
    "Confusion",
    "Counts",
    "Difference",
    "EntityError",
    "ErrorKind",
    "ErrorReport",
    "EvaluationMode",
    "Interval",
    "MucCounts",
    "Projected",
    "Scores",
    "Stage",
    "by_entity_length",
    "by_sentence_length",
    "compare",
    "confidence_intervals",
    "evaluate",
    "evaluate_alignments",
    "evaluate_tags",
    "examples",
    "find_errors",
    "holm",
    "muc_counts",
]
