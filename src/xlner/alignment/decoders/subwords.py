"""From sub-words to words: word links from the links of sub-words, and word similarities from those of sub-words.

The sub-words of a sentence are the rows or columns of a matrix, in order. An array holds the word index of each
sub-word. A word without sub-words gets no link; its similarity is -inf, so no decoder links it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from xlner.alignment.decoders.matrices import DecodedLinks, Similarity, check_similarity
from xlner.errors import UnknownNameError, ValidationError
from xlner.text.suggestions import names_hint

WordIndices = NDArray[np.intp]


def word_links(found: DecodedLinks, source: WordIndices, target: WordIndices, lengths: tuple[int, int]) -> DecodedLinks:
    """Link two words if any of their sub-words are linked, as SimAlign and AWESoME do, with the largest weight.

    `found` holds the links of sub-words, shape (len(source), len(target)). `source` and `target` are the word indices
    of the sub-words. `lengths` are the numbers of words and the shape of the result. Raises `ValidationError` if shapes
    or indices do not fit.

    >>> found = DecodedLinks(np.array([[True, False], [True, True]]), np.array([[0.5, 0.1], [0.7, 0.9]]))
    >>> links, weights = word_links(found, np.array([0, 0]), np.array([0, 2]), (1, 3))
    >>> links.tolist(), weights[links].tolist()
    ([[True, False, True]], [0.7, 0.9])
    """
    _check(found.links.shape, source, target, lengths)
    rows, columns = np.nonzero(found.links)
    links = np.zeros(lengths, dtype=np.bool_)
    links[source[rows], target[columns]] = True
    weights = np.full(lengths, -np.inf, dtype=found.weights.dtype)
    np.maximum.at(weights, (source[rows], target[columns]), found.weights[rows, columns])
    return DecodedLinks(links, np.where(links, weights, 0))


def best_similarity(
    similarity: Similarity, source: WordIndices, target: WordIndices, lengths: tuple[int, int]
) -> Similarity:
    """Return the largest similarity between the sub-words of each pair of words; -inf for words without sub-words.

    Shapes and errors are those of `word_links`.

    >>> best_similarity(np.array([[0.5, 0.1], [0.7, 0.9]]), np.array([0, 0]), np.array([0, 2]), (1, 3)).tolist()
    [[0.7, -inf, 0.9]]
    """
    _check(similarity.shape, source, target, lengths)
    return _grouped(
        _grouped(check_similarity(similarity), target, lengths[1], _maxima).T, source, lengths[0], _maxima
    ).T


def matched_similarity(
    similarity: Similarity, source: WordIndices, target: WordIndices, lengths: tuple[int, int], reduction: str = "mean"
) -> Similarity:
    """Return how well the sub-words of two words match each other (Shkalikov's thesis); -inf without sub-words.

    Each sub-word of the source word takes the similarity of its most similar sub-word in the target word. The `mean`,
    `median` or `max` of these values is one score. The second score does the same from the target word. The result is
    the larger score. The thesis applies `match` to it with a threshold of 0.65.

    Shapes and errors are those of `word_links`. Raises `UnknownNameError` for an unknown reduction.

    >>> cosines = np.array([[0.9, 0.2], [0.3, 0.8], [0.1, 0.4]])
    >>> matched_similarity(cosines, np.array([0, 0, 0]), np.array([0, 0]), (1, 1)).round(2).tolist()
    [[0.85]]
    """
    if reduction not in REDUCTIONS:
        raise UnknownNameError(f"unknown reduction {reduction!r}", hint=names_hint(reduction, REDUCTIONS))
    _check(similarity.shape, source, target, lengths)
    scores = check_similarity(similarity)
    reduce = REDUCTIONS[reduction]
    of_source = _grouped(_grouped(scores, target, lengths[1], _maxima).T, source, lengths[0], reduce).T
    of_target = _grouped(_grouped(scores.T, source, lengths[0], _maxima).T, target, lengths[1], reduce)
    return np.maximum(of_source, of_target)


Reduce = Callable[[Similarity, WordIndices], Similarity]
"""Takes the columns of a matrix and the start of each group of columns; returns one column per group."""


def _maxima(matrix: Similarity, starts: WordIndices) -> Similarity:
    maxima: Similarity = np.maximum.reduceat(matrix, starts, axis=1)
    return maxima


def _means(matrix: Similarity, starts: WordIndices) -> Similarity:
    sums: Similarity = np.add.reduceat(matrix, starts, axis=1)
    return sums / np.diff(starts, append=matrix.shape[1]).astype(matrix.dtype)


def _medians(matrix: Similarity, starts: WordIndices) -> Similarity:
    return np.stack([np.median(group, axis=1) for group in np.split(matrix, starts[1:], axis=1)], axis=1)


REDUCTIONS: Mapping[str, Reduce] = MappingProxyType({"mean": _means, "median": _medians, "max": _maxima})
"""The reductions of `matched_similarity`."""


def _grouped(matrix: Similarity, words: WordIndices, count: int, reduce: Reduce) -> Similarity:
    """One column per word; -inf for words without columns."""
    grouped = np.full((matrix.shape[0], count), -np.inf, dtype=matrix.dtype)
    if matrix.size:
        starts = np.flatnonzero(np.diff(words, prepend=-1))
        grouped[:, words[starts]] = reduce(matrix, starts)
    return grouped


def _check(shape: tuple[int, ...], source: WordIndices, target: WordIndices, lengths: tuple[int, int]) -> None:
    if shape != (len(source), len(target)):
        raise ValidationError(f"a matrix of shape {shape} does not fit {len(source)} and {len(target)} sub-words")
    for words, length in ((source, lengths[0]), (target, lengths[1])):
        if len(words) and (words[0] < 0 or words[-1] >= length or (np.diff(words) < 0).any()):
            raise ValidationError("word indices of sub-words must be in ascending order, from 0 to the number of words")
