"""Sentences as sub-words, and word vectors out of a model that takes sequences of limited length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.alignment.word_vectors import WordVectors
from xlner.models.e5.weights import FloatArray
from xlner.models.windows import Windows

States = Callable[[Sequence[Sequence[int]]], list[FloatArray]]
"""Sequences of ids to their hidden states, shape (length, hidden) each."""


@dataclass(frozen=True, slots=True)
class Subwords:
    """The sub-words of a sentence, and what the model wants to see before and after them."""

    pieces: Sequence[int]
    counts: NDArray[np.intp]
    """Sub-words of each word."""
    head: Sequence[int]
    tail: Sequence[int]

    @classmethod
    def of(cls, words: Sequence[Sequence[int]], head: Sequence[int], tail: Sequence[int]) -> Subwords:
        """Of the sub-words of each word.

        >>> Subwords.of([(7, 8), (), (9,)], [0], [2]).counts.tolist()
        [2, 0, 1]
        """
        counts = np.array([len(word) for word in words], dtype=np.intp)
        return cls([piece for word in words for piece in word], counts, head, tail)


def word_vectors(texts: Sequence[Subwords], states: States, *, max_length: int, pool: str) -> list[WordVectors]:
    """The word vectors of each text; what is longer than the model takes goes through it in overlapping windows.

    `max_length` counts head and tail; each window has them. Neighbors share a quarter of a window. See
    `WordVectors.pool` for `pool`.
    """
    windows = [_windows(text, max_length) for text in texts]
    sequences = [
        [*text.head, *text.pieces[start:end], *text.tail]
        for text, spans in zip(texts, windows, strict=True)
        for start, end in spans.spans
    ]
    found = iter(states(sequences))
    return [
        WordVectors.pool(
            spans.stitch([_inside(next(found), text) for _ in spans.spans], text.counts), text.counts, pool
        )
        for text, spans in zip(texts, windows, strict=True)
    ]


def _windows(text: Subwords, max_length: int) -> Windows:
    size = max_length - len(text.head) - len(text.tail)
    return Windows.over(len(text.pieces), size=size, overlap=size // 4)


def _inside(states: FloatArray, text: Subwords) -> FloatArray:
    return states[len(text.head) : len(states) - len(text.tail)]
