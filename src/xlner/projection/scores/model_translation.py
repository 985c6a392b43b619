"""The translation score by a translator that can score phrases, for pairs that say what languages they are in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity, Span
from xlner.core.pair import Pair
from xlner.core.registry import load
from xlner.errors import ValidationError
from xlner.projection.scores.translation import PhraseScorer, translation_score


class ModelTranslationScore:
    """`translation_score` by the `phrase_scorer` of a translator, given by its spec, for each pair of languages.

    Raises `ValidationError` for a translator that cannot score phrases, and for a pair that does not say its languages.
    """

    def __init__(self, translator: str) -> None:
        self.translator: Any = load("translator", translator)
        if not hasattr(self.translator, "phrase_scorer"):
            raise ValidationError(f"translator {translator!r} cannot score phrases", hint="nllb, m2m100 and madlad can")
        self._scorers: dict[tuple[str, str], PhraseScorer] = {}

    @property
    def fingerprint(self) -> str:
        """The translator's."""
        return f"nmt-score {self.translator.fingerprint}"

    def __call__(self, pair: Pair, entities: Sequence[Entity], candidates: Sequence[Span]) -> NDArray[np.float64]:
        """The scores of one pair, shape `(n_entities, n_candidates)`; thresholds are for the sum to apply."""
        source_lang = pair.source.language if pair.source is not None else None
        if source_lang is None or pair.target.language is None:
            raise ValidationError("the translation score needs to know the languages", hint="give --lang")
        languages = (source_lang, pair.target.language)
        if languages not in self._scorers:
            self._scorers[languages] = self.translator.phrase_scorer(*languages)
        return translation_score(pair, entities, candidates, scorer=self._scorers[languages], threshold=0.0)
