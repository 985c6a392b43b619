"""Scores that can be trusted and compared."""

from xlner.evaluation.entities import Counts, Scores, evaluate

__all__ = ["Counts", "Scores", "evaluate"]
