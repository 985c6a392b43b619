"""All scores of a pair's candidates, and the options and outcomes that follow from their sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity
from xlner.core.pair import Outcome, Pair, Projection, Reason
from xlner.errors import ValidationError
from xlner.projection.candidate_sets import CandidateOptions, CandidateSet
from xlner.projection.candidates import aligned_words
from xlner.projection.matching.match import Option
from xlner.projection.scores.fusion import Part, Score, compute, fused_score

TOTAL = "total"
"""What the sum is called among the scores of an outcome."""


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """A pair with its candidates and the scores of each part, each of shape `(n_entities, n_candidates)`."""

    pair: Pair
    entities: tuple[Entity, ...]
    candidates: CandidateSet
    scores: tuple[NDArray[np.float64], ...]

    @classmethod
    def of(cls, pair: Pair, candidates: CandidateOptions, functions: Mapping[str, Score]) -> ScoredPair:
        """Find the candidates of a pair and score them; raises `ValidationError` for a pair without source."""
        if pair.source is None:
            raise ValidationError("a pair needs a source sentence to be projected")
        entities = pair.source.entities
        if not entities:
            return cls(pair, (), CandidateSet((), np.zeros((0, 0), dtype=np.bool_)), ())
        found = candidates.of(pair, entities)
        return cls(pair, entities, found, tuple(compute(functions, pair, entities, found.spans)))

    def options(self, parts: Sequence[Part], threshold: float) -> list[Option]:
        """The candidates whose fused score is positive and reaches the threshold."""
        if not self.entities:
            return []
        total = fused_score(parts, self.scores)
        rows, columns = np.nonzero(self.candidates.allowed & (total > 0) & (total >= threshold))
        spans, values = self.candidates.spans, total[rows, columns].tolist()
        places = zip(rows.tolist(), columns.tolist(), values, strict=True)
        return [Option(row, spans[column], value) for row, column, value in places]

    def project(
        self,
        chosen: Sequence[Option],
        parts: Sequence[Part],
        options: Sequence[Option],
        *,
        lost: Reason = Reason.OVERLAP,
        required: int = 0,
    ) -> Projection:
        """The projection that a choice of options makes; `lost` is the reason of entities with options but no choice.

        Outcomes have the score of every part and their sum, and how many projections are `missing` to those that are
        `required`.
        """
        weighed = {o.entity for o in options}
        spans: dict[int, list[Option]] = {}
        for option in sorted(chosen, key=lambda o: o.span):
            spans.setdefault(option.entity, []).append(option)
        outcomes = []
        for k, entity in enumerate(self.entities):
            if k not in spans:
                outcomes.append(Outcome(entity, reason=lost if k in weighed else self._reason(k)))
                continue
            made = tuple(Entity(*o.span, entity.label, o.score) for o in spans[k])
            scores = self._parts(spans[k][0], parts)
            if len(made) < required:
                scores["missing"] = float(required - len(made))
            outcomes.append(Outcome(entity, made, scores=scores))
        projected = [e for o in outcomes for e in o.projected]
        return Projection(self.pair.target.with_entities(projected), tuple(outcomes))

    def _parts(self, option: Option, parts: Sequence[Part]) -> dict[str, float]:
        at = option.entity, self.candidates.spans.index(option.span)
        scores = {part.name: float(score[at]) for part, score in zip(parts, self.scores, strict=True)}
        return {**scores, TOTAL: option.score}

    def _reason(self, k: int) -> Reason:
        """Why entity `k` has no option: nothing speaks for any span and no word is linked; no span; low scores."""
        allowed = self.candidates.allowed[k]
        liked = any(score[k][allowed].any() for score in self.scores)
        alignment = self.pair.alignment
        if not liked and alignment is not None and not aligned_words([self.entities[k]], alignment)[0]:
            return Reason.UNALIGNED
        return Reason.BELOW_THRESHOLD if allowed.any() else Reason.NO_CANDIDATE
