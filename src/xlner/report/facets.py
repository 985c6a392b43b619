"""What the sentences of a page can be filtered by, such as a label or a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from xlner.core.entity import Entity
from xlner.report.shown import ShownSentence

Facet = tuple[str, str]
"""A kind and a value, such as `("label", "LOC")`."""


@dataclass(slots=True)
class FacetTable:
    """Numbers facets in the order of their first appearance, and counts the sentences that have each of them.

    >>> table = FacetTable()
    >>> table.codes([("label", "LOC"), ("label", "LOC"), ("reason", "overlap")])
    [0, 1]
    """

    counts: Counter[Facet] = field(default_factory=Counter)
    _codes: dict[Facet, int] = field(default_factory=dict)

    def codes(self, facets: list[Facet]) -> list[int]:
        """The numbers of the facets of one sentence, each once."""
        once = dict.fromkeys(facets)
        self.counts.update(once.keys())
        return [self._codes.setdefault(facet, len(self._codes)) for facet in once]

    def records(self) -> list[tuple[str, str, int]]:
        """Kind, value and number of sentences of each facet, in the order of the numbers."""
        return [(*facet, self.counts[facet]) for facet in self._codes]


def spans_of(entities: Iterable[Entity]) -> frozenset[tuple[int, int, str]]:
    """Spans with labels, to compare entities without their scores.

    >>> spans_of([Entity(0, 1, "LOC", 0.5)])
    frozenset({(0, 1, 'LOC')})
    """
    return frozenset((e.start, e.end, e.label) for e in entities)


def facets_of(shown: ShownSentence) -> Iterator[Facet]:
    """The facets of a sentence.

    >>> from xlner import Pair, Sentence
    >>> list(facets_of(ShownSentence(1, Pair(Sentence(("Vigo",)), error="aligner: no"))))
    [('state', 'failed'), ('state', 'without entities')]
    """
    pair = shown.pair
    entities = pair.latest.entities
    outcomes = pair.projection.outcomes if pair.projection else ()
    members = pair.projection.ensemble_members if pair.projection else ()
    if pair.error is not None:
        yield "state", "failed"
    if not entities:
        yield "state", "without entities"
    if any(o.dropped for o in outcomes):
        yield "state", "with dropped entities"
    if len({spans_of(m.entities) for m in members}) > 1:
        yield "state", "members differ"
    for entity in entities:
        yield "label", entity.label
    for outcome in outcomes:
        yield "label", outcome.entity.label
        if outcome.reason is not None:
            yield "reason", outcome.reason.value
    for warning in shown.warnings:
        yield "warning", warning
    if shown.judged is None:
        return
    for error in shown.judged.errors:
        yield "error", error.kind.value
        yield "stage", error.stage.value if error.stage is not None else "unknown"
        for wanted in error.gold:
            yield "label", wanted.label
    if not shown.judged.errors:
        yield "state", "all right"
