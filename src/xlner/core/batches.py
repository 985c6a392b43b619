"""Run a stage on a batch: one result or error for each item, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from xlner.core.memory import free_memory, is_broken_device, is_out_of_memory, shrink_batches
from xlner.core.turns import check_cancelled
from xlner.errors import BackendError, StageError
from xlner.text.counts import counted

T = TypeVar("T")
R = TypeVar("R")


def require_one_each(stage: str, given: int, wanted: int) -> None:
    """Raise `StageError` unless a stage gave one result for each input of its batch.

    >>> require_one_each("aligner", 2, 2)
    """
    if given != wanted:
        raise StageError(
            f"the {stage} gave {counted(given, 'result')} for {counted(wanted, 'input')}",
            hint="a stage returns one for each",
        )


def isolated(stage: Callable[[Sequence[T]], Sequence[R | Exception]], items: Sequence[T]) -> list[R | Exception]:
    """Run a stage on a batch; if it raises, halve the batch until the item that breaks it is alone.

    A stage that does not give one result for each item of a batch counts as one that raises. Return one result or
    exception per item, in order. A stage may give exceptions in the places of results, so that no
    other item is tried again. A `BackendError` that it raises is not caused by an item and is raised, and so is the
    failure of a GPU. If memory runs out, all later batches of this process are smaller, see `xlner.core.memory`.

    >>> [str(r) for r in isolated(lambda xs: [1 // x for x in xs], [1, 0])]
    ['1', 'integer division or modulo by zero']
    """
    check_cancelled()
    results, halvings = _halved(stage, items)
    shrink_batches(halvings)
    return results


def _halved(stage: Callable[[Sequence[T]], Sequence[R | Exception]], items: Sequence[T]) -> tuple[list[Any], int]:
    """The results, and how often the batch had to be halved to fit into memory.

    Halves do not count if one of their items does not fit even alone: they say nothing about the size of batches.
    """
    if not items:
        return [], 0
    try:
        return listed(stage(items), len(items)), 0
    except BackendError:
        raise
    except (Exception, SystemExit) as error:  # any error of a model belongs to its sentence and must not end the run
        if is_broken_device(error):
            text = f"the GPU failed: {' '.join(str(error).split())}"
            raise BackendError(text, hint="start again; finished shards of a --run-dir are kept") from error
        no_memory = is_out_of_memory(error)
        if len(items) == 1:
            return [error if isinstance(error, Exception) else StageError("tried to end the program")], 0
    if no_memory:  # only now does nothing hold the batch that failed
        free_memory()
    middle = len(items) // 2
    (left, first), (right, second) = _halved(stage, items[:middle]), _halved(stage, items[middle:])
    results = left + right
    fits = not any(isinstance(result, Exception) and is_out_of_memory(result) for result in results)
    return results, max(first, second) + (no_memory and fits)


def listed(results: object, wanted: int) -> list[Any]:
    """The results of a stage as a list; raises `StageError` unless they are one for each input.

    >>> listed(iter("ab"), 2)
    ['a', 'b']
    """
    if not isinstance(results, Iterable) or isinstance(results, (str, bytes, Mapping)):
        raise StageError(f"gave {type(results).__name__} instead of a list", hint="a stage returns one for each input")
    found = list(results)
    require_one_each("stage", len(found), wanted)
    return found
