"""Putting the stages together: batches, isolation of errors, run folders."""

from xlner.engines.run_folder import RunFolder
from xlner.pipeline.building import Builder
from xlner.pipeline.pipeline import Pipeline
from xlner.pipeline.recognition import Recognition

__all__ = ["Builder", "Pipeline", "Recognition", "RunFolder"]
