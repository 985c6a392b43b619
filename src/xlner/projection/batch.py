"""Projection of many sentence pairs at once, on flat arrays, with no object per sentence.

The functions are compiled if numba is installed (`pip install 'xlner[fast]'`). The first call on a machine then takes
some seconds. Without numba the same functions run on lists: much slower, with exactly the same results.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from xlner.errors import ValidationError
from xlner.projection.kernels.batch import broken_sentence
from xlner.projection.kernels.compile import can_compile
from xlner.projection.kernels.flat import SCALE, SOLVERS, Found, Pairs
from xlner.projection.kernels.run import Backend, backend, ranges_of, rule_of, run_matching, run_ranges, search_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["SOLVERS", "Batch", "BatchResult"]

_FAULTS = (
    "",
    "links are not sorted, not distinct or out of range",
    "entities overlap or are empty",
    "stops are not sorted or not distinct",
)


class BatchResult(NamedTuple):
    """The projected spans of all sentences, as arrays.

    - `entity`, `start`, `end`, `score`: one number per span, by sentence and start. Entities are counted within the
      sentence.
    - `offsets`: the spans of sentence `i` are `offsets[i]:offsets[i + 1]`.
    - `reason`: one number per source entity of the batch, 0 if it was projected, else its place in `xlner.Reason`,
      counted from 1.
    - `objective`: the total score of each sentence. 0 for the heuristic.
    - `solver`: an index into `xlner.projection.batch.SOLVERS` for each sentence. 0 for the heuristic.

    >>> Batch([[0, 1]], [0, 1], [[0, 1]], [0, 1], [2], compile=False).match().offsets.tolist()
    [0, 1]
    """

    entity: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    score: NDArray[np.float64]
    offsets: NDArray[np.int64]
    reason: NDArray[np.int64]
    objective: NDArray[np.float64]
    solver: NDArray[np.int64]


class Batch:
    """Sentence pairs as arrays.

    - `links`: all links, shape `(n, 2)`, source and target position, sorted and distinct within a sentence. Those of
      sentence `i` are `link_offsets[i]:link_offsets[i + 1]`.
    - `entities`: all source spans, shape `(n, 2)`, likewise with `entity_offsets`.
    - `lengths`: the number of target words of each sentence.
    - `stops`: target positions that no candidate may contain, sorted and distinct, likewise with `stop_offsets`.
    - `compile`: whether to use compiled kernels; by default they are used if numba is installed.

    Raises `ValidationError`, with the sentence, for links out of range, unsorted or repeated, for entities that overlap
    or are empty, for unsorted stops, and for offsets that do not fit.

    >>> batch = Batch([[0, 1], [1, 2]], [0, 2], [[0, 2]], [0, 1], [4], compile=False)
    >>> found = batch.match()
    >>> found.start.tolist(), found.end.tolist(), found.score.tolist(), SOLVERS[found.solver[0]]
    ([1], [3], [1.0], 'single')
    """

    def __init__(
        self,
        links: ArrayLike,
        link_offsets: ArrayLike,
        entities: ArrayLike,
        entity_offsets: ArrayLike,
        lengths: ArrayLike,
        *,
        stops: ArrayLike = (),
        stop_offsets: ArrayLike | None = None,
        compile: bool | None = None,
    ) -> None:
        self._on = backend(fast=can_compile() if compile is None else compile)
        n = np.size(np.asarray(lengths))
        spans = np.asarray(entities, np.int64).reshape(-1, 2)
        columns = (
            np.asarray(links, np.int64).reshape(-1),
            link_offsets,
            spans[:, 0],
            spans[:, 1],
            entity_offsets,
            lengths,
            stops,
            np.zeros(n + 1, np.int64) if stop_offsets is None else stop_offsets,
        )
        self._pairs = Pairs(*(_column(c, self._on) for c in columns))
        _check_offsets(self._pairs, n)
        broken, fault = self._on.call(broken_sentence)(self._pairs)
        if broken >= 0:
            raise ValidationError(f"sentence {broken}: {_FAULTS[fault]}")

    def match(
        self,
        candidates: str = "aligned",
        *,
        matcher: str = "exact",
        constraint: str = "<=",
        n: int = 1,
        max_length: int | None = None,
        threshold: float = 0.0,
        gap: int = 1,
    ) -> BatchResult:
        """Match by the alignment score; see `MatchingProjector` for the options."""
        search = search_of(matcher, candidates, max_length, threshold, gap)
        return _result(run_matching(self._pairs, search, rule_of(constraint, n), self._on))

    def heuristic(
        self, *, gap: int = 1, ratio: float = 0.8, top_k: int | None = None, keep_first: bool = False
    ) -> BatchResult:
        """Run the heuristic; see `HeuristicProjector` for the options. The score is the ratio of lengths."""
        return _result(run_ranges(self._pairs, ranges_of(gap, ratio, top_k, keep_first=keep_first), self._on))


def _column(values: Any, on: Backend) -> Any:
    array = np.ascontiguousarray(values, np.int64)
    return array if on.is_compiled else array.tolist()


def _check_offsets(pairs: Pairs, n: int) -> None:
    """Raise `ValidationError` if offsets do not divide their column into `n` sentences."""
    columns = (
        ("link_offsets", pairs.link_offsets, len(pairs.links) // 2),
        ("entity_offsets", pairs.entity_offsets, len(pairs.entity_starts)),
        ("stop_offsets", pairs.stop_offsets, len(pairs.stops)),
    )
    for name, offsets, total in columns:
        values = np.asarray(offsets)
        if len(values) != n + 1 or values[0] != 0 or values[-1] != total or (np.diff(values) < 0).any():
            raise ValidationError(f"{name} do not divide {total} rows into {n} sentences")


def _result(found: Found) -> BatchResult:
    n = found.span_offsets[-1]
    return BatchResult(
        np.asarray(found.span_entity[:n]),
        np.asarray(found.span_start[:n]),
        np.asarray(found.span_end[:n]),
        np.asarray(found.span_score[:n], np.float64),
        np.asarray(found.span_offsets),
        np.asarray(found.reason),
        np.asarray(found.objective) / SCALE,
        np.asarray(found.solver),
    )
