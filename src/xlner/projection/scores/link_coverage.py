"""How much of each entity and candidate is linked to the other, for all pairs of them at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity, Span
from xlner.core.pair import Pair


def link_matrix(pair: Pair, *, weighted: bool) -> NDArray[np.float64]:
    """Link weights, clipped to [0, 1], shape `(n_source, n_target)`: 1 if links have no weights, 0 without a link.

    Raises `ValidationError` for a pair without source sentence or alignment.
    """
    source, alignment = pair.require_source(), pair.require_alignment()
    matrix = np.zeros((len(source), len(pair.target)))
    if alignment.links:
        rows, columns = np.array(alignment.links).T
        weights = alignment.weights if weighted else None
        matrix[rows, columns] = 1.0 if weights is None else np.clip(weights, 0.0, 1.0)
    return matrix


def coverage(
    matrix: NDArray[np.float64],
    entities: Sequence[Entity],
    candidates: Sequence[Span],
    costs: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """`(Σ_{i∈s} max_{j∈t} m_ij + Σ_{j∈t} max_{i∈s} m_ij) / (|s| + |t|)`, shape `(n_entities, n_candidates)`.

    With `costs`, one per target word, `|t|` is the sum of the costs of its words.

    >>> coverage(np.eye(2), [Entity(0, 2, "LOC")], [(0, 1), (0, 2)]).round(2).tolist()
    [[0.67, 1.0]]
    """
    spans = np.asarray(candidates, dtype=np.int64).reshape(-1, 2)
    scores = np.zeros((len(entities), len(spans)))
    running = np.arange(matrix.shape[1] + 1.0) if costs is None else np.concatenate([[0.0], costs.cumsum()])
    sizes = running[spans[:, 1]] - running[spans[:, 0]]
    for row, entity in enumerate(entities):
        inside = matrix[entity.start : entity.end]
        of_words = np.concatenate([[0.0], inside.max(axis=0).cumsum()])
        found = range_maxima(inside, spans).sum(axis=0) + of_words[spans[:, 1]] - of_words[spans[:, 0]]
        scores[row] = found / (len(entity) + sizes)
    # Rounding errors can lift a sum of fractions slightly above 1.
    return np.minimum(scores, 1.0)


def range_maxima(rows: NDArray[np.float64], spans: NDArray[np.int64]) -> NDArray[np.float64]:
    """The maximum of each row within each span, shape `(n_rows, n_spans)`.

    Works by doubling: the table of level `k` has the maxima of `2^k` words.

    >>> range_maxima(np.array([[1.0, 3.0, 2.0]]), np.array([[0, 1], [0, 3]])).tolist()
    [[1.0, 3.0]]
    """
    found = np.zeros((len(rows), len(spans)))
    sizes = spans[:, 1] - spans[:, 0]
    table, width = rows, 1
    while width <= sizes.max(initial=0):
        of_level = (sizes >= width) & (sizes < 2 * width)
        starts, ends = spans[of_level].T
        found[:, of_level] = np.maximum(table[:, starts], table[:, ends - width])
        table = np.maximum(table[:, :-width], table[:, width:])
        width *= 2
    return found
