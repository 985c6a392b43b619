"""Scores on dev sets during training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from xlner.core.sentence import Sentence
from xlner.core.tags import decode
from xlner.evaluation.entities import Scores, evaluate
from xlner.models.tokenizers import SubwordTokenizer
from xlner.recognition.sequence_logits import SequenceLogits


class Predictor:
    """Labels sentences with a model: each word has the best tag of its first sub-word."""

    def __init__(self, model: Any, subwords: SubwordTokenizer, pad: int) -> None:
        self._subwords = subwords
        self._logits = SequenceLogits(model, subwords, pad=pad)
        self._tags = [model.config.id2label[k] for k in range(model.config.num_labels)]
        self._outside = self._tags.index("O")

    def __call__(self, sentences: Sequence[Sentence]) -> list[Sentence]:
        """The sentences with the entities that the model finds."""
        texts = self._subwords([s.tokens for s in sentences])
        found = []
        for sentence, text, rows in zip(sentences, texts, self._logits(texts), strict=True):
            best = np.full(len(sentence), self._outside)
            words = np.flatnonzero(text.counts)
            if len(words):
                best[words] = rows[text.starts()[words]].argmax(axis=1)
            found.append(sentence.with_entities(decode([self._tags[k] for k in best]).entities))
        return found

    def scores(self, gold: Sequence[Sentence]) -> Scores:
        """The scores on labeled sentences."""
        return evaluate(gold, self(gold))
