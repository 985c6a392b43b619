"""The ratio of the lengths of entity and candidate: a name and its translation are about equally long."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xlner import Entity, Pair


def length_ratio(pair: Pair, entities: Sequence[Entity], candidates: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
    """`min(|s|, |t|) / max(|s|, |t|)` in characters, in (0, 1], shape `(n_entities, n_candidates)`.

    >>> from xlner import Sentence
    >>> length_ratio(Pair(Sentence(("na", "Coruña")), Sentence(("Corunna",))), [Entity(0, 1, "LOC")], [(1, 2)]).round(2)
    array([[0.86]])
    """
    source, target = pair.require_source().tokens, pair.target.tokens
    s = np.array([len("".join(source[e.start : e.end])) for e in entities], dtype=np.float64)[:, None]
    t = np.array([len("".join(target[start:end])) for start, end in candidates], dtype=np.float64)[None, :]
    return np.minimum(s, t) / np.maximum(s, t)
