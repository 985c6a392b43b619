"""The scores of all candidates of a pair, and the outcomes that follow from their weighted sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity
from xlner.core.pair import Outcome, Pair, Projection, Reason
from xlner.projection.candidate_sets import CandidateOptions, CandidateSet
from xlner.projection.candidates import aligned_words
from xlner.projection.matching.match import ScoredSpan
from xlner.projection.scores.weighted_sum import Score, Term, compute_scores, weighted_sum

TOTAL = "total"
"""The name of the weighted sum among the scores of an outcome."""


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """A pair, its candidates, and the scores of each term, each of shape `(n_entities, n_candidates)`.

    >>> from xlner import Alignment, Sentence
    >>> from xlner.projection import FusedProjector
    >>> pair = Pair(Sentence(("Ana",)), Sentence(("Ana",), (Entity(0, 1, "PER"),)), Alignment(((0, 0),)))
    >>> FusedProjector("align").score(pair).candidates.spans
    ((0, 1),)
    """

    pair: Pair
    entities: tuple[Entity, ...]
    candidates: CandidateSet
    scores: tuple[NDArray[np.float64], ...]

    @classmethod
    def of(cls, pair: Pair, candidates: CandidateOptions, functions: Mapping[str, Score]) -> ScoredPair:
        """Find the candidates of a pair and score them. Raises `ValidationError` for a pair without source."""
        entities = pair.require_source().entities
        if not entities:
            return cls(pair, (), CandidateSet((), np.zeros((0, 0), dtype=np.bool_)), ())
        found = candidates.find(pair, entities)
        return cls(pair, entities, found, tuple(compute_scores(functions, pair, entities, found.spans)))

    def scored_spans(self, terms: Sequence[Term], threshold: float) -> list[ScoredSpan]:
        """The candidates whose weighted sum is above 0 and at least `threshold`."""
        if not self.entities:
            return []
        total = weighted_sum(terms, self.scores)
        rows, columns = np.nonzero(self.candidates.allowed & (total > 0) & (total >= threshold))
        spans, values = self.candidates.spans, total[rows, columns].tolist()
        places = zip(rows.tolist(), columns.tolist(), values, strict=True)
        return [ScoredSpan(row, spans[column], value) for row, column, value in places]

    def project(
        self,
        chosen: Sequence[ScoredSpan],
        terms: Sequence[Term],
        available: Sequence[ScoredSpan],
        *,
        lost: Reason = Reason.OVERLAP,
        required: int = 0,
    ) -> Projection:
        """The projection with the chosen candidates.

        An entity that is in `available` and not in `chosen` has the reason `lost`. Outcomes have the score of every
        term, the `total`, and, with fewer than `required` projections, how many are `missing`.
        """
        has_candidates = {c.entity for c in available}
        spans: dict[int, list[ScoredSpan]] = {}
        for candidate in sorted(chosen, key=lambda c: c.span):
            spans.setdefault(candidate.entity, []).append(candidate)
        outcomes = []
        for k, entity in enumerate(self.entities):
            if k not in spans:
                outcomes.append(Outcome(entity, reason=lost if k in has_candidates else self._reason(k)))
                continue
            made = tuple(Entity(*c.span, entity.label, c.score) for c in spans[k])
            scores = self._scores_of(spans[k][0], terms)
            if len(made) < required:
                scores["missing"] = float(required - len(made))
            outcomes.append(Outcome(entity, made, scores=scores))
        projected = [e for o in outcomes for e in o.projected]
        return Projection(self.pair.target.with_entities(projected), tuple(outcomes))

    def _scores_of(self, candidate: ScoredSpan, terms: Sequence[Term]) -> dict[str, float]:
        at = candidate.entity, self.candidates.spans.index(candidate.span)
        scores = {term.name: float(score[at]) for term, score in zip(terms, self.scores, strict=True)}
        return {**scores, TOTAL: candidate.score}

    def _reason(self, k: int) -> Reason:
        """Why entity `k` has no candidate to match.

        `unaligned` if every score is 0 and no word has a link; else `below-threshold` if it has spans, `no-candidate`
        if it has none.
        """
        allowed = self.candidates.allowed[k]
        has_score = any(score[k][allowed].any() for score in self.scores)
        alignment = self.pair.alignment
        if not has_score and alignment is not None and not aligned_words([self.entities[k]], alignment)[0]:
            return Reason.UNALIGNED
        return Reason.BELOW_THRESHOLD if allowed.any() else Reason.NO_CANDIDATE
