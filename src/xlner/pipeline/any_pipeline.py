"""What all pipelines have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from xlner.core.pair import Pair


class AnyPipeline(Protocol):
    """What can be run: a `Pipeline`, a `RecognitionPipeline`, a `MultiSourcePipeline`, a `TrainingDataBuilder` …

    >>> from xlner import Pipeline
    >>> pipeline: AnyPipeline = Pipeline(projector=None)
    >>> pipeline.labels
    Counter()
    """

    @property
    def fingerprint(self) -> str:
        """Everything that the results depend on."""

    @property
    def labels(self) -> Counter[str]:
        """The labels of all source entities so far, ignored ones included."""

    def run_pairs(self, pairs: Iterable[Any], /) -> Iterator[Pair]:
        """One pair for each item, in order."""
