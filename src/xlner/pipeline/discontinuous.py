"""Entities whose words a translation has put around words of another entity: `Banco de [Pedro Pons] de España`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xlner.core.entity import Entity, Span
from xlner.core.pair import Outcome, Pair, Reason

MIN_SHARE = 0.5
"""Share of the linked words of an entity that another entity must hold, if the links are guessed. Single links err."""


def without_discontinuous(pair: Pair, *, exact: bool) -> Pair:
    """Drop the entities of a projected pair that hold words of another entity; their reason is `discontinuous`.

    A target word belongs to the entities that it is linked with. With `exact` links, an entity is dropped if a word
    between its first and its last linked word belongs to others only. Otherwise it is dropped if its projected span
    has, beside words of its own, at least `MIN_SHARE` of the words of another entity. A pair without links stays.

    >>> from xlner import Alignment, Projection, Sentence
    >>> bank, ana = Entity(0, 2, "ORG"), Entity(2, 3, "PER")
    >>> source = Sentence(("Spain", "Bank", "Ana"), (bank, ana))
    >>> target = Sentence(("Banco", "Ana", "España"), (Entity(0, 3, "ORG"),))
    >>> outcomes = (Outcome(bank, target.entities), Outcome(ana, reason=Reason.OVERLAP))
    >>> links = Alignment(((0, 2), (1, 0), (2, 1)))
    >>> made = without_discontinuous(Pair(target, source, links, Projection(target, outcomes)), exact=True)
    >>> [str(outcome.reason) for outcome in made.projection.outcomes]
    ['discontinuous', 'overlap']
    """
    if pair.projection is None or pair.alignment is None or len(pair.projection.outcomes) < 2:
        return pair
    outcomes = pair.projection.outcomes
    words = _words([outcome.entity for outcome in outcomes], pair.alignment.links)
    split = {
        k
        for k, outcome in enumerate(outcomes)
        if any(_holds(words, k, span, exact=exact) for span in _spans(outcome, words[k], exact=exact))
    }
    if not split:
        return pair
    kept = tuple(
        replace(o, projected=(), reason=Reason.DISCONTINUOUS) if k in split else o for k, o in enumerate(outcomes)
    )
    entities = [entity for outcome in kept for entity in outcome.projected]
    return replace(
        pair,
        projection=replace(pair.projection, sentence=pair.projection.sentence.with_entities(entities), outcomes=kept),
    )


def _words(entities: Sequence[Entity], links: Sequence[tuple[int, int]]) -> list[set[int]]:
    """The target words that each entity is linked with."""
    return [{t for s, t in links if entity.start <= s < entity.end} for entity in entities]


def _spans(outcome: Outcome, words: set[int], *, exact: bool) -> list[Span]:
    if exact:
        return [(min(words), max(words) + 1)] if words else []
    return [entity.span for entity in outcome.projected]


def _holds(words: Sequence[set[int]], entity: int, span: Span, *, exact: bool) -> bool:
    """Whether a span of an entity has words of another one."""
    span_words = set(range(*span))
    if not span_words & words[entity]:
        return False
    inside = span_words - words[entity]
    for other, own in enumerate(words):
        held = own & inside
        if other != entity and held and (exact or len(held) >= MIN_SHARE * len(own)):
            return True
    return False
