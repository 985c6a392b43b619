"""The entities of many sentences as arrays of spans."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlner.core.sentence import Sentence
from xlner.core.signature import Digest

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

    >>> from xlner import Entity
    >>> gold = Sentence(("in", "Vigo"), (Entity(1, 2, "LOC"),))
    >>> spans = spans_of_sentences([(gold, gold)])
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

    def without(self, ignored: Collection[str]) -> GoldAndPredicted:
        """The spans without those of the ignored labels."""
        kept = np.array([label not in ignored for label in self.labels], dtype=bool)
        labels = tuple(label for label in self.labels if label not in ignored)
        numbers = np.cumsum(kept) - 1
        gold, predicted = (_renumbered(side, kept, numbers) for side in (self.gold, self.predicted))
        return GoldAndPredicted(self.offsets, labels, gold, predicted, self.digest)

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


def _renumbered(spans: Spans, kept: NDArray[np.bool_], numbers: Ints) -> Spans:
    keep = kept[spans.labels] if len(kept) else np.zeros(0, dtype=bool)
    return Spans(spans.starts[keep], spans.ends[keep], numbers[spans.labels[keep]])


def spans_of_sentences(pairs: Iterable[tuple[Sentence, Sentence]]) -> GoldAndPredicted:
    """Collect the gold and predicted spans of pairs of sentences with the same words."""
    digest = Digest()
    lengths: list[int] = [0]
    columns: tuple[list[tuple[int, int, str]], ...] = ([], [])
    offset = 0
    for pair in pairs:
        for column, sentence in zip(columns, pair, strict=True):
            column.extend((offset + e.start, offset + e.end, e.label) for e in sentence.entities)
        gold = pair[0]
        digest.update(json.dumps([gold.tokens, [(e.start, e.end, e.label) for e in gold.entities]]))
        offset += len(gold)
        lengths.append(offset)
    labels = tuple(sorted({label for column in columns for _, _, label in column}))
    number = {label: k for k, label in enumerate(labels)}
    gold_spans, predicted_spans = (_spans(column, number) for column in columns)
    return GoldAndPredicted(np.array(lengths, dtype=np.int64), labels, gold_spans, predicted_spans, digest.hexdigest())


def _spans(column: Sequence[tuple[int, int, str]], number: dict[str, int]) -> Spans:
    rows = np.array([(start, end, number[label]) for start, end, label in column], dtype=np.int64).reshape(-1, 3)
    return Spans(rows[:, 0], rows[:, 1], rows[:, 2])
