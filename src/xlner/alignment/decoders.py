"""Decoders: from a similarity matrix to word links.

A decoder is a pure function: similarities of shape (n_source, n_target) in, a bool matrix of the same shape out, True
where two words are linked. NaN and -inf say that two words must not be linked. Ties go to the lower index. Every shape
is allowed, (0, n) and (1, n) included.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner._errors import UnknownNameError, ValidationError

Similarity = NDArray[np.floating[Any]]
LinkMatrix = NDArray[np.bool_]
Decoder = Callable[[Similarity], LinkMatrix]


def intersection(similarity: Similarity) -> LinkMatrix:
    """Links of words that are each other's most similar word (SimAlign's `inter`, Jalili Sabet et al. 2020).

    `similarity` has shape (n_source, n_target), and so has the result. Raises `ValidationError` for any other rank.

    >>> intersection(np.array([[0.9, 0.1], [0.8, 0.2]])).tolist()
    [[True, False], [False, False]]
    """
    return _mutual_best(_scores(similarity))


def itermax(similarity: Similarity, *, iterations: int = 2, alpha: float = 0.9) -> LinkMatrix:
    """Repeated intersection that lets words take more than one link (Jalili Sabet et al. 2020, algorithm 1).

    Each round adds the mutually best pairs among those with an unlinked word; where just one of the two is unlinked,
    their similarity counts `alpha` times. The rounds end once one side has no unlinked word, and a side of at most two
    words gets one round only, both as in SimAlign. Similarities are taken as cosines: `alpha` applies to
    `(1 + cosine) / 2`, which is never negative. SimAlign's program multiplies by its alpha where both words are
    unlinked too, so that it has no effect: `alpha=1` gives the same links.

    `similarity` has shape (n_source, n_target), and so has the result. Raises `ValidationError` for any other rank.

    >>> cosines = np.array([[0.9, 0.7, 0.1], [0.3, 0.2, 0.1], [0.1, 0.2, 0.9]])
    >>> np.argwhere(itermax(cosines)).tolist()
    [[0, 0], [0, 1], [2, 2]]
    """
    scores = _scores(similarity)
    links = _mutual_best(scores)
    if min(scores.shape) <= 2:
        return links
    scores = (1 + scores) / 2
    for _ in range(iterations - 1):
        free_source = ~np.any(links, axis=1)[:, None]
        free_target = ~np.any(links, axis=0)
        if not (free_source.any() and free_target.any()):
            break
        discounted = np.where(free_source & free_target, scores, alpha * scores)
        added = _mutual_best(np.where(free_source | free_target, discounted, -np.inf))
        if not added.any():
            break
        links |= added
    return links


DECODERS: MappingProxyType[str, Decoder] = MappingProxyType({"intersection": intersection, "itermax": itermax})
"""Every decoder by its name."""

ALIASES = MappingProxyType({"inter": "intersection", "argmax": "intersection"})
"""Other names of decoders, as peers call them."""


def canonical_name(name: str) -> str:
    """The name in `DECODERS` for a name or alias; raises `UnknownNameError` with the known names.

    >>> canonical_name("inter")
    'intersection'
    """
    known = ALIASES.get(name, name)
    if known not in DECODERS:
        raise UnknownNameError(f"unknown decoder {name!r}", hint=f"known: {', '.join(sorted({*DECODERS, *ALIASES}))}")
    return known


def _scores(similarity: Similarity) -> Similarity:
    if similarity.ndim != 2:
        raise ValidationError(f"a similarity matrix has 2 dimensions, not {similarity.ndim}")
    return np.where(np.isnan(similarity), -np.inf, similarity)


def _mutual_best(scores: Similarity) -> LinkMatrix:
    links = np.zeros(scores.shape, dtype=np.bool_)
    if not scores.size:
        return links
    source = np.arange(scores.shape[0])
    target = scores.argmax(axis=1)
    mutual = (scores.argmax(axis=0)[target] == source) & (scores[source, target] > -np.inf)
    links[source[mutual], target[mutual]] = True
    return links
