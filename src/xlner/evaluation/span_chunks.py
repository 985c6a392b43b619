"""Pairs of sentences as arrays of spans, some thousands at a time, with a hash of the gold sentences."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from xlner.core.sentence import Sentence
from xlner.core.sentence_block import SentenceBlock
from xlner.core.signature import Digest
from xlner.evaluation.paired_sentences import PairedBlock, PairedSentence
from xlner.evaluation.spans import GoldAndPredicted, Ints, Spans

_SENTENCES = 4096


class SpanChunks:
    """Reads pairs as chunks of spans.

    - `labels`: the labels so far, in the order of their numbers, which are the same in all chunks.
    - `digest`: a hash of the gold sentences so far.

    >>> from xlner import Entity
    >>> gold = Sentence(("in", "Vigo"), (Entity(1, 2, "LOC"),))
    >>> chunks = SpanChunks()
    >>> [chunk.offsets.tolist() for chunk in chunks.read([PairedSentence(gold, gold, None)])], list(chunks.labels)
    ([[0, 2]], ['LOC'])
    """

    def __init__(self) -> None:
        self.labels: dict[str, int] = {}
        self.digest = Digest()

    def read(self, items: Iterable[PairedSentence | PairedBlock]) -> Iterator[GoldAndPredicted]:
        """Yield the spans of the pairs in order. Their `digest` is empty."""
        waiting: list[PairedSentence] = []
        for item in items:
            if isinstance(item, PairedBlock):
                if waiting:
                    yield self._of_sentences(waiting)
                    waiting = []
                yield self._of_block(item)
                continue
            waiting.append(item)
            if len(waiting) == _SENTENCES:
                yield self._of_sentences(waiting)
                waiting = []
        if waiting:
            yield self._of_sentences(waiting)

    def _of_sentences(self, items: Sequence[PairedSentence]) -> GoldAndPredicted:
        offsets = np.cumsum([0, *(len(item.gold) for item in items)])
        sides = [item.gold for item in items], [item.predicted for item in items]
        gold, predicted = (self._spans(side, offsets) for side in sides)
        self.digest.update_all(
            json.dumps([s.tokens, [(e.start, e.end, e.label) for e in s.entities]]) for s in sides[0]
        )
        return GoldAndPredicted(offsets, tuple(self.labels), gold, predicted, "")

    def _spans(self, sentences: Iterable[Sentence], offsets: Ints) -> Spans:
        rows = [
            (at + e.start, at + e.end, self._number(e.label))
            for sentence, at in zip(sentences, offsets.tolist(), strict=False)
            for e in sentence.entities
        ]
        columns = np.array(rows, dtype=np.int64).reshape(-1, 3)
        return Spans(columns[:, 0], columns[:, 1], columns[:, 2])

    def _of_block(self, item: PairedBlock) -> GoldAndPredicted:
        offsets = np.concatenate(([0], np.cumsum(item.gold.lengths)))
        spans = [Spans(side.starts, side.ends, self._numbers(side)) for side in item]
        self.digest.update_all(_gold_records(item.gold))
        return GoldAndPredicted(offsets, tuple(self.labels), spans[0], spans[1], "")

    def _numbers(self, block: SentenceBlock) -> Ints:
        """The labels of the entities of a block as numbers that are the same in all chunks."""
        numbers = np.zeros(len(block.names), dtype=np.int64)
        for label in np.unique(block.labels).tolist():
            numbers[label] = self._number(block.names[label])
        return numbers[block.labels]

    def _number(self, label: str) -> int:
        return self.labels.setdefault(label, len(self.labels))


def _gold_records(block: SentenceBlock) -> Iterator[str]:
    """For each sentence the JSON of its words, and of its entities as start, end and label."""
    if b"\\" in block.words:  # it would be taken for the end of a word below
        for s in block.sentences():
            yield json.dumps([s.tokens, [(e.start, e.end, e.label) for e in s.entities]])
        return
    starts, ends = block.inside_sentences()
    labels = [json.dumps(name) for name in block.names]
    columns = zip(starts.tolist(), ends.tolist(), block.labels.tolist(), strict=True)
    entities = iter([f"[{start}, {end}, {labels[label]}]" for start, end, label in columns])
    for words, count in zip(block.quoted_words(json.dumps), block.per_sentence(), strict=True):
        yield f'[["{words}"], [{", ".join(islice(entities, count))}]]'
