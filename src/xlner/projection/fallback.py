"""A second projection for the entities that the first one dropped, onto words that are still free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xlner.core.alignment import Alignment
from xlner.core.entity import overlaps
from xlner.core.pair import Outcome, Pair, Reason


def remaining(pair: Pair, outcomes: Sequence[Outcome]) -> Pair:
    """The pair with only the dropped entities, and without links to words that projected entities take.

    Raises `ValidationError` for a pair without source.

    >>> from xlner import Entity, Sentence
    >>> first, second = Entity(0, 1, "LOC"), Entity(1, 2, "LOC")
    >>> pair = Pair(Sentence(("a",)), Sentence(("A", "B"), (first, second)), Alignment(((0, 0), (1, 0))))
    >>> left = remaining(pair, [Outcome(first, (first,)), Outcome(second, reason=Reason.OVERLAP)])
    >>> left.source.entities == (second,), left.alignment.links
    (True, ())
    """
    whole = pair.require_source()
    taken = {word for outcome in outcomes for entity in outcome.projected for word in range(*entity.span)}
    links = pair.alignment or Alignment(())
    kept = [k for k, (_, target) in enumerate(links.links) if target not in taken]
    weights = None if links.weights is None else tuple(links.weights[k] for k in kept)
    source = whole.with_entities(outcome.entity for outcome in outcomes if outcome.dropped)
    alignment = Alignment(tuple(links.links[k] for k in kept), weights, links.similarity)
    return replace(pair, source=source, alignment=alignment)


def with_fallback(pair: Pair, first: Sequence[Outcome], second: Sequence[Outcome]) -> list[Outcome]:
    """The first outcomes, with each dropped one replaced by the second outcome of its entity.

    `second` has one outcome for each dropped entity, in order. Second projections that overlap first ones are dropped.

    >>> from xlner import Entity, Sentence
    >>> pair = Pair(Sentence(("Vigo",)), Sentence(("Vigo",)), Alignment(()))
    >>> lost, found = Outcome(Entity(0, 1, "LOC"), reason=Reason.NO_CANDIDATE), Entity(0, 1, "LOC")
    >>> with_fallback(pair, [lost], [Outcome(found, (found,))])[0].dropped
    False
    """
    taken = [entity for outcome in first for entity in outcome.projected]
    linked = {source for source, _ in (pair.alignment or Alignment(())).links}
    replacements = iter(second)
    made = []
    for outcome in first:
        if not outcome.dropped:
            made.append(outcome)
            continue
        again = next(replacements)
        free = tuple(e for e in again.projected if not any(overlaps(e.span, t.span) for t in taken))
        reason = again.reason or (None if free else Reason.OVERLAP)
        if reason is Reason.UNALIGNED and linked.intersection(range(*outcome.entity.span)):
            reason = Reason.OVERLAP  # it has links, but only to words that others take
        made.append(Outcome(outcome.entity, free, reason, {**outcome.scores, **again.scores}))
    return made
