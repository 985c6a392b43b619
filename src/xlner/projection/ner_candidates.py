"""The projector onto entities that a recognizer has found in the target sentence."""

from __future__ import annotations

from collections.abc import Sequence

from xlner.core.pair import Pair
from xlner.projection.fused import FusedProjector
from xlner.projection.matching.assignment import assign
from xlner.projection.matching.match import Option
from xlner.projection.scores.fusion import Score
from xlner.stages import Recognizer


class NerCandidatesProjector(FusedProjector):
    """Give each source entity one of the entities that the target sentence has, by the best one-to-one assignment.

    Recognized entities do not overlap, so that the matching is a bipartite assignment, polynomial and exact. The
    projected entity has the recognized span and the source entity's label (Politov et al. 2025, "NER model"
    candidates); with `keep_label` only a span recognized with the same label is taken. `preset`, `weights` and
    `**scores` say how well two entities fit, as for `FusedProjector`; by default it is the alignment score.
    `threshold` is the least sum to accept. With a `recognizer`, an object or a spec, the entities of the target are
    those that it finds: `ner-candidates?recognizer=hf:./my-ner`.

    Raises `UnknownNameError` or `ValidationError` for options that make no sense.

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
        """What the result depends on."""
        return f"recognized by assignment: {super().fingerprint}"

    def _choose(self, pair: Pair, options: Sequence[Option]) -> tuple[Sequence[Option], str]:
        return assign_options(options), "assignment"


def assign_options(options: Sequence[Option]) -> list[Option]:
    """The options of the best one-to-one assignment of entities to spans; ties go to the first entity, leftmost span.

    Spans of different options must be equal or disjoint. Scores are compared to nine decimals.

    >>> assign_options([Option(0, (0, 1), 0.9), Option(0, (2, 3), 0.8), Option(1, (0, 1), 0.8)])
    [Option(entity=0, span=(2, 3), score=0.8), Option(entity=1, span=(0, 1), score=0.8)]
    """
    entities = sorted({o.entity for o in options})
    spans = sorted({o.span for o in options})
    by_place = {(o.entity, o.span): o for o in options}
    rows = [{k: by_place[e, s].score for k, s in enumerate(spans) if (e, s) in by_place} for e in entities]
    places = zip(entities, assign(rows), strict=True)
    return [by_place[entity, spans[column]] for entity, column in places if column is not None]
