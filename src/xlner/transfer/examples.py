"""Labeled sentences as training examples of a token classifier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.sentence import Sentence
from xlner.models.subwords import Subwords
from xlner.models.tokenizers import SubwordTokenizer

_AT_ONCE = 1000
"""Sentences that are tokenized together."""


@dataclass(frozen=True, slots=True)
class Example:
    """A sequence that a model reads, with the first positions of words and the classes of these words.

    - `ids`: the sub-words with the special tokens.
    - `positions`: indices in `ids`, shape (n_words,).
    - `classes`: shape (n_words,).
    """

    ids: tuple[int, ...]
    positions: NDArray[np.intp]
    classes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Examples:
    """All examples, and the number of words without sub-words, which cannot be learned."""

    items: list[Example]
    unreadable: int

    def entropy(self) -> float:
        """The entropy of the classes in nats: the loss of a model that only knows how frequent each class is."""
        numbers = Counter(k for item in self.items for k in item.classes.tolist())
        shares = np.array(list(numbers.values())) / max(1, numbers.total())
        return float(-(shares * np.log(shares)).sum())


def tag_names(labels: Sequence[str]) -> list[str]:
    """The classes of a recognizer of these labels.

    >>> tag_names(["LOC", "PER"])
    ['O', 'B-LOC', 'I-LOC', 'B-PER', 'I-PER']
    """
    return ["O", *(f"{prefix}-{label}" for label in labels for prefix in "BI")]


def make_examples(sentences: Sequence[Sentence], subwords: SubwordTokenizer, classes: Mapping[str, int]) -> Examples:
    """The examples of sentences, in order. A sentence that is too long for the model makes one example per window.

    A word is learned at its first sub-word, and only in the window that it would be read from.
    """
    items: list[Example] = []
    unreadable = 0
    for start in range(0, len(sentences), _AT_ONCE):
        part = sentences[start : start + _AT_ONCE]
        for sentence, text in zip(part, subwords([s.tokens for s in part]), strict=True):
            wanted = np.array([classes[tag] for tag in sentence.tags()], dtype=np.int64)
            unreadable += int((text.counts == 0).sum())
            items += _windows(text, wanted, subwords.max_length)
    return Examples(items, unreadable)


def _windows(text: Subwords, wanted: NDArray[np.int64], max_length: int) -> list[Example]:
    windows = text.windows(max_length)
    words = np.flatnonzero(text.counts)
    starts = text.starts()[words]
    window_of = windows.best(text.counts)[starts]
    made = []
    for number, ids in enumerate(text.sequences(windows)):
        here = window_of == number
        if here.any():
            first, _ = windows.spans[number]
            made.append(Example(tuple(ids), starts[here] - first + len(text.head), wanted[words[here]]))
    return made
