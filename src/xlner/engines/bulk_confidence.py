"""The confidence in projected spans of a block of pairs, computed as arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xlner.engines.bulk_entities import SourceEntities
from xlner.engines.word_shapes import are_capitals, are_small
from xlner.formats.bulk import PlainPairs
from xlner.projection.confidence import confidences
from xlner.projection.evidence import SMALL, LinkedWords, ProjectedSpans, evidence_of
from xlner.projection.kernels.distinct import Spans

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def confidences_in(block: PlainPairs, entities: SourceEntities, found: Spans) -> Floats:
    """The confidence of each span, that of `xlner.projection.rated`."""
    owner = found.entity
    source_spans = entities.start[owner], entities.end[owner]
    spans = ProjectedSpans(entities.sentence[owner], *source_spans, found.start, found.end)
    pair = block.source.sentences_of(block.link_sources)
    sources = block.link_sources - block.source.offsets[pair]
    links = LinkedWords.of(
        (pair, sources, block.link_targets), block.link_weights, block.source.lengths, block.target.lengths
    )
    known, scores = np.ones(len(block), bool), np.full(len(spans.pair), np.nan)
    return confidences(evidence_of(spans, links, _spelling(block, spans), known=known, scores=scores))


def _spelling(block: PlainPairs, spans: ProjectedSpans) -> Ints:
    """The fields of `Evidence` that are about letters, see `xlner.projection.evidence.evidence_of`."""
    source, target = block.source, block.target
    n = len(spans.pair)
    lost, beside, small = (np.zeros(n, np.int64) for _ in range(3))
    source_size, target_size = source.lengths[spans.pair], target.lengths[spans.pair]
    source_first, target_first = source.offsets[spans.pair], target.offsets[spans.pair]
    for one, next_one, other, next_other in (
        (spans.source_start, spans.source_start - 1, spans.start, spans.start - 1),
        (spans.source_end - 1, spans.source_end, spans.end - 1, spans.end),
    ):
        here = are_capitals(target, target_first + other)
        lost += (one > 0) & (other > 0) & ~here & are_capitals(source, source_first + one)
        has_next = (next_one >= 0) & (next_one < source_size)
        next_there = has_next & are_capitals(source, source_first + np.where(has_next, next_one, 0))
        has_next = (next_other > 0) & (next_other < target_size)
        beside += has_next & here & are_capitals(target, target_first + np.where(has_next, next_other, 0)) & ~next_there
        small += are_small(target, target_first + other, SMALL) & ~are_small(source, source_first + one, SMALL)
    return np.stack((lost, beside, small), axis=1)
