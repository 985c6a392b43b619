"""A recognizer for the target language, as a source of candidates and scores."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.core.batches import require_one_each
from xlner.core.pair import Pair
from xlner.core.registry import load
from xlner.core.sentence import Sentence
from xlner.errors import UsageError
from xlner.projection.scores.ner import NerScore
from xlner.projection.scores.weighted_sum import Score
from xlner.stages import ProbabilisticRecognizer, Recognizer, fingerprint_of

_SCORES = frozenset({"ner", "ner_spans"})


class TargetRecognizer:
    """What a recognizer finds in target sentences, and how likely it finds their spans, batch by batch.

    `recognizer` is an object or a spec. Scores need a `ProbabilisticRecognizer`.

    Raises `UnknownNameError` or `BackendError` if the recognizer cannot be loaded.

    >>> from xlner.fakes import DictionaryRecognizer
    >>> recognizer = TargetRecognizer(DictionaryRecognizer({"Vigo": "LOC"}))
    >>> recognizer.recognized([Pair(Sentence(("Vigo",)))])[0].target.tags()
    ['B-LOC']
    """

    def __init__(self, recognizer: Recognizer | str) -> None:
        self.recognizer: Recognizer = load("recognizer", recognizer) if isinstance(recognizer, str) else recognizer
        self._known: dict[tuple[str, ...], NDArray[np.floating]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Without the probabilities of the last batch."""
        return {**self.__dict__, "_known": {}}

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the recognizer."""
        return fingerprint_of(self.recognizer)

    def scores(self, wanted: Collection[str]) -> dict[str, Score]:
        """The scores `ner` and `ner_spans`, if they are among the names `wanted`.

        Raises `UsageError` if the recognizer does not give probabilities.
        """
        names = sorted(_SCORES.intersection(wanted))
        if not names:
            return {}
        classes = tuple(self._probabilistic(names[0]).classes)
        return {name: NerScore(classes, self._of, spans_only=name == "ner_spans") for name in names}

    def read(self, pairs: Sequence[Pair]) -> None:
        """Compute the probabilities of all targets in one batch, for the scores of these pairs.

        Raises `StageError` if the recognizer does not give one result per sentence.
        """
        targets = list({pair.target.tokens: pair.target for pair in pairs}.values())
        found = self._probabilistic("ner").probabilities(targets)
        require_one_each("recognizer", len(found), len(targets))
        self._known = {target.tokens: p for target, p in zip(targets, found, strict=True)}

    def recognized(self, pairs: Sequence[Pair]) -> list[Pair]:
        """The pairs with the recognized entities in their targets, instead of those that the targets had.

        Raises `StageError` if the recognizer does not give one result per sentence.
        """
        found = self.recognizer.recognize([pair.target for pair in pairs])
        require_one_each("recognizer", len(found), len(pairs))
        return [
            replace(pair, target=pair.target.with_entities(entities))
            for pair, entities in zip(pairs, found, strict=True)
        ]

    def _probabilistic(self, score: str) -> ProbabilisticRecognizer:
        if not isinstance(self.recognizer, ProbabilisticRecognizer):
            raise UsageError(
                f"{type(self.recognizer).__name__} gives no probabilities for the score {score!r}",
                hint="use a recognizer that does, such as hf:MODEL",
            )
        return self.recognizer

    def _of(self, sentence: Sentence) -> NDArray[np.floating]:
        if sentence.tokens not in self._known:
            self.read([Pair(sentence)])
        return self._known[sentence.tokens]
