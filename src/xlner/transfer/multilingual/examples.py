"""Sentences as the upper layers see them: the states of the lower layers, computed once and kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from xlner.core.files import replacing
from xlner.core.sentence import Sentence
from xlner.errors import InputError
from xlner.models.e5.states import E5States
from xlner.transfer.multilingual.allowed_tags import allowed_tags

_AT_ONCE = 512
"""Sentences whose states are computed together."""
_KEY = 16
"""Bytes of the key of a sequence."""


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


@dataclass(frozen=True, slots=True)
class Examples:
    """Training sentences as the network sees them.

    - `sequences`: their sub-words.
    - `allowed`: which tags the words of each sentence may have, shape (n_words, n_tags).
    - `styles`: the number of the style of each sentence; 0 is the plain one.
    """

    sentences: list[Sentence]
    sequences: Sequences
    allowed: list[NDArray[np.bool_]]
    styles: list[int]

    @classmethod
    def of(
        cls, sets: Sequence[tuple[Sequence[Sentence], Sequence[str], int]], tags: Sequence[str], states: E5States
    ) -> Examples:
        """The examples of sets, each with its sentences, the types that it annotates and its style.

        Sentences without words that the model can read are left out. Raises `InputError` if no sentence is left.
        """
        found = [(sentence, labels, style) for part, labels, style in sets for sentence in part]
        sequences = Sequences.of([sentence for sentence, *_ in found], states)
        readable = [k for k, firsts in enumerate(sequences.firsts) if len(firsts)]
        if not readable:
            raise InputError("there are no sentences to train on")
        found, sequences = [found[k] for k in readable], sequences.only(readable)
        allowed = [
            allowed_tags(sentence.tags(), labels, tags)[words]
            for (sentence, labels, _), words in zip(found, sequences.words, strict=True)
        ]
        return cls([sentence for sentence, *_ in found], sequences, allowed, [style for *_, style in found])


class KeptStates:
    """The states of sequences in half precision, in files that are mapped into memory.

    When the first state is needed, those that no earlier training left in the folder are computed, into one more file.
    A file `states-*.f16` has a file `states-*.npz` beside it with the keys of its sequences and their lengths.
    """

    def __init__(self, sequences: Sequence[Sequence[int]], states: E5States, folder: Path) -> None:
        self._sequences, self._states, self._folder = sequences, states, folder

    def __getitem__(self, index: int) -> NDArray[np.float16]:
        rows, start = self._places[index]
        return rows[start : start + len(self._sequences[index])]

    @cached_property
    def _places(self) -> list[tuple[NDArray[np.float16], int]]:
        """The array of each sequence and where it starts there."""
        encoder = hashlib.sha256(f"{self._states.version}&layer={self._states.layer}".encode()).hexdigest()[:12]
        keys = [_key(sequence) for sequence in self._sequences]
        known = self._known(encoder)
        missing = {key: s for key, s in zip(keys, self._sequences, strict=True) if key not in known}
        if missing:
            self._compute(missing, encoder)
            known = self._known(encoder)
        return [known[key] for key in keys]

    def _known(self, encoder: str) -> dict[bytes, tuple[NDArray[np.float16], int]]:
        """Where the states in the folder are, by key. Damaged files do not count."""
        found: dict[bytes, tuple[NDArray[np.float16], int]] = {}
        for path in sorted(self._folder.glob(f"states-{encoder}-*.npz")):
            try:
                with np.load(path) as index:
                    keys, lengths = index["keys"], index["lengths"]
                shape = (int(lengths.sum()), self._states.hidden)
                rows = np.memmap(path.with_suffix(".f16"), dtype=np.float16, mode="r", shape=shape)
            except (OSError, ValueError, KeyError, EOFError, BadZipFile):
                continue
            starts = (np.cumsum(lengths) - lengths).tolist()
            found |= {key.tobytes(): (rows, start) for key, start in zip(keys, starts, strict=True)}
        return found

    def _compute(self, missing: Mapping[bytes, Sequence[int]], encoder: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(b"".join(missing)).hexdigest()[:16]
        path = self._folder / f"states-{encoder}-{digest}.f16"
        sequences = list(missing.values())
        with replacing(path) as stream:
            for start in range(0, len(sequences), _AT_ONCE):
                for rows in self._states(sequences[start : start + _AT_ONCE]):
                    stream.write(rows.astype(np.float16).tobytes())
        keys = np.frombuffer(b"".join(missing), np.uint8).reshape(len(missing), _KEY)
        with replacing(path.with_suffix(".npz")) as stream:  # last: without it, the states do not count
            np.savez(stream, keys=keys, lengths=np.array([len(s) for s in sequences], dtype=np.int64))


def _key(sequence: Sequence[int]) -> bytes:
    return hashlib.blake2b(np.array(sequence, dtype=np.int32).tobytes(), digest_size=_KEY).digest()
