"""Putting the stages together: batches, isolation of errors, run folders."""

from xlner.engines.run_folder import RunFolder
from xlner.pipeline.building import TrainingDataBuilder
from xlner.pipeline.pipeline import Pipeline
from xlner.pipeline.recognition import RecognitionPipeline

__all__ = ["Pipeline", "RecognitionPipeline", "RunFolder", "TrainingDataBuilder"]
