"""Word vectors from the states of sub-words, and links from the word vectors of two sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.alignment.decoders import Decoder
from xlner.core.alignment import Alignment
from xlner.models.subwords import States, Subwords, compute_states
from xlner.models.windows import FloatArray

_DECIMALS = 5
"""Similarities are rounded, because links must not depend on the last bits, which differ between machines."""

POOLS = ("mean", "first", "subword")
"""The vectors of a word: the mean of the states of its sub-words, the first state, or all of them."""


@dataclass(frozen=True, slots=True)
class WordVectors:
    """The vectors of a sentence: one per word or one per sub-word. Words without sub-words have none."""

    words: NDArray[np.intp]
    """Shape (n_vectors,): the index of the word of each vector, in ascending order."""
    rows: FloatArray
    """Shape (n_vectors, hidden), each of length 1."""
    norms: FloatArray
    """Shape (n_vectors,): the lengths of the rows before scaling."""

    @classmethod
    def pool(cls, states: FloatArray, counts: NDArray[np.intp], how: str = "mean") -> WordVectors:
        """Pool the states of sub-words, and scale the vectors to length 1.

        `states` has one row per sub-word, `counts` the number of sub-words of each word. `how` is one of `POOLS`.

        >>> pooled = WordVectors.pool(np.array([[3, 3], [3, 5], [0, 2]], dtype=np.float32), np.array([2, 0, 1]))
        >>> pooled.words.tolist(), pooled.rows.round(1).tolist(), pooled.norms.tolist()
        ([0, 2], [[0.6000000238418579, 0.800000011920929], [0.0, 1.0]], [5.0, 2.0])
        """
        if how == "subword":
            norms = np.linalg.norm(states, axis=1)
            return cls(np.repeat(np.arange(len(counts)), counts), states / norms[:, None], norms)
        words = np.flatnonzero(counts)
        starts = (np.cumsum(counts) - counts)[words]
        if how == "first":
            norms = np.linalg.norm(states[starts], axis=1)
            return cls(words, states[starts] / norms[:, None], norms)
        # The sum has the same direction as the mean.
        sums = np.add.reduceat(states, starts, axis=0) if len(words) else states
        norms = np.linalg.norm(sums, axis=1)
        return cls(words, sums / norms[:, None], norms / counts[words].astype(np.float32))


def word_vectors(texts: Sequence[Subwords], states: States, *, max_length: int, pool: str) -> list[WordVectors]:
    """The word vectors of each text, out of the hidden states of a model.

    A text that is longer than `max_length` ids, special tokens included, is read in overlapping windows. `pool` is one
    of `POOLS`.
    """
    rows = compute_states(texts, states, max_length=max_length)
    return [WordVectors.pool(row, text.counts, pool) for row, text in zip(rows, texts, strict=True)]


def link(
    source: WordVectors, target: WordVectors, decode: Decoder, *, lengths: tuple[int, int] | None = None
) -> Alignment:
    """The links that a decoder finds in the cosine similarities, with their weights.

    Words with several vectors are linked if any two of their vectors are, with the largest weight. The decoder does not
    see words without vectors: they have no link and do not affect others. If `lengths` gives the numbers of words of
    both sentences, the alignment also has the similarities of all words, with 0 for words without vectors.
    """
    cosines = (source.rows @ target.rows.T).round(_DECIMALS)
    links, weights = decode(cosines, (source.norms, target.norms))
    rows, columns = np.nonzero(links)
    found = zip(source.words[rows].tolist(), target.words[columns].tolist(), strict=True)
    rounded = (round(weight, _DECIMALS) for weight in weights[rows, columns].tolist())
    return Alignment(
        tuple(found), tuple(rounded), None if lengths is None else _spread(cosines, source, target, lengths)
    )


def _spread(cosines: FloatArray, source: WordVectors, target: WordVectors, lengths: tuple[int, int]) -> FloatArray:
    """The largest cosine of each pair of words; 0 if one of them has no vector."""
    similarity = np.full(lengths, -np.inf, dtype=np.float32)
    np.maximum.at(similarity, np.ix_(source.words, target.words), cosines)
    similarity[np.isneginf(similarity)] = 0
    return similarity
