"""Links from words to their most similar word, in one direction, in both, or in either."""

from __future__ import annotations

import numpy as np

from xlner.alignment.decoders.matrices import LinkMatrix, Similarity, check_similarity


def forward(similarity: Similarity, *, threshold: float = -np.inf) -> LinkMatrix:
    """Link every source word to its most similar target word if the similarity is at least `threshold`.

    `similarity` and the result have shape (n_source, n_target). Raises `ValidationError` unless `similarity` has two
    dimensions.

    >>> forward(np.array([[0.9, 0.1], [0.8, 0.2]])).tolist()
    [[True, False], [True, False]]
    """
    return _best(check_similarity(similarity), threshold)


def reverse(similarity: Similarity, *, threshold: float = -np.inf) -> LinkMatrix:
    """Link every target word to its most similar source word if the similarity is at least `threshold`.

    `similarity` and the result have shape (n_source, n_target). Raises `ValidationError` unless `similarity` has two
    dimensions.

    >>> reverse(np.array([[0.9, 0.1], [0.8, 0.2]])).tolist()
    [[True, False], [False, True]]
    """
    return _best(check_similarity(similarity).T, threshold).T


def intersection(similarity: Similarity, *, threshold: float = -np.inf) -> LinkMatrix:
    """Link words that are each other's most similar word (SimAlign's `inter`, Jalili Sabet et al. 2020).

    Links with a similarity below `threshold` are left out.

    `similarity` and the result have shape (n_source, n_target). Raises `ValidationError` unless `similarity` has two
    dimensions.

    >>> intersection(np.array([[0.9, 0.1], [0.8, 0.2]])).tolist()
    [[True, False], [False, False]]
    """
    return mutual_best(check_similarity(similarity), threshold)


def union(similarity: Similarity, *, threshold: float = -np.inf) -> LinkMatrix:
    """Return the links of `forward` and of `reverse`: one of the two words is the other's most similar word.

    Without a threshold every word gets a link. Choose a threshold that fits the encoder.

    `similarity` and the result have shape (n_source, n_target). Raises `ValidationError` unless `similarity` has two
    dimensions.

    >>> union(np.array([[0.9, 0.1], [0.8, 0.2]]), threshold=0.5).tolist()
    [[True, False], [True, False]]
    """
    scores = check_similarity(similarity)
    return _best(scores, threshold) | _best(scores.T, threshold).T


def mutual_best(scores: Similarity, threshold: float = -np.inf) -> LinkMatrix:
    """Link pairs that are the first maximum of their row and of their column and reach `threshold`; no NaN allowed."""
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
