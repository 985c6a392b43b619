"""The unit in which a run processes its sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TypeVar

from xlner.core.pair import Pair
from xlner.formats.bulk import PlainPairs

WINDOW = 1000
"""Sentences that are processed together. What a pipeline learns from one window does not reach the next one, so that
the results are the same with all shards whose size is a multiple of it. In smaller shards it learns less."""

T = TypeVar("T")


def in_windows(process: Callable[[Iterable[T]], Iterable[Pair]], items: Iterable[T]) -> Iterator[Pair]:
    """Process items in windows, with a call for each; a block of pairs is a window.

    >>> calls = []
    >>> process = lambda items: (calls.append(1), items)[1]
    >>> sum(1 for _ in in_windows(process, range(2500))), len(calls)
    (2500, 3)
    """
    iterator = iter(items)
    for first in iterator:
        others = 0 if isinstance(first, PlainPairs) else WINDOW - 1
        yield from process(chain((first,), islice(iterator, others)))
