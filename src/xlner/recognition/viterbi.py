"""The most likely sequence of tags that a scheme allows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xlner.core.tags import Scheme

_INNER = frozenset("IEL")
"""Prefixes of words that continue an entity."""
_OPEN = frozenset("BI")
"""Prefixes of words after which the entity may continue."""


def transitions(tags: Sequence[str], scheme: Scheme) -> NDArray[np.bool_]:
    """Return which tag may follow which, shape `(n_tags, n_tags)`. A sentence starts after an `O` and ends before one.

    >>> transitions(["O", "B-PER", "I-PER"], Scheme.IOB2).astype(int).tolist()
    [[1, 1, 0], [1, 1, 1], [1, 1, 1]]
    """
    return np.array([[_allowed(before, after, scheme) for after in tags] for before in tags], dtype=np.bool_)


def _allowed(before: str, after: str, scheme: Scheme) -> bool:
    if scheme is Scheme.IO:
        return True
    prefix, _, label = before.partition("-")
    next_prefix, _, next_label = after.partition("-")
    continues = prefix in _OPEN and label == next_label
    if scheme is Scheme.IOB1:
        return next_prefix != "B" or continues
    if next_prefix in _INNER:
        return continues
    return scheme is Scheme.IOB2 or prefix not in _OPEN


def best_path(probabilities: NDArray[np.floating], allowed: NDArray[np.bool_], outside: int) -> NDArray[np.intp]:
    """Return the tags with the largest product of probabilities among the allowed sequences, one per word (Viterbi).

    `probabilities` has shape `(n_words, n_tags)`. `outside` is the column of `O`, which precedes and follows the
    sentence. Ties go to the first tags.

    >>> p = np.array([[0.4, 0.0, 0.6], [0.1, 0.0, 0.9]])
    >>> best_path(p, transitions(["O", "B-PER", "I-PER"], Scheme.IOB2), outside=0).tolist()
    [0, 0]
    """
    if not len(probabilities):
        return np.zeros(0, dtype=np.intp)
    logs = np.log(np.maximum(probabilities, np.finfo(np.float64).tiny, dtype=np.float64))
    penalty = np.where(allowed, 0.0, -np.inf)
    score = logs[0] + penalty[outside]
    previous = []
    for row in logs[1:]:
        paths = score[:, None] + penalty
        previous.append(paths.argmax(axis=0))
        score = paths.max(axis=0) + row
    path = [int(np.argmax(score + penalty[:, outside]))]
    for best in reversed(previous):
        path.append(int(best[path[-1]]))
    return np.array(path[::-1], dtype=np.intp)
