"""Sentences as sub-words of a model, and the states that a model gives them, whatever their length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.models.windows import FloatArray, Windows

States = Callable[[Sequence[Sequence[int]]], list[FloatArray]]
"""Computes the states of sequences of ids, one row per id. What the states are depends on the model: hidden states,
logits …"""


@dataclass(frozen=True, slots=True)
class Subwords:
    """The sub-words of a sentence, and the special tokens that the model expects around them.

    - `ids`: the sub-words of all words.
    - `counts`: how many of them each word has. A word may have none.
    - `head`, `tail`: the special tokens before and after the sub-words.

    >>> text = Subwords.of([(7, 8), (), (9,)], head=[0], tail=[2])
    >>> text.ids, text.counts.tolist(), text.sequence()
    ([7, 8, 9], [2, 0, 1], [0, 7, 8, 9, 2])
    """

    ids: Sequence[int]
    counts: NDArray[np.intp]
    head: Sequence[int]
    tail: Sequence[int]

    @classmethod
    def of(cls, words: Sequence[Sequence[int]], head: Sequence[int], tail: Sequence[int]) -> Subwords:
        """From the sub-words of each word."""
        counts = np.array([len(word) for word in words], dtype=np.intp)
        return cls([piece for word in words for piece in word], counts, head, tail)

    def starts(self) -> NDArray[np.intp]:
        """For each word the position of its first sub-word in `ids`; for a word without any, that of the next word."""
        return np.cumsum(self.counts) - self.counts

    def sequence(self) -> list[int]:
        """The ids that the model reads, with the special tokens."""
        return [*self.head, *self.ids, *self.tail]

    def windows(self, max_length: int) -> Windows:
        """Windows over `ids` for a model that reads at most `max_length` ids, special tokens included.

        Neighboring windows share at least a quarter of their sub-words.

        >>> Subwords.of([(7, 8, 9, 10, 11)], head=[0], tail=[2]).windows(max_length=6).spans
        ((0, 4), (1, 5))
        """
        size = max_length - len(self.head) - len(self.tail)
        return Windows.over(len(self.ids), size=size, overlap=size // 4)

    def sequences(self, windows: Windows) -> Iterator[list[int]]:
        """The ids that the model reads for each window, with the special tokens."""
        for start, end in windows.spans:
            yield [*self.head, *self.ids[start:end], *self.tail]

    def inside(self, rows: FloatArray) -> FloatArray:
        """The rows of a sequence without those of the special tokens."""
        return rows[len(self.head) : len(rows) - len(self.tail)]


def compute_states(texts: Sequence[Subwords], states: States, *, max_length: int) -> list[FloatArray]:
    """The states of the sub-words of each text, shape `(n_subwords, size)`, without those of special tokens.

    A text that is longer than `max_length` ids, special tokens included, is read in overlapping windows. All states of
    a word come from the same window if it fits in the overlap.
    """
    windows = [text.windows(max_length) for text in texts]
    found = iter(states([s for text, spans in zip(texts, windows, strict=True) for s in text.sequences(spans)]))
    return [
        spans.stitch([text.inside(next(found)) for _ in spans.spans], text.counts)
        for text, spans in zip(texts, windows, strict=True)
    ]


def padded(sequences: Sequence[Sequence[int]], pad: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sequences in one array, padded on the right, and the attention mask. Both have shape `(n_sequences, longest)`.

    >>> ids, mask = padded([[5], [6, 7]], pad=0)
    >>> ids.tolist(), mask.tolist()
    ([[5, 0], [6, 7]], [[1, 0], [1, 1]])
    """
    lengths = np.array([len(s) for s in sequences])
    mask = np.arange(lengths.max(initial=0)) < lengths[:, None]
    ids = np.full(mask.shape, pad, dtype=np.int64)
    ids[mask] = np.concatenate([np.asarray(s, dtype=np.int64) for s in sequences])
    return ids, mask.astype(np.int64)
