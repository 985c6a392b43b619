"""Intersection in several rounds."""

from __future__ import annotations

import numpy as np

from xlner.alignment.decoders.argmax import mutual_best
from xlner.alignment.decoders.matrix import LinkMatrix, Similarity, checked


def itermax(
    similarity: Similarity, *, iterations: int = 2, alpha: float = 0.9, threshold: float = -np.inf
) -> LinkMatrix:
    """Repeated intersection that lets words take more than one link (Jalili Sabet et al. 2020, algorithm 1).

    Each round adds the mutually best pairs among those with an unlinked word; where just one of the two is unlinked,
    their similarity counts `alpha` times. The rounds end once one side has no unlinked word, and a side of at most two
    words gets one round only, both as in SimAlign 0.4. Similarities are taken as cosines: `alpha` applies to
    `(1 + cosine) / 2`, which is never negative. Links below `threshold` are left out at the end.

    `similarity` has shape (n_source, n_target), and so has the result. Raises `ValidationError` for any other rank.

    >>> cosines = np.array([[0.9, 0.7, 0.1], [0.3, 0.2, 0.1], [0.1, 0.2, 0.9]])
    >>> np.argwhere(itermax(cosines)).tolist()
    [[0, 0], [0, 1], [2, 2]]
    """
    cosines = checked(similarity)
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
