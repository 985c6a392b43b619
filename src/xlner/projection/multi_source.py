"""Projection onto one target sentence from several sources at once: other languages, or other translations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

import numpy as np

from xlner.core.entity import Entity, Span
from xlner.core.entity_edges import trimmed_span
from xlner.core.options import options_fingerprint, speed_option
from xlner.core.pair import Outcome, Pair, Projection, Reason
from xlner.core.sentence import Sentence
from xlner.errors import UnknownNameError, UsageError, ValidationError
from xlner.projection.calibration import Calibration
from xlner.projection.candidate_sets import CandidateOptions
from xlner.projection.candidates import aligned_words
from xlner.projection.confidence import CONFIDENCE, rated, weights_digest, without_unsure
from xlner.projection.entity_clusters import ClusterMember, cluster_entities
from xlner.projection.matching.match import ScoredSpan, check_matching_options, match_spans
from xlner.projection.scores.scored_pair import TOTAL
from xlner.projection.scores.weighted_sum import (
    Score,
    Term,
    compute_scores,
    resolve,
    score_fingerprint,
    terms_of,
    weighted_sum,
)
from xlner.text.counts import counted
from xlner.text.suggestions import names_hint

AGREEMENT = "agreement"
OWN = "own"
COMBINE = ("sum", "mean")


@dataclass(frozen=True, slots=True)
class MultiSourceOptions:
    """Options of `MultiSourceProjector`, which documents them.

    >>> MultiSourceOptions((Term("alignment"),)).combine
    'sum'
    """

    terms: tuple[Term, ...]
    candidates: CandidateOptions = field(default_factory=lambda: CandidateOptions("aligned", 30))
    source_weights: tuple[float, ...] | None = None
    combine: str = "sum"
    min_agreement: float = 0.0
    min_confidence: float = 0.0
    matcher: str = speed_option("exact")
    """The fingerprint begins with it; `milp` gives what `exact` gives."""


class MultiSourceProjector:
    """The best total score that disjoint spans can have when equivalent entities of several sources act as one.

    A group holds the pairs of one target sentence with each of its sources. Entities of different sources are
    equivalent if they have the same label and overlapping best candidates, see `cluster_entities`. Each cluster is
    matched as one entity, and all its members are projected to the span that the cluster gets.

    - `preset`, `weights`, `candidates`, `max_length`, `**scores`: how a member is scored, as in `FusedProjector`. The
      default is the alignment score, on spans between linked words of any member.
    - `source_weights`: one weight per source, as numbers or as text such as `2,1`. They are scaled to sum to 1.
    - `combine`: the score of a cluster. `sum` is the weighted sum of its members' scores; `mean` is their weighted
      mean, which ignores sources without a member.
    - `matcher`: `exact`, `greedy` or `milp`.
    - `min_agreement`: a span needs at least this agreement to be a candidate.
    - `calibration`, `min_confidence`: see `ConfidentProjector`.

    The scores of an outcome have `own`, the score of its member; `total`, the score of the cluster; and `agreement`,
    the weighted share of the sources whose members have a score above 0 on the span. The score of a projected entity
    is its confidence: the weighted mean over all sources of the confidence by each one's member (see `rated`), 0
    without a member. Entities are trimmed first, as in `xlner.core.entity_edges`, by the words of the first source.

    Raises `UnknownNameError` for unknown names, `ValidationError` for a number out of range, and `UsageError` for
    weights that cannot be read.

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
        self.options = MultiSourceOptions(
            terms_of(preset or (None if weights else "align"), weights),
            CandidateOptions(candidates, max_length),
            None if source_weights is None else _parse_source_weights(source_weights),
            combine,
            min_agreement,
            min_confidence,
            matcher,
        )
        self._functions = resolve(self.options.terms, scores)
        self._given = scores
        self.calibration = calibration
        check_matching_options(matcher)
        if combine not in COMBINE:
            raise UnknownNameError(f"cannot combine scores by {combine!r}", hint=names_hint(combine, COMBINE))
        for name, value in (("min_agreement", min_agreement), ("min_confidence", min_confidence)):
            if not 0 <= value <= 1:
                raise ValidationError(f"{name} {value} is not between 0 and 1")

    @property
    def source_weights(self) -> Sequence[float] | None:
        """One weight per source; None if all sources count the same."""
        return self.options.source_weights

    @property
    def fingerprint(self) -> str:
        """The options that change results, the given scores, the weights of confidence and the calibration."""
        name = "multi-source-greedy" if self.options.matcher == "greedy" else "multi-source"
        given = {name: score_fingerprint(score) for name, score in sorted(self._given.items())}
        calibration = "none" if self.calibration is None else self.calibration.digest
        confidence = f"weights={weights_digest()} calibration={calibration}"
        return f"{options_fingerprint(name, self.options)} {given} {confidence}"

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """Project every pair as a group with one source."""
        return [made for (made,) in self.project_groups([(pair,) for pair in pairs])]

    def project_groups(self, groups: Sequence[Sequence[Pair]]) -> list[tuple[Projection, ...]]:
        """One projection for each source of each group. All have the same sentence, and each has its own outcomes.

        Raises `ValidationError` for a group without sources, for targets with different words, and for a pair without
        source or alignment.
        """
        return [self._project(tuple(group)) for group in groups]

    def _project(self, group: tuple[Pair, ...]) -> tuple[Projection, ...]:
        options = self.options
        weights = self._weights_of(group)
        clusters = cluster_entities(self._members(group))
        agreed = [
            ScoredSpan(k, span, score)
            for k, cluster in enumerate(clusters)
            for span, score in _cluster_scores(cluster, weights, options.combine).items()
            if _agreement(cluster, span, weights) >= options.min_agreement
        ]
        chosen = {c.entity: c for c in match_spans(agreed, len(group[0].target), matcher=options.matcher).chosen}
        has_candidates = {c.entity for c in agreed}
        outcomes = [[Outcome(e, reason=_reason_without_score(pair, e)) for e in _entities(pair)] for pair in group]
        for k, cluster in enumerate(clusters):
            like = _words_of_first(group[0], cluster)
            lost = Reason.OVERLAP if k in has_candidates else Reason.BELOW_THRESHOLD
            for member in cluster:
                made = _outcome(cluster, member, chosen.get(k), weights, lost)
                outcomes[member.source][member.place] = _trimmed(made, group[0].target, like)
        return self._with_confidence(group, outcomes, weights)

    def _weights_of(self, group: Sequence[Pair]) -> tuple[float, ...]:
        """The weights of the sources, which sum to 1. Raises `ValidationError` for a group that is not valid."""
        if not group:
            raise ValidationError("a group needs at least one source")
        check_same_words([pair.target.tokens for pair in group])
        for pair in group:
            pair.require_source()
            pair.require_alignment()
        weights = self.source_weights or (1.0,) * len(group)
        if len(weights) != len(group):
            raise ValidationError(f"{counted(len(weights), 'weight')} for {counted(len(group), 'source')}")
        return tuple(w / math.fsum(weights) for w in weights)

    def _members(self, group: Sequence[Pair]) -> list[ClusterMember]:
        """The entities with a score above 0 on any span that is a candidate of any entity of any source."""
        found = [self.options.candidates.find(pair, _entities(pair)).spans for pair in group]
        spans = sorted(set[Span]().union(*found))
        members = []
        for number, pair in enumerate(group):
            entities = _entities(pair)
            if not entities or not spans:
                continue
            total = weighted_sum(self.options.terms, compute_scores(self._functions, pair, entities, spans))
            for k, entity in enumerate(entities):
                places = np.flatnonzero(total[k]).tolist()
                if places:
                    members.append(ClusterMember(number, k, entity, {spans[i]: float(total[k, i]) for i in places}))
        return members

    def _with_confidence(
        self, group: Sequence[Pair], outcomes: Sequence[Sequence[Outcome]], weights: Sequence[float]
    ) -> tuple[Projection, ...]:
        """Projections with the combined confidence of all sources, without the entities below `min_confidence`."""
        made = [
            Projection(pair.target.with_entities([e for o in row for e in o.projected]), tuple(row))
            for pair, row in zip(group, outcomes, strict=True)
        ]
        confidence: dict[Span, float] = {}
        labels: dict[Span, str] = {}
        for weight, projection in zip(weights, rated(group, made, self.calibration), strict=True):
            for entity in projection.sentence.entities:
                confidence[entity.span] = min(confidence.get(entity.span, 0.0) + weight * (entity.score or 0.0), 1.0)
                labels[entity.span] = entity.label
        entities = {span: Entity(*span, labels[span], confidence[span]) for span in confidence}
        kept = [e for e in entities.values() if e.score is not None and e.score >= self.options.min_confidence]
        final = []
        for pair, row in zip(group, outcomes, strict=True):
            confident = Projection(pair.target, tuple(_outcome_with_confidence(o, entities) for o in row))
            strict = without_unsure(confident, self.options.min_confidence)
            final.append(replace(strict, sentence=pair.target.with_entities(kept)))
        return tuple(final)


def check_same_words(targets: Sequence[Sequence[str]]) -> None:
    """Raise `ValidationError`, with the first difference, if target sentences have different words.

    >>> check_same_words([("a", "b"), ("a", "b")])
    """
    first = targets[0]
    for number, tokens in enumerate(targets[1:], start=2):
        for position, (a, b) in enumerate(zip_longest(first, tokens), start=1):
            if a != b:
                shown = " and ".join("missing" if word is None else repr(word) for word in (a, b))
                raise ValidationError(
                    f"word {position} of the target is {shown} with sources 1 and {number}",
                    hint="all sources need the same target sentence",
                )


def _parse_source_weights(weights: str | Sequence[float]) -> tuple[float, ...]:
    try:
        numbers = tuple(map(float, weights.split(",") if isinstance(weights, str) else weights))
    except ValueError:
        raise UsageError(f"cannot read source weights {weights!r}", hint="write 2,1") from None
    if not numbers or not all(0 < w < math.inf for w in numbers):
        raise ValidationError(f"source weights {weights!r} must be above 0 and finite")
    return numbers


def _entities(pair: Pair) -> tuple[Entity, ...]:
    return pair.source.entities if pair.source is not None else ()


def _cluster_scores(cluster: Sequence[ClusterMember], weights: Sequence[float], combine: str) -> Mapping[Span, float]:
    """The score of a cluster on every span that any member has a score on."""
    scores: dict[Span, float] = {}
    for member in cluster:
        for span, score in member.scores.items():
            scores[span] = scores.get(span, 0.0) + weights[member.source] * score
    share = math.fsum(weights[m.source] for m in cluster) if combine == "mean" else 1.0
    return {span: score / share for span, score in scores.items()}


def _agreement(cluster: Sequence[ClusterMember], span: Span, weights: Sequence[float]) -> float:
    """The weighted share of the sources with a score on a span; rounded, so that three thirds are 1."""
    return round(math.fsum(weights[m.source] for m in cluster if span in m.scores), 9)


def _outcome(
    cluster: Sequence[ClusterMember],
    member: ClusterMember,
    chosen: ScoredSpan | None,
    weights: Sequence[float],
    lost: Reason,
) -> Outcome:
    if chosen is None:
        agreement = max(_agreement(cluster, span, weights) for m in cluster for span in m.scores)
        return Outcome(member.entity, reason=lost, scores={AGREEMENT: agreement})
    made = Entity(*chosen.span, member.entity.label)
    scores = {OWN: member.scores.get(chosen.span, 0.0), TOTAL: chosen.score}
    return Outcome(member.entity, (made,), scores={**scores, AGREEMENT: _agreement(cluster, chosen.span, weights)})


def _words_of_first(pair: Pair, cluster: Sequence[ClusterMember]) -> Sequence[str]:
    """The words of the entity in the first source; none if that has no such entity."""
    first = next((member.entity for member in cluster if member.source == 0), None)
    return () if first is None else pair.require_source().tokens[slice(*first.span)]


def _trimmed(outcome: Outcome, target: Sentence, like: Sequence[str]) -> Outcome:
    """The outcome without the marks at the ends of its span that the words `like` do not have."""
    if outcome.dropped:
        return outcome
    (entity,) = outcome.projected
    span = trimmed_span(target, entity.span, like)
    if span is None:
        return Outcome(outcome.entity, reason=Reason.NO_CANDIDATE)
    return replace(outcome, projected=(Entity(*span, entity.label),))


def _outcome_with_confidence(outcome: Outcome, entities: Mapping[Span, Entity]) -> Outcome:
    if outcome.dropped:
        return outcome
    entity = entities[outcome.projected[0].span]
    return replace(outcome, projected=(entity,), scores={**outcome.scores, CONFIDENCE: entity.score or 0.0})


def _reason_without_score(pair: Pair, entity: Entity) -> Reason:
    """Why an entity is in no cluster."""
    linked = pair.alignment is not None and aligned_words([entity], pair.alignment)[0]
    return Reason.NO_CANDIDATE if linked else Reason.UNALIGNED
