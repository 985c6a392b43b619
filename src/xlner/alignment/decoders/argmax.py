"""Links of words to their most similar word: one way, the other way, both ways, either way."""

from __future__ import annotations

import numpy as np

from xlner.alignment.decoders.matrix import LinkMatrix, Similarity, checked


def forward(similarity: Similarity, *, threshold: float = -np.inf) -> LinkMatrix:
    """A link from every source word to the target word that is most similar to it, where that reaches `threshold`.

    `similarity` has shape (n_source, n_target), and so has the result. Raises `ValidationError` for any other rank.

    >>> forward(np.array([[0.9, 0.1], [0.8, 0.2]])).tolist()
    [[True, False], [True, False]]
    """
    return _best(checked(similarity), threshold)


def reverse(similarity: Similarity, *, threshold: float = -np.inf) -> LinkMatrix:
    """A link from every target word to the source word that is most similar to it, where that reaches `threshold`.

    `similarity` has shape (n_source, n_target), and so has the result. Raises `ValidationError` for any other rank.

    >>> reverse(np.array([[0.9, 0.1], [0.8, 0.2]])).tolist()
    [[True, False], [False, True]]
    """
    return _best(checked(similarity).T, threshold).T


def intersection(similarity: Similarity, *, threshold: float = -np.inf) -> LinkMatrix:
    """Links of words that are each other's most similar word (SimAlign's `inter`, Jalili Sabet et al. 2020).

    `similarity` has shape (n_source, n_target), and so has the result; links below `threshold` are left out. Raises
    `ValidationError` for any other rank.

    >>> intersection(np.array([[0.9, 0.1], [0.8, 0.2]])).tolist()
    [[True, False], [False, False]]
    """
    return mutual_best(checked(similarity), threshold)


def union(similarity: Similarity, *, threshold: float = -np.inf) -> LinkMatrix:
    """Links of `forward` and of `reverse`: one of the two words is the other's most similar word.

    Every word gets a link unless `threshold` is above all of its similarities, so give one that fits the encoder.

    `similarity` has shape (n_source, n_target), and so has the result. Raises `ValidationError` for any other rank.

    >>> union(np.array([[0.9, 0.1], [0.8, 0.2]]), threshold=0.5).tolist()
    [[True, False], [True, False]]
    """
    scores = checked(similarity)
    return _best(scores, threshold) | _best(scores.T, threshold).T


def mutual_best(scores: Similarity, threshold: float = -np.inf) -> LinkMatrix:
    """Pairs that are the first best of their row and of their column and reach `threshold`; scores without NaN."""
    links = np.zeros(scores.shape, dtype=np.bool_)
    if not scores.size:
        return links
    source = np.arange(scores.shape[0])
    target = scores.argmax(axis=1)
    best = scores[source, target]
    mutual = (scores.argmax(axis=0)[target] == source) & (best > -np.inf) & (best >= threshold)
    links[source[mutual], target[mutual]] = True
    return links


def _best(scores: Similarity, threshold: float) -> LinkMatrix:
    links = np.zeros(scores.shape, dtype=np.bool_)
    if not scores.size:
        return links
    source = np.arange(scores.shape[0])
    target = scores.argmax(axis=1)
    best = scores[source, target]
    kept = (best > -np.inf) & (best >= threshold)
    links[source[kept], target[kept]] = True
    return links
