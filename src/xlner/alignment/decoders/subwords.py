"""From sub-words to words: links of words by any of their sub-words, and similarities of words by all of them.

The sub-words of a side are rows or columns of a matrix; `words` says for each the index of its word, in order. A word
may have none: then it has no link, and its similarity is -inf, so that no decoder links it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from xlner.alignment.decoders.matrix import DecodedLinks, Similarity, checked
from xlner.errors import UnknownNameError, ValidationError

WordIndices = NDArray[np.intp]


def word_links(found: DecodedLinks, source: WordIndices, target: WordIndices, lengths: tuple[int, int]) -> DecodedLinks:
    """Links of words any of whose sub-words are linked, as SimAlign and AWESoME have it, with the largest weight.

    `found` has the links of sub-words, shape (len(source), len(target)); `source` and `target` are their words, and
    `lengths` the numbers of words, which are the shape of the result. Raises `ValidationError` where shapes or indices
    do not fit.

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
    """The largest similarity of the sub-words of each pair of words; -inf for words without sub-words.

    Shapes, and what is raised, as in `word_links`.

    >>> best_similarity(np.array([[0.5, 0.1], [0.7, 0.9]]), np.array([0, 0]), np.array([0, 2]), (1, 3)).tolist()
    [[0.7, -inf, 0.9]]
    """
    _check(similarity.shape, source, target, lengths)
    return _grouped(_grouped(checked(similarity), target, lengths[1], _maxima).T, source, lengths[0], _maxima).T


def matched_similarity(
    similarity: Similarity, source: WordIndices, target: WordIndices, lengths: tuple[int, int], reduction: str = "mean"
) -> Similarity:
    """How well the sub-words of two words find partners in the other word (Shkalikov's thesis); -inf without sub-words.

    Each sub-word of the source word takes its most similar one of the target word; those maxima are reduced to their
    `mean`, `median` or `max`. The same from the target word's side; the larger of the two is the similarity. The
    thesis links words by `match` on it, with a threshold of 0.65.

    Shapes, and what is raised, as in `word_links`; `UnknownNameError` for another reduction.

    >>> cosines = np.array([[0.9, 0.2], [0.3, 0.8], [0.1, 0.4]])
    >>> matched_similarity(cosines, np.array([0, 0, 0]), np.array([0, 0]), (1, 1)).round(2).tolist()
    [[0.85]]
    """
    if reduction not in REDUCTIONS:
        raise UnknownNameError(f"unknown reduction {reduction!r}", hint=f"known: {', '.join(REDUCTIONS)}")
    _check(similarity.shape, source, target, lengths)
    scores = checked(similarity)
    reduce = REDUCTIONS[reduction]
    of_source = _grouped(_grouped(scores, target, lengths[1], _maxima).T, source, lengths[0], reduce).T
    of_target = _grouped(_grouped(scores.T, source, lengths[0], _maxima).T, target, lengths[1], reduce)
    return np.maximum(of_source, of_target)


Reduce = Callable[[Similarity, WordIndices], Similarity]
"""Columns of a matrix, and where each group of them starts, to one column per group."""


def _maxima(matrix: Similarity, starts: WordIndices) -> Similarity:
    maxima: Similarity = np.maximum.reduceat(matrix, starts, axis=1)
    return maxima


def _means(matrix: Similarity, starts: WordIndices) -> Similarity:
    sums: Similarity = np.add.reduceat(matrix, starts, axis=1)
    return sums / np.diff(starts, append=matrix.shape[1]).astype(matrix.dtype)


def _medians(matrix: Similarity, starts: WordIndices) -> Similarity:
    return np.stack([np.median(group, axis=1) for group in np.split(matrix, starts[1:], axis=1)], axis=1)


REDUCTIONS: Mapping[str, Reduce] = MappingProxyType({"mean": _means, "median": _medians, "max": _maxima})
"""How `matched_similarity` sums up a word."""


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
            raise ValidationError("sub-words must be in the order of their words, whose indices begin at 0")
