"""A recognizer of the target language as a source of candidates and scores."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.core.pair import Pair
from xlner.core.registry import load
from xlner.core.sentence import Sentence
from xlner.errors import BackendError, UnknownNameError
from xlner.projection.scores.fusion import Score
from xlner.projection.scores.ner import NerScore
from xlner.stages import Recognizer

_SCORES = frozenset({"ner", "ner_spans"})


class TargetRecognizer:
    """What a recognizer finds in target sentences, and what it thinks of their spans; batch by batch.

    `recognizer` is an object or a spec. Scores need one with `classes` and a method `probabilities`, which gives an
    array `(n_words, n_classes)` for each of a list of sentences, see `xlner.projection.scores.ner.ner_score`.

    Raises `UnknownNameError` or `BackendError` where the recognizer cannot be had or gives no probabilities.

    >>> from xlner.fakes import DictionaryRecognizer
    >>> recognizer = TargetRecognizer(DictionaryRecognizer({"Vigo": "LOC"}))
    >>> recognizer.recognized([Pair(Sentence(("Vigo",)))])[0].target.tags()
    ['B-LOC']
    """

    def __init__(self, recognizer: Recognizer | str) -> None:
        self.recognizer: Any = load("recognizer", recognizer) if isinstance(recognizer, str) else recognizer
        self._known: dict[tuple[str, ...], NDArray[np.floating]] = {}

    @property
    def fingerprint(self) -> str:
        """What the result depends on."""
        return str(getattr(self.recognizer, "fingerprint", type(self.recognizer).__qualname__))

    def scores(self, wanted: Collection[str]) -> dict[str, Score]:
        """Those of the scores `ner` and `ner_spans` that are wanted."""
        names = sorted(_SCORES.intersection(wanted))
        if names and not hasattr(self.recognizer, "probabilities"):
            raise UnknownNameError(
                f"{type(self.recognizer).__name__} gives no probabilities for the score {names[0]!r}",
                hint="take one that does, such as hf:MODEL",
            )
        return {name: NerScore(self.recognizer.classes, self._of, spans_only=name == "ner_spans") for name in names}

    def read(self, pairs: Sequence[Pair]) -> None:
        """Compute the probabilities of all targets at once, for the scores of these pairs."""
        targets = list({pair.target.tokens: pair.target for pair in pairs}.values())
        found = self.recognizer.probabilities(targets)
        if len(found) != len(targets):
            raise BackendError(f"a recognizer gave {len(found)} results for {len(targets)} sentences")
        self._known = {target.tokens: p for target, p in zip(targets, found, strict=True)}

    def recognized(self, pairs: Sequence[Pair]) -> list[Pair]:
        """The pairs with what is recognized in their targets, in place of entities that these may have."""
        found = self.recognizer.recognize([pair.target for pair in pairs])
        return [
            replace(pair, target=pair.target.with_entities(entities))
            for pair, entities in zip(pairs, found, strict=True)
        ]

    def _of(self, sentence: Sentence) -> NDArray[np.floating]:
        if sentence.tokens not in self._known:
            self.read([Pair(sentence)])
        return self._known[sentence.tokens]
