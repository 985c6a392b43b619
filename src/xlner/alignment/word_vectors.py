"""Vectors of words out of the states of their sub-words, and links out of two sentences' vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.alignment.decoders import Decoder
from xlner.core.alignment import Alignment
from xlner.models.e5.weights import FloatArray

_DECIMALS = 5
"""Similarities are rounded: links must not hang on the last bits, which depend on the machine."""


POOLS = ("mean", "first", "subword")
"""What a word's vectors may be: the mean of its sub-word states, the first of them, or all of them."""


@dataclass(frozen=True, slots=True)
class WordVectors:
    """The vectors of those words of a sentence that have sub-words; one per word, or one per sub-word."""

    words: NDArray[np.intp]
    """Shape (n_vectors,): the index in the sentence of the word that each belongs to, rising."""
    rows: FloatArray
    """Shape (n_vectors, hidden), each of length 1."""
    norms: FloatArray
    """Shape (n_vectors,): the lengths that the rows had."""

    @classmethod
    def pool(cls, states: FloatArray, counts: NDArray[np.intp], how: str = "mean") -> WordVectors:
        """The states of words, scaled to length 1; `counts` holds the sub-words of each, `states` one row each.

        `how` is one of `POOLS`.

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
        # Sums do: what a mean divides by goes away with the scaling.
        sums = np.add.reduceat(states, starts, axis=0) if len(words) else states
        norms = np.linalg.norm(sums, axis=1)
        return cls(words, sums / norms[:, None], norms / counts[words].astype(np.float32))


def link(
    source: WordVectors, target: WordVectors, decode: Decoder, *, lengths: tuple[int, int] | None = None
) -> Alignment:
    """The links that a decoder finds in the cosine similarities, with their weights.

    Words with several vectors are linked when any two of these are, with the largest weight of these links.

    The decoder does not get to see words without vectors: they have no link and no influence on others. With the
    `lengths` of the sentences, in words, the alignment has the similarities, too: 0 for words without vectors.
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
    """The largest cosines between all words; 0 where one has no vector."""
    similarity = np.full(lengths, -np.inf, dtype=np.float32)
    np.maximum.at(similarity, np.ix_(source.words, target.words), cosines)
    similarity[np.isneginf(similarity)] = 0
    return similarity
