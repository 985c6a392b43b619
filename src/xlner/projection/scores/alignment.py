"""The alignment score: links between entity and candidate, relative to their lengths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity, Span
from xlner.core.pair import Pair


def alignment_score(pair: Pair, entities: Sequence[Entity], candidates: Sequence[Span]) -> NDArray[np.float64]:
    """`2 · links(s, t) / (|s| + |t|)`, shape `(n_entities, n_candidates)`.

    The score of Politov et al. 2025: the number of links between the words of entity and candidate, divided by their
    mean length. If every word has at most one link, the score is in [0, 1].

    >>> from xlner import Alignment, Sentence
    >>> pair = Pair(Sentence(("a", "b")), Sentence(("A", "B")), Alignment(((0, 0), (1, 1))))
    >>> alignment_score(pair, [Entity(0, 2, "LOC")], [(0, 1), (0, 2)]).round(2).tolist()
    [[0.67, 1.0]]
    """
    spans = np.asarray(candidates, dtype=np.int64).reshape(-1, 2)
    sources = np.array([e.span for e in entities], dtype=np.int64).reshape(-1, 2)
    counts = _links_per_word(pair, sources)
    links = counts[:, spans[:, 1]] - counts[:, spans[:, 0]]
    lengths = (sources[:, 1] - sources[:, 0])[:, None] + (spans[:, 1] - spans[:, 0])[None, :]
    return 2.0 * links / np.maximum(lengths, 1)


def _links_per_word(pair: Pair, sources: NDArray[np.int64]) -> NDArray[np.int64]:
    """Running sums over target words of each entity's links, shape `(n_entities, n_target + 1)`."""
    counts = np.zeros((len(sources), len(pair.target) + 1), dtype=np.int64)
    links = np.asarray(pair.alignment.links if pair.alignment else (), dtype=np.int64).reshape(-1, 2)
    for row, (start, end) in enumerate(sources):
        inside = (links[:, 0] >= start) & (links[:, 0] < end)
        np.add.at(counts[row], links[inside, 1] + 1, 1)
    return counts.cumsum(axis=1)
