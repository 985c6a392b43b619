"""Intersection repeated for words that have no link yet."""

from __future__ import annotations

import numpy as np

from xlner.alignment.decoders.argmax import mutual_best
from xlner.alignment.decoders.matrices import LinkMatrix, Similarity, check_similarity


def itermax(
    similarity: Similarity, *, iterations: int = 2, alpha: float = 0.9, threshold: float = -np.inf
) -> LinkMatrix:
    """Repeat `intersection` so that words can have more than one link (Jalili Sabet et al. 2020, algorithm 1).

    Each iteration adds the mutually best pairs in which at least one word is unlinked. If exactly one is unlinked, the
    similarity is multiplied by `alpha`. Iterations stop when all words of one side have links. If one side has at most
    two words, there is a single iteration. Both rules are those of SimAlign 0.4. `alpha` applies to
    `(1 + cosine) / 2`, which is never negative. Links with a cosine below `threshold` are removed at the end.

    `similarity` and the result have shape (n_source, n_target). Raises `ValidationError` unless `similarity` has two
    dimensions.

    >>> cosines = np.array([[0.9, 0.7, 0.1], [0.3, 0.2, 0.1], [0.1, 0.2, 0.9]])
    >>> np.argwhere(itermax(cosines)).tolist()
    [[0, 0], [0, 1], [2, 2]]
    """
    cosines = check_similarity(similarity)
    links = mutual_best(cosines)
    if min(cosines.shape) <= 2:
        return links & (cosines >= threshold)
    scores = (1 + cosines) / 2
    for _ in range(iterations - 1):
        free_source = ~np.any(links, axis=1)[:, None]
        free_target = ~np.any(links, axis=0)
        if not (free_source.any() and free_target.any()):
            break
        discounted = np.where(free_source & free_target, scores, alpha * scores)
        added = mutual_best(np.where(free_source | free_target, discounted, -np.inf))
        if not added.any():
            break
        links |= added
    return links & (cosines >= threshold)
