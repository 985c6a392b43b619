"""Projected spans of a block of pairs without the marks at their ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity
from xlner.core.entity_edges import trimmed_projection
from xlner.core.pair import Outcome, Projection
from xlner.core.sentence import Sentence
from xlner.engines.bulk_entities import SourceEntities
from xlner.engines.word_shapes import are_letters
from xlner.formats.bulk import PlainPairs
from xlner.projection.kernels.distinct import Spans
from xlner.projection.kernels.objects import REASONS

Ints = NDArray[np.int64]


def trimmed_spans(block: PlainPairs, entities: SourceEntities, spans: Spans) -> Spans:
    """The spans as `trimmed_projection` leaves them. Most sentences have nothing to trim."""
    sentence = entities.sentence[spans.entity]
    rows = block.target.offsets[sentence]
    clean = are_letters(block.target, rows + spans.start, 0) & are_letters(block.target, rows + spans.end - 1, -1)
    changed = np.unique(sentence[~clean])
    if not len(changed):
        return spans
    kept = ~np.isin(sentence, changed)
    reason = spans.reason.copy()
    owners: list[int] = []
    found: list[Entity] = []
    own, made = _rows_of(entities.sentence, changed), _rows_of(sentence, changed)
    for number, rows_of_own, rows_of_made in zip(changed.tolist(), own, made, strict=True):
        outcomes = _outcomes(block, entities, spans, number, own=rows_of_own, found=rows_of_made)
        for owner, outcome in enumerate(outcomes, start=rows_of_own.start):
            reason[owner] = REASONS.index(outcome.reason)
            owners += [owner] * len(outcome.projected)
            found += outcome.projected
    entity = np.concatenate((spans.entity[kept], np.asarray(owners, np.int64)))
    start = np.concatenate((spans.start[kept], np.asarray([e.start for e in found], np.int64)))
    end = np.concatenate((spans.end[kept], np.asarray([e.end for e in found], np.int64)))
    score = np.concatenate((spans.score[kept], np.asarray([e.score for e in found], np.float64)))
    order = np.lexsort((start, entities.sentence[entity]))
    return Spans(entity[order], start[order], end[order], score[order], reason, spans.solver, spans.units)


def _rows_of(sentence: Ints, numbers: Ints) -> list[slice]:
    """Where each of these sentences is among sorted numbers of sentences."""
    bounds = (sentence.searchsorted(n).tolist() for n in (numbers, numbers + 1))
    return list(map(slice, *bounds))


def _outcomes(
    block: PlainPairs, entities: SourceEntities, spans: Spans, number: int, *, own: slice, found: slice
) -> tuple[Outcome, ...]:
    """The trimmed outcomes of a sentence with its `own` entities and the spans that were `found` for them.

    The scores of projected entities are those of their spans.
    """
    names = block.source.names
    labels = [names[label] for label in entities.label[own].tolist()]
    bounds = (entities.start[own].tolist(), entities.end[own].tolist())
    source = Sentence(tuple(block.source.words(number)), tuple(map(Entity, *bounds, labels)))
    made: list[list[Entity]] = [[] for _ in labels]
    columns = (spans.entity[found] - own.start, spans.start[found], spans.end[found], spans.score[found])
    for owner, left, right, score in zip(*(column.tolist() for column in columns), strict=True):
        made[owner].append(Entity(left, right, labels[owner], score))
    reasons = [REASONS[reason] for reason in spans.reason[own].tolist()]
    outcomes = tuple(
        Outcome(entity, tuple(projected), None if projected else reason)
        for entity, projected, reason in zip(source.entities, made, reasons, strict=True)
    )
    labeled = Sentence(tuple(block.target.words(number)), tuple(e for o in outcomes for e in o.projected))
    return trimmed_projection(source, Projection(labeled, outcomes)).outcomes
