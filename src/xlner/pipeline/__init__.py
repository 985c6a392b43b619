"""Putting the stages together: batches, isolation of errors, run folders."""

from xlner.pipeline._building import Builder
from xlner.pipeline._pipeline import Pipeline
from xlner.pipeline._recognition import Recognition
from xlner.pipeline._runs import RunFolder

__all__ = ["Builder", "Pipeline", "Recognition", "RunFolder"]
