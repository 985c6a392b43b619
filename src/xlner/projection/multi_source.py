"""Projection of one target sentence from several sources at once: other languages, or other translations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

import numpy as np

from xlner.core.entity import Entity, Span
from xlner.core.pair import Outcome, Pair, Projection, Reason
from xlner.errors import UnknownNameError, ValidationError
from xlner.projection.calibration import Calibration
from xlner.projection.candidate_sets import CandidateOptions
from xlner.projection.candidates import aligned_words
from xlner.projection.clusters import Member, clusters
from xlner.projection.confidence import CONFIDENCE, rated, without_unsure
from xlner.projection.fused import parts_of
from xlner.projection.matching.match import Option, match_spans
from xlner.projection.scores.fusion import Score, compute, fused_score, resolve, weights_text
from xlner.projection.scores.scoring import TOTAL

AGREEMENT = "agreement"
OWN = "own"
COMBINE = ("sum", "mean")


class MultiSourceProjector:
    """The best total score that disjoint spans can have when equivalent entities of several sources act as one.

    A group is the pairs of one target sentence with each of its sources. Entities of different sources are equivalent
    where they have the same label and overlapping best candidates, see `clusters`. Every cluster is matched as one
    entity whose score is the `sum` of its members' scores by the weights of their sources, which are made to sum to
    1, or with `combine="mean"` the mean of its members, no matter how many sources have none. All members are
    projected to the span that their cluster gets.

    `preset`, `weights`, `candidates`, `max_length` and `**scores` say how a member is scored, as for
    `FusedProjector`; by default it is the alignment score, on spans between linked words of any member. `matcher` is
    `exact`, `greedy` or `milp`. `source_weights` are numbers, or a text such as `2,1`.

    Among the scores of an outcome, `own` is its member's score, `total` the cluster's, and `agreement` the share of
    the sources, by weight, that support the span: their member scores above 0 there. A span with less than
    `min_agreement` is no candidate. The score of a projected entity is its confidence: the mean over all sources, by
    weight, of the confidence that each one's member gives it (see `rated`), 0 without a member. `calibration` and
    `min_confidence` are those of `ConfidentProjector`.

    Raises `UnknownNameError` or `ValidationError` for options that make no sense.

    >>> from xlner import Alignment, Sentence
    >>> target, ana = Sentence(("a", "Ana")), Sentence(("Ana",), (Entity(0, 1, "PER"),))
    >>> group = [Pair(target, ana, Alignment(((0, at),))) for at in (1, 1, 0)]
    >>> made = MultiSourceProjector(min_agreement=0.5).project_groups([group])[0]
    >>> made[0].sentence.tags(), round(made[0].outcomes[0].scores["agreement"], 2), made[2].outcomes[0].reason.value
    (['O', 'B-PER'], 0.67, 'below-threshold')
    """

    def __init__(
        self,
        preset: str | None = None,
        *,
        weights: str | None = None,
        source_weights: str | Sequence[float] | None = None,
        combine: str = "sum",
        candidates: str = "aligned",
        max_length: int = 30,
        matcher: str = "exact",
        min_agreement: float = 0.0,
        calibration: Calibration | None = None,
        min_confidence: float = 0.0,
        **scores: Score,
    ) -> None:
        self.parts = parts_of(preset or (None if weights else "align"), weights)
        self._functions = resolve(self.parts, scores)
        self._given = scores
        self._candidates = CandidateOptions(candidates, max_length)
        match_spans((), 0, matcher=matcher)  # raises for a matcher that nothing is known of
        if combine not in COMBINE:
            raise UnknownNameError(f"cannot combine scores by {combine!r}", hint=f"known: {', '.join(COMBINE)}")
        self.source_weights = None if source_weights is None else _numbers(source_weights)
        if not (0 <= min_agreement <= 1 and 0 <= min_confidence <= 1):
            raise ValidationError(f"min_agreement {min_agreement} or min_confidence {min_confidence} is not in [0, 1]")
        self.combine = combine
        self.matcher = matcher
        self.min_agreement = min_agreement
        self.calibration = calibration
        self.min_confidence = min_confidence

    @property
    def fingerprint(self) -> str:
        """What the result depends on."""
        c = self._candidates
        by = "none" if self.calibration is None else self.calibration.digest
        given = sorted(str(getattr(score, "fingerprint", name)) for name, score in self._given.items())
        options = f"{weights_text(self.parts)} candidates={c.sources} max_length={c.max_length} given={given}"
        least = f"agreement>={self.min_agreement} confidence>={self.min_confidence} calibration={by}"
        matcher = "greedy" if self.matcher == "greedy" else "exact"
        return f"several {matcher} {self.combine} sources={self.source_weights} {options} {least}"

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """Project every pair by itself, as a group with one source."""
        return [made for (made,) in self.project_groups([(pair,) for pair in pairs])]

    def project_groups(self, groups: Sequence[Sequence[Pair]]) -> list[tuple[Projection, ...]]:
        """One projection for each source of each group: all with the same sentence, each with its own outcomes.

        Raises `ValidationError` for a group without sources, with targets of different words, or with a pair that
        lacks its source or links.
        """
        return [self._project(tuple(group)) for group in groups]

    def _project(self, group: tuple[Pair, ...]) -> tuple[Projection, ...]:
        weights = self._weights_of(group)
        found = clusters(self._members(group))
        options = [_options(cluster, weights, self.combine) for cluster in found]
        agreed = [
            Option(k, span, score)
            for k, (cluster, scores) in enumerate(zip(found, options, strict=True))
            for span, score in scores.items()
            if _agreement(cluster, span, weights) >= self.min_agreement
        ]
        chosen = {o.entity: o for o in match_spans(agreed, len(group[0].target), matcher=self.matcher).chosen}
        could = {o.entity for o in agreed}
        outcomes = [[Outcome(e, reason=_unscored(pair, e)) for e in _entities(pair)] for pair in group]
        for k, cluster in enumerate(found):
            lost = Reason.OVERLAP if k in could else Reason.BELOW_THRESHOLD
            for member in cluster:
                made = _outcome(cluster, member, chosen.get(k), weights, lost)
                outcomes[member.source][member.place] = made
        return self._rated(group, outcomes, weights)

    def _weights_of(self, group: Sequence[Pair]) -> tuple[float, ...]:
        """The weights of the sources, which sum to 1; the group is checked on the way."""
        if not group:
            raise ValidationError("a group needs at least one source")
        check_same_words([pair.target.tokens for pair in group])
        if any(pair.source is None or pair.alignment is None for pair in group):
            raise ValidationError("a pair needs a source sentence and an alignment to be projected")
        weights = self.source_weights or (1.0,) * len(group)
        if len(weights) != len(group):
            raise ValidationError(f"{len(weights)} weights for {len(group)} sources")
        return tuple(w / math.fsum(weights) for w in weights)

    def _members(self, group: Sequence[Pair]) -> list[Member]:
        """The entities with a score on any span that is a candidate of an entity of any source."""
        found = [self._candidates.of(pair, _entities(pair)).spans for pair in group]
        spans = sorted(set[Span]().union(*found))
        members = []
        for number, pair in enumerate(group):
            entities = _entities(pair)
            if not entities or not spans:
                continue
            total = fused_score(self.parts, compute(self._functions, pair, entities, spans))
            for k, entity in enumerate(entities):
                places = np.flatnonzero(total[k]).tolist()
                if places:
                    members.append(Member(number, k, entity, {spans[i]: float(total[k, i]) for i in places}))
        return members

    def _rated(
        self, group: Sequence[Pair], outcomes: Sequence[Sequence[Outcome]], weights: Sequence[float]
    ) -> tuple[Projection, ...]:
        """Projections with the confidences of all sources put together, and without the unsure."""
        made = [
            Projection(pair.target.with_entities([e for o in row for e in o.projected]), tuple(row))
            for pair, row in zip(group, outcomes, strict=True)
        ]
        sure: dict[Span, float] = {}
        labels: dict[Span, str] = {}
        for weight, projection in zip(weights, rated(group, made, self.calibration), strict=True):
            for entity in projection.sentence.entities:
                sure[entity.span] = min(sure.get(entity.span, 0.0) + weight * (entity.score or 0.0), 1.0)
                labels[entity.span] = entity.label
        entities = {span: Entity(*span, labels[span], sure[span]) for span in sure}
        kept = [e for e in entities.values() if e.score is not None and e.score >= self.min_confidence]
        final = []
        for pair, row in zip(group, outcomes, strict=True):
            confident = Projection(pair.target, tuple(_with_confidence(o, entities) for o in row))
            strict = without_unsure(confident, self.min_confidence)
            final.append(replace(strict, sentence=pair.target.with_entities(kept)))
        return tuple(final)


def check_same_words(targets: Sequence[Sequence[str]]) -> None:
    """Raise `ValidationError`, with the first difference, where target sentences have different words."""
    first = targets[0]
    for number, tokens in enumerate(targets[1:], start=2):
        for position, (a, b) in enumerate(zip_longest(first, tokens), start=1):
            if a != b:
                shown = " and ".join("missing" if word is None else repr(word) for word in (a, b))
                raise ValidationError(
                    f"word {position} of the target is {shown} with sources 1 and {number}",
                    hint="all sources need the same target sentence",
                )


def _numbers(weights: str | Sequence[float]) -> tuple[float, ...]:
    try:
        numbers = tuple(map(float, weights.split(",") if isinstance(weights, str) else weights))
    except ValueError:
        raise ValidationError(f"cannot read weights {weights!r} of sources", hint="write 2,1") from None
    if not numbers or not all(0 < w < math.inf for w in numbers):
        raise ValidationError(f"weights {weights!r} of sources must be above 0")
    return numbers


def _entities(pair: Pair) -> tuple[Entity, ...]:
    return pair.source.entities if pair.source is not None else ()


def _options(cluster: Sequence[Member], weights: Sequence[float], combine: str) -> Mapping[Span, float]:
    """The score of a cluster on every span that any member has a score on."""
    scores: dict[Span, float] = {}
    for member in cluster:
        for span, score in member.scores.items():
            scores[span] = scores.get(span, 0.0) + weights[member.source] * score
    share = math.fsum(weights[m.source] for m in cluster) if combine == "mean" else 1.0
    return {span: score / share for span, score in scores.items()}


def _agreement(cluster: Sequence[Member], span: Span, weights: Sequence[float]) -> float:
    """The share of the sources that support a span; rounded, so that a third three times is all."""
    return round(math.fsum(weights[m.source] for m in cluster if span in m.scores), 9)


def _outcome(
    cluster: Sequence[Member], member: Member, chosen: Option | None, weights: Sequence[float], lost: Reason
) -> Outcome:
    if chosen is None:
        agreement = max(_agreement(cluster, span, weights) for m in cluster for span in m.scores)
        return Outcome(member.entity, reason=lost, scores={AGREEMENT: agreement})
    made = Entity(*chosen.span, member.entity.label)
    scores = {OWN: member.scores.get(chosen.span, 0.0), TOTAL: chosen.score}
    return Outcome(member.entity, (made,), scores={**scores, AGREEMENT: _agreement(cluster, chosen.span, weights)})


def _with_confidence(outcome: Outcome, entities: Mapping[Span, Entity]) -> Outcome:
    if outcome.dropped:
        return outcome
    entity = entities[outcome.projected[0].span]
    return replace(outcome, projected=(entity,), scores={**outcome.scores, CONFIDENCE: entity.score or 0.0})


def _unscored(pair: Pair, entity: Entity) -> Reason:
    """Why an entity is in no cluster."""
    linked = pair.alignment is not None and aligned_words([entity], pair.alignment)[0]
    return Reason.NO_CANDIDATE if linked else Reason.UNALIGNED
