"""The entities of many sentences as arrays."""

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
    """Disjoint spans in order: first word, word after the last, label number. Words count from the first sentence."""

    starts: Ints
    ends: Ints
    labels: Ints


@dataclass(frozen=True, slots=True, eq=False)
class GoldAndPredicted:
    """Gold and predicted spans of the same sentences.

    `offsets` has the position of the first word of each sentence, and the number of words at its end; `labels` the
    names of the label numbers; `digest` stands for the gold data.
    """

    offsets: Ints
    labels: tuple[str, ...]
    gold: Spans
    predicted: Spans
    digest: str

    def sentence_of(self, positions: Ints) -> Ints:
        """The 0-based sentence of each word."""
        return np.searchsorted(self.offsets, positions, side="right") - 1

    def without(self, ignored: Collection[str]) -> GoldAndPredicted:
        """The same without the entities of some labels, and with the labels that are left."""
        kept = np.array([label not in ignored for label in self.labels], dtype=bool)
        labels = tuple(label for label in self.labels if label not in ignored)
        numbers = np.cumsum(kept) - 1
        gold, predicted = (_renumbered(side, kept, numbers) for side in (self.gold, self.predicted))
        return GoldAndPredicted(self.offsets, labels, gold, predicted, self.digest)

    def unlabeled(self, label: str) -> GoldAndPredicted:
        """The same with one label for all entities."""
        gold, predicted = (Spans(s.starts, s.ends, np.zeros_like(s.labels)) for s in (self.gold, self.predicted))
        return GoldAndPredicted(self.offsets, (label,), gold, predicted, self.digest)

    def exact(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """For each gold span whether the same span is predicted with its label, and the other way round."""
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
    """Gold and predicted spans of sentences with the same words."""
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
