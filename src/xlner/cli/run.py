"""Run a pipeline from a command: output, progress and summary; here, or in shards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from xlner.cli.conclusion import conclude
from xlner.cli.jobs import Tallies, hand_over
from xlner.cli.notes import note
from xlner.cli.progress import progress
from xlner.cli.run_options import (
    OUTPUT_FORMATS,
    Inputs,
    RunOptions,
    on_command_line,
    refuse_ignored,
    was_named,
    window_for,
)
from xlner.cli.scored_files import note_unknown_labels
from xlner.cli.sharded import ShardedRun, write_shown, written_as
from xlner.core.files import require_other_file
from xlner.core.lines import shown_name
from xlner.errors import InputError
from xlner.text.counts import counted

if TYPE_CHECKING:
    from xlner.cli.routes import Route
    from xlner.core.pair import Pair
    from xlner.core.sentence import Sentence
    from xlner.engines import AnyPipeline
    from xlner.pipeline import BuildReport

__all__ = [
    "OUTPUT_FORMATS",
    "Inputs",
    "ReplacedEntities",
    "RunOptions",
    "note_unsure",
    "on_command_line",
    "run",
    "stopping_at_errors",
    "was_named",
    "window_for",
]

EXIT_SOME_FAILED = 1

Item = TypeVar("Item")


def note_unsure(unsure: int, min_confidence: float) -> None:
    """Say how many entities were left out because their scores were too low."""
    if unsure:
        entities = counted(unsure, "entity", "entities")
        note(f"{entities} below --min-confidence {min_confidence:g} left out")


@dataclass(slots=True)
class ReplacedEntities:
    """Counts the entities that the input has already, and that the result has not."""

    count: int = 0

    def pairs(self, sentences: Iterable[Sentence | InputError]) -> Iterator[Pair | InputError]:
        """The sentences as pairs without a source."""
        from xlner.core.pair import Pair

        for sentence in sentences:
            if isinstance(sentence, InputError):
                yield sentence
            else:
                self.count += len(sentence.entities)
                yield Pair(sentence)

    def note(self, path: str) -> None:
        """Say how many entities were replaced."""
        if self.count:
            shown = shown_name(path)
            note(f"{counted(self.count, 'entity', 'entities')} of {shown} replaced")


def stopping_at_errors(items: Iterable[Item], on_error: str) -> Iterator[Item]:
    """The items; with `stop` the first `InputError` among them is raised."""
    for item in items:
        if isinstance(item, InputError) and on_error == "stop":
            raise InputError(
                item.message,
                path=item.path,
                line=item.line,
                sentence=item.sentence,
                hint=f"{item.hint + '; ' if item.hint else ''}or continue with --on-error skip",
            )
        yield item


def run(
    pipeline: AnyPipeline,
    items: Iterable[Any],
    inputs: Inputs,
    options: RunOptions,
    format: str,
    *,
    shown: Callable[[Pair], Pair] | None = None,
    build_report: BuildReport | None = None,
    replaced: ReplacedEntities | None = None,
    route: Route | None = None,
) -> int:
    """Run the pipeline over the items, write what is `shown` of the pairs, print a summary; return the exit code.

    With a run folder or with workers, each iteration over the items must read them anew, as `Again` does.
    """
    from xlner.engines import Job, run_pipeline
    from xlner.pipeline import SentenceFilters

    tallies = Tallies(pipeline, inputs.reports, replaced)
    checked = partial(stopping_at_errors, on_error=options.on_error)
    by_label = build_report is not None
    job, written = (
        Job(pipeline, items.__iter__, checked, tallies.now, by_label),
        written_as(format, options.filters, shown),
    )
    hand_over(job, written, inputs)
    first, *_ = paths = inputs.paths.values()
    refuse_ignored(options)
    require_other_file(options.output, *paths)
    filters = SentenceFilters(options.filters) if options.filters else None
    write = partial(write_shown, output=options.output, format=format, shown=shown)
    if options.is_sharded:
        sharded = ShardedRun(job, format, shown, written, inputs, options, tallies, route)
        summary, labels = sharded.run(write, filters, build_report)
    else:
        with progress(first, options.input_format, options.limit) as advance:
            summary = run_pipeline(
                pipeline,
                checked(islice(items, options.limit)),
                write,
                filters=filters,
                build_report=build_report,
                on_progress=advance,
            )
        conclude(summary, inputs, options, filters)
        labels = pipeline.labels
    if route is not None and route.is_news and summary.sentences:
        note(f"route {route.name}: {route.reason}")
    if summary.sentences and options.ignore and labels is not None:
        note_unknown_labels({label: labels[label] for label in options.ignore}, labels)
    return EXIT_SOME_FAILED if summary.failed else 0
