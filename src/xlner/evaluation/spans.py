"""The entities of many sentences as arrays of spans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Spans(NamedTuple):
    """Disjoint spans in order: the first word, the word after the last, and the label number.

    Words are numbered through all sentences.
    """

    starts: Ints
    ends: Ints
    labels: Ints


@dataclass(frozen=True, slots=True, eq=False)
class GoldAndPredicted:
    """The gold and predicted spans of the same sentences.

    - `offsets`: the number of the first word of each sentence, followed by the number of all words.
    - `labels`: the labels, in the order of the label numbers.
    - `gold`, `predicted`: the spans.
    - `digest`: a hash of the gold data.

    >>> from xlner import Entity, Sentence, evaluate
    >>> gold = [Sentence(("in", "Vigo"), (Entity(1, 2, "LOC"),))]
    >>> spans = evaluate(gold, gold).spans
    >>> spans.offsets.tolist(), spans.labels, spans.gold.starts.tolist()
    ([0, 2], ('LOC',), [1])
    """

    offsets: Ints
    labels: tuple[str, ...]
    gold: Spans
    predicted: Spans
    digest: str

    def sentence_of(self, positions: Ints) -> Ints:
        """The 0-based number of the sentence of each word."""
        return np.searchsorted(self.offsets, positions, side="right") - 1

    def unlabeled(self, label: str) -> GoldAndPredicted:
        """The same spans, all with this label."""
        gold, predicted = (Spans(s.starts, s.ends, np.zeros_like(s.labels)) for s in (self.gold, self.predicted))
        return GoldAndPredicted(self.offsets, (label,), gold, predicted, self.digest)

    def exact(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Whether each gold span is predicted with its label, and whether each predicted span is in the gold data."""
        _, in_gold, in_predicted = np.intersect1d(
            self.gold.starts, self.predicted.starts, assume_unique=True, return_indices=True
        )
        same = (self.gold.ends[in_gold] == self.predicted.ends[in_predicted]) & (
            self.gold.labels[in_gold] == self.predicted.labels[in_predicted]
        )
        gold = np.zeros(len(self.gold.starts), dtype=bool)
        predicted = np.zeros(len(self.predicted.starts), dtype=bool)
        gold[in_gold[same]] = True
        predicted[in_predicted[same]] = True
        return gold, predicted
