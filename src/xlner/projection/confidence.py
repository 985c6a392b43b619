"""Confidence in a projection: the evidence for each projected entity, and a projector that drops uncertain ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from xlner.core.batches import listed
from xlner.core.entity import Entity, Span
from xlner.core.entity_edges import checked_projection
from xlner.core.options import options_fingerprint
from xlner.core.pair import Outcome, Pair, Projection, Reason
from xlner.errors import StageError, ValidationError
from xlner.projection.calibration import Calibration
from xlner.projection.matching_projector import MatchingProjector
from xlner.projection.range_projectors import HeuristicProjector, HullProjector
from xlner.stages import Projector, TargetEntityProjector, check_stopped, fingerprint_of, project_each, without_errors

CONFIDENCE = "confidence"
"""The name of the confidence among the scores of an outcome."""


class Support(NamedTuple):
    """The evidence for one projected entity: numbers in [0, 1], None if not known.

    - `length`: the length of the shorter of entity and span, divided by that of the longer.
    - `linked`: the share of their words that have a link into the other one (`coverage_score`).
    - `gap`: how much larger `linked` is than for the best other span between linked words.
    - `strategies`: the share of four projectors (`hull`, `heuristic`, `heuristic?gap=2&ratio=0.5`, `greedy`) that
      choose exactly this span.
    - `weight`: the mean weight of the links between them.
    - `recognized`: the recognizer's score.
    """

    length: float
    linked: float | None = None
    gap: float | None = None
    strategies: float | None = None
    weight: float | None = None
    recognized: float | None = None

    @property
    def mean(self) -> float:
        """The mean of the known numbers: a confidence that is not calibrated.

        >>> Support(length=0.5, linked=1.0).mean
        0.75
        """
        known = [value for value in self if value is not None]
        return min(sum(known) / len(known), 1.0)


def support(pairs: Sequence[Pair], projections: Sequence[Projection]) -> list[list[list[Support]]]:
    """The support of every projected entity, by pair and outcome.

    Raises `ValidationError` if a projection does not have one outcome for each source entity of its pair.

    >>> from xlner import Alignment, Sentence
    >>> pair = Pair(Sentence(("a", "b")), Sentence(("A",), (Entity(0, 1, "LOC"),)), Alignment(((0, 0), (0, 1))))
    >>> found = MatchingProjector("ngrams").project([pair])
    >>> found[0].sentence.tags(), support([pair], found)[0][0][0].length
    (['B-LOC', 'I-LOC'], 0.5)
    """
    if len(pairs) != len(projections):
        raise ValidationError(f"{len(pairs)} pairs but {len(projections)} projections")
    for number, (pair, projection) in enumerate(zip(pairs, projections, strict=True), start=1):
        if pair.source is None or len(pair.source.entities) != len(projection.outcomes):
            raise ValidationError(f"projection {number} does not have one outcome for each source entity of its pair")
    at = [k for k, p in enumerate(projections) if pairs[k].alignment is not None and p.sentence.entities]
    votes = dict(zip(at, zip(*(p.project([pairs[k] for k in at]) for p in _voters()), strict=True), strict=True))
    return [
        _support(pair, found, votes.get(k, ())) for k, (pair, found) in enumerate(zip(pairs, projections, strict=True))
    ]


def _voters() -> tuple[Projector, ...]:
    greedy = MatchingProjector(matcher="greedy")
    return (HullProjector(), HeuristicProjector(), HeuristicProjector(gap=2, ratio=0.5), greedy)


def _support(pair: Pair, projection: Projection, votes: Sequence[Projection]) -> list[list[Support]]:
    rows = []
    for k, outcome in enumerate(projection.outcomes):
        spans = [[e.span for e in vote.outcomes[k].projected] for vote in votes]
        links = _Links(pair, outcome.entity) if outcome.projected else None
        rows.append([_of_span(links, outcome.entity, e.span, spans) for e in outcome.projected])
    return rows


def _of_span(links: _Links | None, entity: Entity, span: Span, votes: Sequence[Sequence[Span]]) -> Support:
    size = span[1] - span[0]
    length = min(len(entity), size) / max(len(entity), size)
    recognized = None if entity.score is None else min(max(entity.score, 0.0), 1.0)
    if links is None or not links.given:
        return Support(length, recognized=recognized)
    strategies = sum(span in vote for vote in votes) / len(votes) if votes else None
    return Support(length, links.share(span), links.gap(span), strategies, links.weight(span), recognized)


class _Links:
    """The links of one entity."""

    def __init__(self, pair: Pair, entity: Entity) -> None:
        alignment = pair.alignment
        self.given = alignment is not None
        self.weighted = alignment is not None and alignment.weights is not None
        links = () if alignment is None else alignment.links
        weights = (1.0,) * len(links) if alignment is None or alignment.weights is None else alignment.weights
        self.length = len(entity)
        self.links = [(s, t, w) for (s, t), w in zip(links, weights, strict=True) if entity.start <= s < entity.end]
        self.partners: dict[int, set[int]] = {}
        for source, target, _ in self.links:
            self.partners.setdefault(target, set()).add(source)

    def share(self, span: Span) -> float:
        """The share of the words of entity and span that have a link into the other one."""
        inside = [sources for word, sources in self.partners.items() if span[0] <= word < span[1]]
        return (len(set[int]().union(*inside)) + len(inside)) / (self.length + span[1] - span[0])

    def gap(self, span: Span) -> float:
        """How much larger the share of this span is than that of any other between linked words; 0 or more."""
        words = sorted(self.partners)
        best = 0.0
        for k, start in enumerate(words):
            sources: set[int] = set()
            for n, last in enumerate(words[k:], start=1):
                sources |= self.partners[last]
                if (start, last + 1) != span:
                    best = max(best, (len(sources) + n) / (self.length + last + 1 - start))
        return max(self.share(span) - best, 0.0)

    def weight(self, span: Span) -> float | None:
        """The mean weight, clipped to [0, 1], of the links into this span; None if links have no weights."""
        inside = [min(max(w, 0.0), 1.0) for _, t, w in self.links if span[0] <= t < span[1]]
        if not self.weighted:
            return None
        return sum(inside) / len(inside) if inside else 0.0


def rated(
    pairs: Sequence[Pair], projections: Sequence[Projection], calibration: Calibration | None = None
) -> list[Projection]:
    """The projections with a confidence in [0, 1] as the score of every projected entity.

    It is the mean of the `support`, mapped by the calibration if there is one. Outcomes keep their scores and get
    `confidence`, that of their first projected entity.

    >>> from xlner import Alignment, Sentence
    >>> pair = Pair(Sentence(("a",)), Sentence(("A",), (Entity(0, 1, "LOC"),)), Alignment(((0, 0),)))
    >>> rated([pair], MatchingProjector().project([pair]))[0].sentence.entities[0].score
    1.0
    """
    found = []
    for projection, rows in zip(projections, support(pairs, projections), strict=True):
        outcomes = []
        for outcome, row in zip(projection.outcomes, rows, strict=True):
            values = [e.mean if calibration is None else calibration(e.mean) for e in row]
            made = tuple(replace(e, score=c) for e, c in zip(outcome.projected, values, strict=True))
            scores = {**outcome.scores, CONFIDENCE: values[0]} if values else outcome.scores
            outcomes.append(replace(outcome, projected=made, scores=scores))
        found.append(_with_outcomes(projection, outcomes))
    return found


def without_unsure(projection: Projection, min_confidence: float) -> Projection:
    """The projection without the entities whose score is below `min_confidence`.

    An outcome that keeps no entity is dropped as `below-threshold` and keeps its scores.

    >>> from xlner import Sentence
    >>> unsure = Outcome(Entity(0, 1, "PER"), (Entity(0, 1, "PER", 0.4),), scores={"confidence": 0.4})
    >>> made = without_unsure(Projection(Sentence(("Ana",), unsure.projected), (unsure,)), 0.5)
    >>> made.sentence.entities, made.outcomes[0].reason.value, made.outcomes[0].scores
    ((), 'below-threshold', {'confidence': 0.4})
    """
    return _with_outcomes(projection, [_confident_part(o, min_confidence) for o in projection.outcomes])


def _confident_part(outcome: Outcome, min_confidence: float) -> Outcome:
    kept = tuple(e for e in outcome.projected if e.score is None or e.score >= min_confidence)
    if len(kept) == len(outcome.projected):
        return outcome
    if not kept:
        return replace(outcome, projected=(), reason=Reason.BELOW_THRESHOLD)
    scores = outcome.scores if kept[0].score is None else {**outcome.scores, CONFIDENCE: kept[0].score}
    return replace(outcome, projected=kept, scores=scores)


def _with_outcomes(projection: Projection, outcomes: Sequence[Outcome]) -> Projection:
    entities = [e for o in outcomes for e in o.projected]
    return replace(projection, sentence=projection.sentence.with_entities(entities), outcomes=tuple(outcomes))


@dataclass(frozen=True, slots=True)
class ConfidenceOptions:
    """Options of `ConfidentProjector`, which documents them.

    >>> ConfidenceOptions().min_confidence
    0.0
    """

    min_confidence: float = 0.0


class ConfidentProjector:
    """Another projector, with a confidence in [0, 1] as the score of every entity that it projects.

    - `calibration`: maps the confidence to a probability; made from labeled pairs by `xlner calibrate`. Without one,
      the confidence orders entities but is not a probability.
    - `min_confidence`: entities below it are dropped as `below-threshold`.

    See `rated` for the confidence. It is that of the trimmed entities, see `xlner.core.entity_edges`. Raises
    `ValidationError` for a `min_confidence` outside [0, 1].

    >>> from xlner import Alignment, Sentence
    >>> pair = Pair(Sentence(("a",)), Sentence(("A",), (Entity(0, 1, "LOC"),)), Alignment(((0, 0),)))
    >>> ConfidentProjector(MatchingProjector()).project([pair])[0].sentence.entities
    (Entity(start=0, end=1, label='LOC', score=1.0),)
    """

    def __init__(
        self, projector: Projector, *, calibration: Calibration | None = None, min_confidence: float = 0.0
    ) -> None:
        if not 0 <= min_confidence <= 1:
            raise ValidationError(f"min_confidence {min_confidence} is not between 0 and 1")
        self.projector = projector
        self.calibration = calibration
        self.options = ConfidenceOptions(min_confidence)

    @property
    def reads_target_entities(self) -> bool:
        """True if the projector needs the entities of target sentences."""
        return isinstance(self.projector, TargetEntityProjector) and self.projector.reads_target_entities

    @property
    def fingerprint(self) -> str:
        """The options, the calibration and the fingerprint of the projector."""
        calibration = "none" if self.calibration is None else self.calibration.digest
        name = options_fingerprint("confidence", self.options)
        return f"{fingerprint_of(self.projector)} {name} calibration={calibration}"

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """Project the entities of every pair and give each projected entity its confidence.

        Raises `StageError` if the projector gives anything but one projection for each pair.
        """
        return without_errors(self.project_each(pairs))

    def project_each(self, pairs: Sequence[Pair]) -> list[Projection | Exception]:
        """Do the same, with errors in the places of projections."""
        made = listed(project_each(self.projector, pairs), len(pairs))
        checked = [_checked(p, pair) for pair, p in zip(pairs, made, strict=True)]
        ready = [(pair, p) for pair, p in zip(pairs, checked, strict=True) if isinstance(p, Projection)]
        found = iter(self._rated([pair for pair, _ in ready], [p for _, p in ready]))
        return [next(found) if isinstance(p, Projection) else p for p in checked]

    def check_stopped(self) -> None:
        """Raise `StoppedError` if the projector has stopped."""
        check_stopped(self.projector)

    def _rated(self, pairs: Sequence[Pair], projections: Sequence[Projection]) -> list[Projection]:
        found = rated(pairs, projections, self.calibration)
        least = self.options.min_confidence
        return [without_unsure(p, least) for p in found] if least else found


def _checked(result: object, pair: Pair) -> Projection | Exception:
    try:
        return result if isinstance(result, Exception) else checked_projection(result, pair)
    except StageError as error:
        return error
