"""Projectors: complete ways to carry the entities of a source sentence over to its target sentence."""

from __future__ import annotations

from collections.abc import Sequence

from xlner._entity import Entity, Span, overlaps
from xlner._errors import UnknownNameError, ValidationError
from xlner._pair import Outcome, Pair, Projection, Reason
from xlner.projection.candidates import aligned_words, between_aligned, merged_ranges, ngrams
from xlner.projection.greedy import Option, greedy
from xlner.projection.scores import alignment_score

CANDIDATES = ("aligned", "ngrams")


class HeuristicProjector:
    """The longest run of words linked to an entity (García-Ferrero et al. 2022).

    For each entity, longest first: join its linked words across gaps of at most `gap` words, keep ranges whose length
    is more than `ratio` of the entity's, and take the longest range that is still free, the leftmost of equals.

    >>> from xlner import Alignment, Sentence
    >>> pair = Pair(Sentence(("a", "b")), Sentence(("A",), (Entity(0, 1, "LOC"),)), Alignment(((0, 1),)))
    >>> HeuristicProjector().project([pair])[0].sentence.tags()
    ['O', 'B-LOC']
    """

    def __init__(self, *, gap: int = 1, ratio: float = 0.8) -> None:
        if gap < 0 or ratio < 0:
            raise ValidationError(f"gap {gap} and ratio {ratio} must not be negative")
        self.gap = gap
        self.ratio = ratio

    @property
    def fingerprint(self) -> str:
        """What the result depends on."""
        return f"heuristic gap={self.gap} ratio={self.ratio}"

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """Project the entities of every pair."""
        return [self._project_one(pair) for pair in pairs]

    def _project_one(self, pair: Pair) -> Projection:
        entities, words = _entities_and_words(pair)
        outcomes: dict[int, Outcome] = {}
        taken: list[Span] = []
        for k in sorted(range(len(entities)), key=lambda k: (-len(entities[k]), entities[k].start)):
            span, reason = self._choose(entities[k], words[k], taken)
            if span is None:
                outcomes[k] = Outcome(entities[k], reason=reason)
            else:
                taken.append(span)
                ratio = (span[1] - span[0]) / len(entities[k])
                outcomes[k] = Outcome(entities[k], (Entity(*span, entities[k].label),), scores={"length_ratio": ratio})
        return _projection(pair, [outcomes[k] for k in range(len(entities))])

    def _choose(self, entity: Entity, words: Sequence[int], taken: Sequence[Span]) -> tuple[Span | None, Reason | None]:
        if not words:
            return None, Reason.UNALIGNED
        ranges = [r for r in merged_ranges(words, self.gap) if (r[1] - r[0]) / len(entity) > self.ratio]
        if not ranges:
            return None, Reason.BELOW_THRESHOLD
        free = [r for r in ranges if not any(overlaps(r, t) for t in taken)]
        if not free:
            return None, Reason.OVERLAP
        return min(free, key=lambda r: (r[0] - r[1], r[0])), None


class GreedyProjector:
    """Greedy matching of entities and candidate spans by the alignment score (Politov et al. 2025).

    `candidates`: `aligned`, the spans between words linked to the entity, or `ngrams`, all spans; under this score
    both have the same best spans. `max_length` bounds a candidate's words; `threshold` is the least score to accept.

    >>> from xlner import Alignment, Sentence
    >>> pair = Pair(Sentence(("a", "b")), Sentence(("A",), (Entity(0, 1, "LOC"),)), Alignment(((0, 1),)))
    >>> GreedyProjector().project([pair])[0].outcomes[0].scores["alignment"]
    1.0
    """

    def __init__(self, candidates: str = "aligned", *, max_length: int | None = None, threshold: float = 0.0) -> None:
        if candidates not in CANDIDATES:
            raise UnknownNameError(f"unknown candidates {candidates!r}", hint=f"known: {', '.join(CANDIDATES)}")
        if max_length is not None and max_length < 1:
            raise ValidationError(f"max_length {max_length} leaves no candidate", hint="use 1 or more")
        self.candidates = candidates
        self.max_length = max_length
        self.threshold = threshold

    @property
    def fingerprint(self) -> str:
        """What the result depends on."""
        return f"greedy candidates={self.candidates} max_length={self.max_length} threshold={self.threshold}"

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """Project the entities of every pair."""
        return [self._project_one(pair) for pair in pairs]

    def _project_one(self, pair: Pair) -> Projection:
        entities, words = _entities_and_words(pair)
        options = self._options(pair, entities, words)
        accepted = [o for o in options if o.score >= self.threshold]
        chosen = {o.entity: o for o in greedy(accepted, len(pair.target))}
        outcomes = []
        for k, entity in enumerate(entities):
            option = chosen.get(k)
            if option is None:
                outcomes.append(Outcome(entity, reason=_why_dropped(k, words[k], options, accepted)))
            else:
                projected = Entity(*option.span, entity.label, option.score)
                outcomes.append(Outcome(entity, (projected,), scores={"alignment": option.score}))
        return _projection(pair, outcomes)

    def _options(self, pair: Pair, entities: Sequence[Entity], words: Sequence[Sequence[int]]) -> list[Option]:
        if self.candidates == "aligned":
            spans = sorted({span for w in words for span in between_aligned(w, self.max_length)})
        else:
            spans = ngrams(len(pair.target), self.max_length or len(pair.target))
        scores = alignment_score(pair, entities, spans)
        return [Option(int(k), spans[j], float(scores[k, j])) for k, j in zip(*scores.nonzero(), strict=True)]


def _entities_and_words(pair: Pair) -> tuple[tuple[Entity, ...], list[list[int]]]:
    if pair.source is None or pair.alignment is None:
        raise ValidationError("a pair needs a source sentence and an alignment to be projected")
    return pair.source.entities, aligned_words(pair.source.entities, pair.alignment)


def _projection(pair: Pair, outcomes: Sequence[Outcome]) -> Projection:
    projected = [entity for outcome in outcomes for entity in outcome.projected]
    return Projection(pair.target.with_entities(projected), tuple(outcomes))


def _why_dropped(entity: int, words: Sequence[int], options: Sequence[Option], accepted: Sequence[Option]) -> Reason:
    if not words:
        return Reason.UNALIGNED
    if not any(o.entity == entity for o in options):
        return Reason.NO_CANDIDATE
    if not any(o.entity == entity for o in accepted):
        return Reason.BELOW_THRESHOLD
    return Reason.OVERLAP
