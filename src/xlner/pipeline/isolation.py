"""Run a stage in batches, and find the item that breaks a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from xlner.errors import BackendError, StageError, StoppedError, XlnerError
from xlner.models.batching import padded_batches
from xlner.stages import require_one_each

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


def isolated(stage: Callable[[Sequence[T]], Sequence[R | Exception]], items: Sequence[T]) -> list[R | Exception]:
    """Run a stage on a batch; if it raises, halve the batch until the item that breaks it is alone.

    A stage that does not give one result for each item of a batch counts as one that raises. Return one result or
    exception per item, in order. A stage may give exceptions in the places of results, so that no
    other item is tried again. A `BackendError` that it raises is not caused by an item and is raised.

    >>> [str(r) for r in isolated(lambda xs: [1 // x for x in xs], [1, 0])]
    ['1', 'integer division or modulo by zero']
    """
    if not items:
        return []
    try:
        return _listed(stage(items), len(items))
    except BackendError:
        raise
    except (Exception, SystemExit) as error:  # any error of a model belongs to its sentence and must not end the run
        if len(items) == 1:
            return [error if isinstance(error, Exception) else StageError("tried to end the program")]
    half = len(items) // 2
    return isolated(stage, items[:half]) + isolated(stage, items[half:])


def _listed(results: object, wanted: int) -> list[Any]:
    """The results of a stage; raises `StageError` unless they are a list of this size."""
    if not isinstance(results, Iterable) or isinstance(results, (str, bytes, Mapping)):
        raise StageError(f"gave {type(results).__name__} instead of a list", hint="a stage returns one for each input")
    found = list(results)
    require_one_each("stage", len(found), wanted)
    return found


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
    for positions in padded_batches([length(item) for item in items], budget):
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
