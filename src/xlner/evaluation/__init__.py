"""Scores that can be trusted and compared."""

from xlner.evaluation.alignments import AlignmentScores, evaluate_alignments
from xlner.evaluation.entities import Counts, Scores, evaluate

__all__ = ["AlignmentScores", "Counts", "Scores", "evaluate", "evaluate_alignments"]
