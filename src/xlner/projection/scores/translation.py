"""How well an entity and a candidate translate each other, by any phrase scorer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity, Span
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.errors import ValidationError
from xlner.stages import PhraseScorer, fingerprint_of
from xlner.text.detokenizer import detokenize


def translation_score(
    pair: Pair,
    entities: Sequence[Entity],
    candidates: Sequence[Span],
    *,
    scorer: PhraseScorer,
    threshold: float = 0.1,
) -> NDArray[np.float64]:
    """The score that `scorer` gives to the texts of entity and candidate, shape `(n_entities, n_candidates)`.

    Each distinct pair of texts is scored once, all in one call. Scores below `threshold` are 0. Shkalikov's thesis uses
    0.1 with normalized NMTScore in both directions.

    Raises `ValidationError` for a pair without source sentence, and if the scorer does not give one finite score of 0
    or more for each pair of texts.

    >>> from xlner import Sentence
    >>> class Same:
    ...     def score(self, entity_texts, candidate_texts):
    ...         return [float(a == b) for a, b in zip(entity_texts, candidate_texts)]
    >>> pair = Pair(Sentence(("in", "Vigo")), Sentence(("Vigo",)))
    >>> translation_score(pair, [Entity(0, 1, "LOC")], [(0, 1), (1, 2)], scorer=Same()).tolist()
    [[0.0, 1.0]]
    """
    source = pair.require_source()
    sources = [_text(source, e.span) for e in entities]
    targets = [_text(pair.target, span) for span in candidates]
    phrases = {(s, t): 0.0 for s in sources for t in targets}
    if phrases:
        scores = np.asarray(scorer.score([s for s, _ in phrases], [t for _, t in phrases]), dtype=np.float64)
        if scores.shape != (len(phrases),) or not ((scores >= 0) & np.isfinite(scores)).all():
            raise ValidationError(
                f"the phrase scorer must give one finite number of 0 or more for each of {len(phrases)} pairs of texts"
            )
        phrases = dict(zip(phrases, scores.tolist(), strict=True))
    found = np.array([[phrases[s, t] for t in targets] for s in sources]).reshape(len(sources), len(targets))
    return np.where(found >= threshold, found, 0.0)


@dataclass(frozen=True, slots=True)
class TranslationScore:
    """`translation_score` with a scorer, for `FusedProjector(…, translation=TranslationScore(scorer))`.

    >>> class Same:
    ...     def score(self, entity_texts, candidate_texts):
    ...         return [float(a == b) for a, b in zip(entity_texts, candidate_texts)]
    >>> pair = Pair(Sentence(("Vigo",)), Sentence(("Vigo",)))
    >>> TranslationScore(Same())(pair, [Entity(0, 1, "LOC")], [(0, 1)]).tolist()
    [[1.0]]
    """

    scorer: PhraseScorer
    threshold: float = 0.1

    @property
    def fingerprint(self) -> str:
        """The scorer and the threshold."""
        return f"translation?scorer={fingerprint_of(self.scorer)}&threshold={self.threshold}"

    def __call__(self, pair: Pair, entities: Sequence[Entity], candidates: Sequence[Span]) -> NDArray[np.float64]:
        """The scores of one pair."""
        return translation_score(pair, entities, candidates, scorer=self.scorer, threshold=self.threshold)


def _text(sentence: Sentence, span: Span) -> str:
    """The text of a span; for a sentence without text, its tokens joined by the rules of the language."""
    if sentence.text is not None and sentence.offsets is not None:
        return sentence.text[sentence.offsets[span[0]][0] : sentence.offsets[span[1] - 1][1]]
    return detokenize(sentence.tokens[slice(*span)], sentence.language)[0]
