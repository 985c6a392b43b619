"""Run a stage in batches, and say what failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from xlner.core.batches import isolated
from xlner.errors import StoppedError, XlnerError
from xlner.models.batching import batches_in_memory

T = TypeVar("T")
R = TypeVar("R")


def windows(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut a stream into lists of `size` items; the last list may be shorter, and so may one before a `StoppedError`.

    >>> list(windows("abc", 2))
    [['a', 'b'], ['c']]
    """
    iterator = iter(items)
    stopped: StoppedError | None = None
    while stopped is None:
        window: list[T] = []
        try:
            window.extend(islice(iterator, size))
        except StoppedError as error:
            stopped = error
        if window:
            yield window
        elif stopped is None:
            return
    raise stopped


def in_batches(
    stage: Callable[[Sequence[T]], Sequence[R | Exception]],
    items: Sequence[T],
    *,
    length: Callable[[T], int],
    budget: int,
) -> list[R | Exception]:
    """Run a stage over items of mixed lengths, and return one result or exception per item, in order.

    A batch has at most `budget` words: its number of items times the length of its longest item.

    >>> in_batches(lambda texts: [t.upper() for t in texts], ["a", "bc"], length=len, budget=2)
    ['A', 'BC']
    """
    results: list[Any] = [None] * len(items)
    for positions in batches_in_memory([length(item) for item in items], budget):
        for position, result in zip(positions, isolated(stage, [items[p] for p in positions]), strict=True):
            results[position] = result
    return results


def describe(error: Exception, stage: str) -> str:
    """One line that says which stage failed and why.

    >>> describe(KeyError("x"), "recognizer")
    "recognizer: KeyError: 'x'"
    """
    text = str(error) if isinstance(error, XlnerError) else f"{type(error).__name__}: {error}"
    return f"{stage}: {' '.join(text.split())}"
