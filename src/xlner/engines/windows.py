"""The unit in which a run processes its sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TypeVar

from xlner.core.pair import Pair
from xlner.formats.bulk import PlainPairs

WINDOW = 1000
"""Sentences that are processed together. What a pipeline learns from one window does not reach the next one, so that
the results are the same with all shards whose size is a multiple of it. In smaller shards it learns less."""

T = TypeVar("T")


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
        size += len(item) if isinstance(item, PlainPairs) else 1
        if size >= WINDOW:
            return
