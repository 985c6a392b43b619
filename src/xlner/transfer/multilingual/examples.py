"""Sentences as the upper layers see them: the states of the lower layers, computed once and kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xlner.core.files import replacing
from xlner.core.sentence import Sentence
from xlner.models.e5.states import E5States

_AT_ONCE = 512
"""Sentences whose states are computed together."""


@dataclass(frozen=True, slots=True)
class Sequences:
    """The sub-words of sentences.

    - `ids`: with the special tokens.
    - `firsts`: the positions of the first sub-words of words.
    - `words`: the indices of these words. Words without sub-words, and those beyond the model's limit, are missing.
    """

    ids: list[list[int]]
    firsts: list[NDArray[np.int32]]
    words: list[NDArray[np.int32]]

    @classmethod
    def of(cls, sentences: Sequence[Sentence], states: E5States) -> Sequences:
        """The sequences of sentences, cut at the model's limit."""
        ids, firsts, words = [], [], []
        for text in states.subwords(sentences):
            size = states.max_length - len(text.head) - len(text.tail)
            known = np.flatnonzero((text.counts > 0) & (text.starts() < size))
            ids.append([*text.head, *text.ids[:size], *text.tail])
            firsts.append((text.starts()[known] + len(text.head)).astype(np.int32))
            words.append(known.astype(np.int32))
        return cls(ids, firsts, words)

    def only(self, indices: Sequence[int]) -> Sequences:
        """Some of the sequences."""
        return Sequences(
            [self.ids[k] for k in indices], [self.firsts[k] for k in indices], [self.words[k] for k in indices]
        )


class KeptStates:
    """The states of sequences in half precision, in a file that is mapped into memory.

    The file is made when the first state is needed, if it is missing.
    """

    def __init__(self, sequences: Sequence[Sequence[int]], states: E5States, folder: Path) -> None:
        lengths = np.array([len(s) for s in sequences], dtype=np.int64)
        self._ends = np.cumsum(lengths)
        self._starts = self._ends - lengths
        self._sequences, self._states, self._folder = sequences, states, folder

    def __getitem__(self, index: int) -> NDArray[np.float16]:
        return self._rows[self._starts[index] : self._ends[index]]

    @cached_property
    def _rows(self) -> NDArray[np.float16]:
        digest = hashlib.sha256(self._states.version.encode())
        for sequence in self._sequences:
            digest.update(np.array([len(sequence), *sequence], dtype=np.int32).tobytes())
        path = self._folder / f"states-{digest.hexdigest()[:16]}.f16"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            with replacing(path) as stream:
                for start in range(0, len(self._sequences), _AT_ONCE):
                    for rows in self._states(self._sequences[start : start + _AT_ONCE]):
                        stream.write(rows.astype(np.float16).tobytes())
        shape = (int(self._ends[-1]), self._states.hidden)
        return np.memmap(path, dtype=np.float16, mode="r", shape=shape)
