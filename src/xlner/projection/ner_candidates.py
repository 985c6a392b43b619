"""The projector onto entities that a recognizer found in the target sentence."""

from __future__ import annotations

from collections.abc import Sequence

from xlner.core.pair import Pair
from xlner.projection.fused import FusedProjector
from xlner.projection.matching.assignment import assign
from xlner.projection.matching.match import ScoredSpan
from xlner.projection.scores.weighted_sum import Score
from xlner.stages import Recognizer


class NerCandidatesProjector(FusedProjector):
    """Give each source entity one of the entities that the target sentence has, by the best one-to-one assignment.

    Entities of a sentence do not overlap, so the matching is a bipartite assignment: exact in polynomial time. The
    projected entity has the span of the target entity and the label of the source entity (Politov et al. 2025, "NER
    model" candidates).

    - `preset`, `weights`, `**scores`: how well two entities fit, as in `FusedProjector`; the alignment score by
      default.
    - `recognizer`, an object or a spec: finds the entities of the target sentence, instead of those it already has.
      In a spec: `ner-candidates?recognizer=hf:./my-ner`.
    - `keep_label`: a source entity may only take a target entity with the same label.
    - `threshold`: the least sum to accept.

    Raises what `FusedProjector` raises.

    >>> from xlner import Alignment, Entity, Sentence
    >>> target = Sentence(("Ana", "Pardo"), (Entity(0, 2, "PER"),))
    >>> pair = Pair(target, Sentence(("Ana",), (Entity(0, 1, "PER"),)), Alignment(((0, 0),)))
    >>> NerCandidatesProjector().project([pair])[0].sentence.tags()
    ['B-PER', 'I-PER']
    """

    def __init__(
        self,
        preset: str | None = None,
        *,
        weights: str | None = None,
        recognizer: Recognizer | str | None = None,
        keep_label: bool = False,
        threshold: float = 0.0,
        **scores: Score,
    ) -> None:
        super().__init__(
            preset or (None if weights else "align"),
            weights=weights,
            recognizer=recognizer,
            candidates="ner",
            keep_label=keep_label,
            threshold=threshold,
            **scores,  # type: ignore[arg-type]  # mypy takes them for the options left out here
        )

    @property
    def fingerprint(self) -> str:
        """The options that change results, the given scores and the recognizer."""
        return f"ner-candidates by assignment: {super().fingerprint}"

    def _choose(self, pair: Pair, available: Sequence[ScoredSpan]) -> tuple[Sequence[ScoredSpan], str]:
        return assign_spans(available), "assignment"


def assign_spans(candidates: Sequence[ScoredSpan]) -> list[ScoredSpan]:
    """The best one-to-one assignment of entities to spans. In a tie the first entity gets the leftmost span.

    Spans of different candidates must be equal or disjoint. Scores are compared to nine decimals.

    >>> assign_spans([ScoredSpan(0, (0, 1), 0.9), ScoredSpan(0, (2, 3), 0.8), ScoredSpan(1, (0, 1), 0.8)])
    [ScoredSpan(entity=0, span=(2, 3), score=0.8), ScoredSpan(entity=1, span=(0, 1), score=0.8)]
    """
    entities = sorted({c.entity for c in candidates})
    spans = sorted({c.span for c in candidates})
    by_place = {(c.entity, c.span): c for c in candidates}
    rows = [{k: by_place[e, s].score for k, s in enumerate(spans) if (e, s) in by_place} for e in entities]
    places = zip(entities, assign(rows), strict=True)
    return [by_place[entity, spans[column]] for entity, column in places if column is not None]
