"""Labeled sentences as what a token classifier learns from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.sentence import Sentence
from xlner.models.subwords import Subwords, SubwordTokenizer

_AT_ONCE = 1000
"""Sentences that are cut into sub-words together."""


@dataclass(frozen=True, slots=True)
class Example:
    """A sequence of sub-words, special ones included; where words begin in it, and the classes of these words."""

    ids: tuple[int, ...]
    positions: NDArray[np.intp]
    classes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Examples:
    """What there is to learn from; `unreadable` words have no sub-words, so that nothing is learned of them."""

    items: list[Example]
    unreadable: int

    def entropy(self) -> float:
        """That of the classes of the words, in nats: the loss of a model that knows how often each is, and no more."""
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
    """The sequences of sentences, in order: one of each, or one per window where a sentence is too long for the model.

    A word is learned at its first sub-word, and in the one window that it would be read from.
    """
    items: list[Example] = []
    unreadable = 0
    for start in range(0, len(sentences), _AT_ONCE):
        part = sentences[start : start + _AT_ONCE]
        for sentence, text in zip(part, subwords([s.tokens for s in part]), strict=True):
            wanted = np.array([classes[tag] for tag in sentence.tags()], dtype=np.int64)
            unreadable += int((text.counts == 0).sum())
            items += _windows(text, wanted, subwords)
    return Examples(items, unreadable)


def _windows(text: Subwords, wanted: NDArray[np.int64], subwords: SubwordTokenizer) -> list[Example]:
    words = np.flatnonzero(text.counts)
    starts = text.starts()[words]
    window_of = text.windows.best(text.counts)[starts]
    made = []
    for number, ids in enumerate(text.sequences(subwords.head, subwords.tail)):
        here = window_of == number
        if here.any():
            first, _ = text.windows.spans[number]
            made.append(Example(tuple(ids), starts[here] - first + len(subwords.head), wanted[words[here]]))
    return made
