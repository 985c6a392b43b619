"""Run a pipeline from its input to its output, in this process and without a run folder: filters, counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from xlner.core.labeled_block import LabeledBlock
from xlner.core.pair import Pair
from xlner.engines.windows import processed
from xlner.errors import StoppedError
from xlner.pipeline.any_pipeline import AnyPipeline
from xlner.pipeline.build_report import BuildReport
from xlner.pipeline.filters import SentenceFilters
from xlner.pipeline.run_summary import RunSummary

__all__ = ["AnyPipeline", "run_pipeline"]


def run_pipeline(
    pipeline: AnyPipeline,
    items: Iterable[Any],
    write: Callable[[Iterable[Pair]], object],
    *,
    filters: SentenceFilters | None = None,
    build_report: BuildReport | None = None,
    on_progress: Callable[[int], None] = lambda n: None,
) -> RunSummary:
    """Run a pipeline over items, write the resulting pairs, and return what was counted.

    - `items`: what the `run_pairs` of the pipeline takes.
    - `write`: a function that consumes the pairs, such as `write_pairs` with a path.
    - `filters`: choose the sentences to write; without filters all of them are written, failed ones included.
    - `build_report`: counts by label.
    - `on_progress`: is called with the number of pairs that were done since its last call.

    If a stage stops the run, the pairs that are done are written, and the `stopped` of the summary has the reason.

    >>> from xlner import RecognitionPipeline, Sentence
    >>> from xlner.fakes import DictionaryRecognizer
    >>> pipeline, written = RecognitionPipeline(DictionaryRecognizer({"Vigo": "LOC"}), lang="gl"), []
    >>> run_pipeline(pipeline, [Pair(Sentence(("Vigo",)))], written.extend).entities
    1
    """
    summary = RunSummary()
    done = _with_progress(processed(pipeline, items), on_progress)
    pairs: Iterable[Pair] = summary.count(_until_stopped(done, summary))
    if build_report is not None:
        pairs = build_report.made(pairs)
    if filters is not None:
        pairs = filters.kept(pairs)
    if build_report is not None:
        pairs = build_report.written(pairs)
    write(pairs)
    if build_report is not None and filters is not None:
        build_report.filtered = dict(filters.report.dropped)
    return summary


def _until_stopped(pairs: Iterable[Pair], summary: RunSummary) -> Iterator[Pair]:
    try:
        yield from pairs
    except StoppedError as stopped:
        summary.stopped = stopped


def _with_progress(pairs: Iterable[Pair | LabeledBlock], on_progress: Callable[[int], None]) -> Iterator[Any]:
    for pair in pairs:
        on_progress(len(pair) if isinstance(pair, LabeledBlock) else 1)
        yield pair
