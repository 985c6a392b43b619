"""The unit in which a run processes its sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from itertools import chain
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any, TypeVar

from xlner.core.pair import Pair
from xlner.core.pair_block import PairBlock
from xlner.core.turns import CancelledError, Turns, Window, in_window
from xlner.pipeline.any_pipeline import AnyPipeline

WINDOW = 1000
"""Sentences that are processed together. What a pipeline learns from one window does not reach the next one, so that
the results are the same with all shards whose size is a multiple of it. In smaller shards it learns less."""
_PATIENCE = 5.0
"""Seconds to wait for a thread that reads or translates when the run ends before its end."""

T = TypeVar("T")


def processed(pipeline: AnyPipeline, items: Iterable[Any]) -> Iterator[Pair]:
    """Process items in windows, and translate one window ahead if the translator leaves this process free meanwhile.

    The results are the same. Errors come when the results of all windows before them have been taken.

    >>> from xlner import Pipeline, Sentence
    >>> from xlner.fakes import DictionaryRecognizer
    >>> pipeline = Pipeline("echo", DictionaryRecognizer({"Vigo": "LOC"}), "oracle", target_lang="gl")
    >>> len([pair for pair in processed(pipeline, [Pair(Sentence(("Vigo",)))] * 1500) if pair.labeled.entities])
    1500
    """
    if translates_ahead(pipeline):
        return _side_by_side(pipeline.run_pairs, iter(items))
    return in_windows(pipeline.run_pairs, items)


def translates_ahead(pipeline: object) -> bool:
    """Whether a pipeline, or the one inside of it, has a translator that works without the CPU of this process."""
    while not hasattr(pipeline, "translates_ahead") and hasattr(pipeline, "pipeline"):
        pipeline = pipeline.pipeline
    return bool(getattr(pipeline, "translates_ahead", False))


def in_windows(process: Callable[[Iterable[T]], Iterable[Pair]], items: Iterable[T]) -> Iterator[Pair]:
    """Process items in windows, with a call for each; blocks of pairs count as many items as they have pairs.

    >>> calls = []
    >>> process = lambda items: (calls.append(1), items)[1]
    >>> sum(1 for _ in in_windows(process, range(2500))), len(calls)
    (2500, 3)
    """
    iterator = iter(items)
    for first in iterator:
        yield from process(_window(first, iterator))


def _window(first: T, others: Iterator[T]) -> Iterator[T]:
    """The first item and the others of its window."""
    size = 0
    for item in chain((first,), others):
        yield item
        size += len(item) if isinstance(item, PairBlock) else 1
        if size >= WINDOW:
            return


def _side_by_side(process: Callable[[Iterable[T]], Iterable[Pair]], items: Iterator[T]) -> Iterator[Pair]:
    """What `in_windows` does, with each window in a thread, which reads it, and at most two of them at a time."""
    turns, started = Turns(), Event()
    started.set()
    current = _Running(process, items, turns, started)
    running = [current]
    try:
        while True:
            current.window.translated.wait()
            following = _Running(process, items, turns, current.window.done)
            running = [current, following]
            yield from current.results()
            if current.is_last:
                return
            current = following
    finally:
        turns.cancelled.set()
        for window in running:
            window.thread.join(_PATIENCE)


class _Running:
    """A window that a thread reads and processes."""

    def __init__(
        self, process: Callable[[Iterable[T]], Iterable[Pair]], items: Iterator[T], turns: Turns, before: Event
    ) -> None:
        self.window = Window(turns, before)
        self.is_last = False
        self._made: SimpleQueue[Pair | BaseException | None] = SimpleQueue()
        self.thread = Thread(target=copy_context().run, args=(self._run, process, items), daemon=True)
        self.thread.start()

    def results(self) -> Iterator[Pair]:
        """The pairs as they are made. Raises what processing raises."""
        while (made := self._made.get()) is not None:
            if isinstance(made, BaseException):
                raise made
            yield made

    def _run(self, process: Callable[[Iterable[T]], Iterable[Pair]], items: Iterator[T]) -> None:
        with in_window(self.window):
            try:
                read = _Read(items)
                self.is_last = not read.items
                for pair in process(read) if read.items or read.error else ():
                    self._made.put(pair)
            except CancelledError:
                pass
            except BaseException as error:
                self._made.put(error)
            self._made.put(None)


class _Read:
    """The items of the next window, and the error that reading raised after them."""

    def __init__(self, items: Iterator[Any]) -> None:
        self.items: list[Any] = []
        self.error: BaseException | None = None
        try:
            for first in items:
                self.items.extend(_window(first, items))
                break
        except BaseException as error:
            self.error = error

    def __iter__(self) -> Iterator[Any]:
        yield from self.items
        if self.error is not None:
            raise self.error
