"""What a worker does: it processes the sentences of a shard, and writes and marks it."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, TextIO

from xlner.core.data_warnings import hearing_data_warnings
from xlner.core.pair import Pair, PairError
from xlner.core.sections import reading_sections
from xlner.core.sentence import Sentence
from xlner.engines.counts import add, since
from xlner.engines.plan import Reader, Shard
from xlner.engines.shard_files import Mark, ShardFiles
from xlner.engines.windows import processed
from xlner.errors import InputError, RunFolderError, UsageError
from xlner.formats import jsonl
from xlner.formats.by_name import read_pairs
from xlner.formats.write_by_name import line_writer
from xlner.formats.writing import write_whole
from xlner.pipeline.any_pipeline import AnyPipeline
from xlner.pipeline.build_report import BuildReport
from xlner.pipeline.filters import SentenceFilters
from xlner.pipeline.run_summary import RunSummary

DIED = "the process that worked on this sentence died twice"
"""The error of a sentence that ends the process of its worker."""


@dataclass(frozen=True, slots=True)
class Written:
    """How pairs are written for the output, if that is not JSONL with everything: workers write it beside the pairs.

    - `format`: `conll`, `conllu`, `jsonl`, `pharaoh` or `text`.
    - `filters`: choose the sentences, see `xlner.pipeline.SentenceFilters`.
    - `shown`, `name`: what is written of a pair, and a name for it.

    >>> Written("conll").key == Written("conll", ("complete",)).key
    False
    """

    format: str
    filters: tuple[str, ...] = ()
    shown: Callable[[Pair], Pair] | None = None
    name: str = ""

    @property
    def key(self) -> str:
        """A name for a folder, the same for equal outputs."""
        return hashlib.sha256(json.dumps([self.format, self.filters, self.name]).encode()).hexdigest()[:8]

    def files(self, of: ShardFiles) -> ShardFiles:
        """The files with what is written of the shards of a run."""
        return ShardFiles(of.folder, f"{of.run}-{self.key}", f".{self.format}", f"output-{self.key}")


class Writer:
    """Writes the pairs of a shard for the output, and counts them."""

    def __init__(self, written: Written, stream: TextIO) -> None:
        self._written, self._stream = written, stream
        self._filters = SentenceFilters(written.filters) if written.filters else None
        self._report = BuildReport()
        write = line_writer(written.format)
        if write is None:
            raise UsageError(f"parts of format {written.format!r} cannot be put together", hint="write JSONL or CoNLL")
        self._write = write

    def add(self, pair: Pair, place: int) -> None:
        """Write a pair if it passes the filters."""
        kept: Iterable[Pair] = (pair,) if self._filters is None else self._filters.kept((pair,))
        for chosen in self._report.written(kept):
            shown = chosen if self._written.shown is None else self._written.shown(chosen)
            write_whole(self._stream, shown, place, self._write)

    def counts(self) -> dict[str, Any]:
        """What was written: in all, by label, and by filter."""
        report = self._filters.report if self._filters is not None else None
        filtered = {} if report is None else dict(report.dropped)
        written = {
            "sentences_written": self._report.sentences_written,
            "labels": {label: {"written": count.written} for label, count in self._report.labels.items()},
            "filtered": filtered,
        }
        return {"build": written, "kept": 0 if report is None else report.kept, "filtered": filtered}


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker makes once, and uses for all its shards.

    - `pipeline`: processes the items.
    - `read`: reads all items of the input from its beginning, at each call.
    - `checked`: looks at the items as they are read, and may raise an error for one of them.
    - `tallies`: what the pipeline and the readers have counted so far.
    - `by_label`: whether entities are counted by label, too.

    >>> from xlner.pipeline import RecognitionPipeline
    >>> from xlner.fakes import DictionaryRecognizer
    >>> Job(RecognitionPipeline(DictionaryRecognizer({}), lang="gl"), list).read()
    []
    """

    pipeline: AnyPipeline
    read: Reader
    checked: Callable[[Iterator[Any]], Iterator[Any]] = iter
    tallies: Callable[[], Mapping[str, Any]] = dict
    by_label: bool = True


class Worker:
    """Processes shards, one after the other.

    `written` is how the output is written, None for JSONL with everything. Warnings go into the marks of the shards,
    and with `aloud` they are also said.

    >>> from xlner import RecognitionPipeline, Sentence
    >>> from xlner.fakes import DictionaryRecognizer
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> pipeline = RecognitionPipeline(DictionaryRecognizer({"Vigo": "LOC"}), lang="gl")
    >>> with TemporaryDirectory() as folder:
    ...     worker = Worker(Job(pipeline, lambda: [Pair(Sentence(("Vigo",)))]), ShardFiles(Path(folder), "run"))
    ...     worker.run(Shard(0, 0, 1)).lines
    1
    """

    def __init__(self, job: Job, files: ShardFiles, written: Written | None = None, *, aloud: bool = True) -> None:
        self.job, self.files, self.written, self.aloud = job, files, written, aloud
        self.on_progress: Callable[[int], None] = lambda n: None
        """Is called with the number of sentences that were done since its last call."""
        self._from_start: tuple[Iterator[Any], int] | None = None
        """Items of an input that is read from its beginning, and the number of the next one."""

    def run(self, shard: Shard, dead: Collection[int] = ()) -> Mark:
        """Process a shard, write it and mark it. Sentences at the positions `dead` get an error instead."""
        summary, report, whole = RunSummary(before=shard.start), BuildReport(), BuildReport()
        failed: list[int] = []
        written = self.written
        others = None if written is None else written.files(self.files)
        with _recorded(self.aloud) as said, ExitStack() as stack:
            stream = stack.enter_context(self.files.writing(shard.number))
            writer = None
            if written is not None and others is not None:
                writer = Writer(written, stack.enter_context(others.writing(shard.number)))
            items = stack.enter_context(self._items(shard))
            before = _copied(self.job.tallies())
            pairs = processed(self.job.pipeline, _without(self.job.checked(items), dead, shard))
            lines = 0
            counted: Iterable[Pair] = summary.count(pairs)
            if self.job.by_label:
                counted = whole.written(report.made(counted))
            for lines, pair in enumerate(counted, start=1):
                write_whole(stream, pair, shard.start + lines, jsonl.write_pair)
                self.on_progress(1)
                if pair.error is not None:
                    failed.append(lines - 1)
                if writer is not None:
                    writer.add(pair, shard.start + lines)
            self._check(shard, lines)
            tallies = since(before, self.job.tallies())
        if writer is not None and others is not None:
            others.finish(shard.number, lines, (), writer.counts())
        counts = _counts(summary, report, whole, tallies, said)
        return self.files.finish(shard.number, lines, tuple(failed), counts)

    def probe(self, shard: Shard, start: int, end: int, dead: Collection[int] = ()) -> None:
        """Process some positions of a shard and forget the results: a sentence among them may end the process."""
        with self._items(shard) as items:
            for _ in processed(self.job.pipeline, islice(_without(items, dead, shard), start, end)):
                pass
        self._from_start = None

    def retry(self, shard: Shard, dead: Collection[int] = ()) -> tuple[int, int]:
        """Process the failed sentences of a finished shard again: how many there were, and how many failed again.

        Sentences that cannot be read are left out, and those at the positions `dead`. All other lines stay as they are.
        """
        mark = self.files.finished(shard.number)
        if mark is None or not mark.failed:
            return 0, 0
        with _recorded(self.aloud) as said, self._items(shard) as read:
            items = list(_without(read, dead, shard))
            before = _copied(self.job.tallies())
            again = [k for k in mark.failed if not isinstance(items[k], InputError)]
            made: list[Pair] = []
            try:
                if again:
                    made.extend(processed(self.job.pipeline, [items[k] for k in again]))
            finally:  # a run that stops keeps what it did
                tallies = since(before, self.job.tallies())
                self._replace(shard, mark, dict(zip(again, made, strict=False)), {"tallies": tallies, "said": said})
        return len(made), sum(pair.error is not None for pair in made)

    def write(self, shard: Shard) -> None:
        """Write the output of a finished shard from its pairs."""
        written = self.written
        if written is None:
            return
        others = written.files(self.files)
        with others.writing(shard.number) as stream:
            writer, lines = Writer(written, stream), 0
            for lines, pair in enumerate(read_shard(self.files, shard.number), start=1):
                writer.add(pair, shard.start + lines)
        others.finish(shard.number, lines, (), writer.counts())

    def _replace(self, shard: Shard, mark: Mark, made: Mapping[int, Pair], more: Mapping[str, Any]) -> None:
        """Write a finished shard again with some new pairs, by their positions."""
        if not made:
            return
        # Until all is counted again, the mark has what it had: a run that is killed meanwhile loses nothing.
        marked = self.files.replace_lines(shard.number, made, mark.failed, mark.counts, shard.start + 1)
        summary, report, whole = RunSummary(before=shard.start), BuildReport(), BuildReport()
        pairs = whole.written(report.made(summary.count(read_shard(self.files, shard.number))))
        failed = [k for k, pair in enumerate(pairs) if pair.error is not None]
        tallies = add(_copied(mark.counts.get("tallies", {})), more["tallies"])
        counts = _counts(summary, report, whole, tallies, more["said"])
        self.write(shard)
        self.files.finish(shard.number, marked.lines, tuple(failed), counts)

    @contextmanager
    def _items(self, shard: Shard) -> Iterator[Iterator[Any]]:
        """The items of a shard. What is before them is read and left out first."""
        with reading_sections(shard.sections):
            if shard.sections:
                items = iter(self.job.read())
                for _ in islice(items, shard.head):
                    pass
                yield _renumbered(islice(items, shard.count), shard.start - shard.head)
                return
            from_start, self._from_start = self._from_start, None
            if from_start is None or from_start[1] > shard.start:
                from_start = iter(self.job.read()), 0
            items, at = from_start
            for _ in islice(items, shard.start - at):
                pass
            yield islice(items, shard.count)
            self._from_start = items, shard.end

    def _check(self, shard: Shard, lines: int) -> None:
        if lines != shard.count:
            raise RunFolderError(
                f"shard {shard.number + 1} has {lines} sentences, not {shard.count}: the input has changed",
                hint="--overwrite starts over",
            )


def read_shard(files: ShardFiles, number: int) -> Iterator[Pair]:
    """The pairs of a finished shard. Raises `RunFolderError` if it is damaged."""
    with files.there():
        for item in read_pairs(files.data(number)):
            if isinstance(item, InputError):
                raise RunFolderError(f"damaged shard: {item}", hint="use --overwrite to start over")
            yield item


def _counts(
    summary: RunSummary, made: BuildReport, written: BuildReport, tallies: Mapping[str, Any], said: Mapping[str, int]
) -> dict[str, Any]:
    """What the mark of a shard has: all pairs by outcome and label, and the entities of all that could be written."""
    labels = {label: {"written": count.written} for label, count in written.labels.items()}
    return {
        "summary": summary.counts(),
        "build": since({}, made.counts()),
        "all": {"sentences_written": written.sentences_written, "labels": labels},
        "tallies": tallies,
        "said": said,
    }


def _without(items: Iterable[Any], dead: Collection[int], shard: Shard) -> Iterator[Any]:
    """The items; those at some positions are errors."""
    for position, item in enumerate(items):
        yield _dead(item, shard.start + position + 1) if position in dead else item


def _dead(item: Any, number: int) -> InputError:
    target = item.target if isinstance(item, Pair) else item
    if isinstance(target, tuple):  # pairs with several sources
        target = target[0].target
    hint = "if memory is short, use fewer --workers or a smaller --batch-words"
    if isinstance(target, Sentence):
        return PairError(DIED, target=target, sentence=number, hint=hint)
    return InputError(DIED, sentence=number, hint=hint)


def _renumbered(items: Iterable[Any], by: int) -> Iterator[Any]:
    """The items; errors have the number of their sentence in the whole file."""
    for item in items:
        if isinstance(item, InputError) and item.sentence is not None:
            item.sentence += by
        yield item


def _copied(counts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copied(value) if isinstance(value, Mapping) else value for name, value in counts.items()}


class _Recorder(logging.Handler):
    def __init__(self, said: dict[str, int]) -> None:
        super().__init__(logging.WARNING)
        self.said = said

    def emit(self, record: logging.LogRecord) -> None:
        self.said[record.getMessage()] = 1


@contextmanager
def _recorded(aloud: bool) -> Iterator[dict[str, int]]:
    """What is warned of or logged meanwhile, in order; unless `aloud`, nobody else hears it."""
    said: dict[str, int] = {}
    logger = logging.getLogger("xlner")
    handlers = logger.handlers
    logger.handlers = [*(handlers if aloud else ()), _Recorder(said)]

    try:
        with hearing_data_warnings(lambda text: said.setdefault(text, 1), shown=aloud):
            yield said
    finally:
        logger.handlers = handlers
