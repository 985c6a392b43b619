"""The translation score by a translator that can score phrases, for pairs that state their languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity, Span
from xlner.core.pair import Pair
from xlner.core.registry import load
from xlner.errors import UsageError, ValidationError
from xlner.projection.scores.translation import translation_score
from xlner.stages import PhraseScorer, PhraseScoringTranslator, fingerprint_of


class ModelTranslationScore:
    """`translation_score` by the phrase scorer of a translator, one scorer for each pair of languages.

    `translator` is a spec. Raises `UsageError` for a translator that cannot score phrases, and `ValidationError` for a
    pair that does not state its languages.
    """

    def __init__(self, translator: str) -> None:
        loaded = load("translator", translator)
        if not isinstance(loaded, PhraseScoringTranslator):
            raise UsageError(f"translator {translator!r} cannot score phrases", hint="use nllb, m2m100 or madlad")
        self.translator = loaded
        self._scorers: dict[tuple[str, str], PhraseScorer] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Without the scorers, which come back on first use."""
        return {**self.__dict__, "_scorers": {}}

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the translator."""
        return f"nmt-score {fingerprint_of(self.translator)}"

    def __call__(self, pair: Pair, entities: Sequence[Entity], candidates: Sequence[Span]) -> NDArray[np.float64]:
        """The scores of one pair, shape `(n_entities, n_candidates)`, without a threshold: the sum applies it."""
        source_lang = pair.source.language if pair.source is not None else None
        if source_lang is None or pair.target.language is None:
            raise ValidationError(
                "the translation score needs to know the languages", hint="give --lang, or set Sentence.language"
            )
        languages = (source_lang, pair.target.language)
        if languages not in self._scorers:
            self._scorers[languages] = self.translator.phrase_scorer(*languages)
        return translation_score(pair, entities, candidates, scorer=self._scorers[languages], threshold=0.0)
