"""What speaks for each projected entity and against it, as numbers: one row per entity, computed as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlner.core.alignment import Alignment
from xlner.core.entity import Span
from xlner.core.pair import Pair, Projection
from xlner.errors import ValidationError
from xlner.text.counts import counted

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_OUTSIDE = 3
"""Words outside the span from which more make no difference."""
SMALL = 3
"""Letters up to which a lower-case word may be an article or a preposition."""


class Evidence(NamedTuple):
    """Evidence for projected entities: one number per entity in every field, NaN where it is not known.

    An entity is a source entity, its span the words it was projected to. Between links are those of the entity into
    the span.

    - `source_linked`, `target_linked`: the share of the words of the entity, and of the span, that such links have.
    - `links`: the number of these links for each word that has one; one half if all words have one partner.
    - `outside`: how many words outside the span are linked to the entity, up to 3.
    - `neighbors`: on how many sides, 0 to 2, the words next to entity and span are linked to each other; the ends of
      both sentences count as linked.
    - `bounded`: on how many sides the word next to the span has a link to a word outside the entity, or is missing.
    - `weakest`: the smallest weight of these links, from 0 to 1.
    - `growth`: the logarithm of the span's number of words divided by that of the entity.
    - `lost_capitals`: at how many ends the entity has a capital letter and the span has none. The first word of a
      sentence tells nothing.
    - `next_capitals`: on how many sides a word with a capital letter follows that the source has not.
    - `small_words`: at how many ends the span has a small word, such as an article, and the entity has none.
    - `recognized`: the score of the entity by the recognizer, from 0 to 1.
    """

    source_linked: Floats
    target_linked: Floats
    links: Floats
    outside: Floats
    neighbors: Floats
    bounded: Floats
    weakest: Floats
    growth: Floats
    lost_capitals: Floats
    next_capitals: Floats
    small_words: Floats
    recognized: Floats


def evidence(pairs: Sequence[Pair], projections: Sequence[Projection]) -> Evidence:
    """The evidence for every projected entity, by pair, outcome and span.

    Raises `ValidationError` if a projection does not have one outcome for each source entity of its pair.

    >>> from xlner import Alignment, Entity, Sentence, load
    >>> source = Sentence(("in", "New", "York"), (Entity(1, 3, "LOC"),))
    >>> pair = Pair(Sentence(("en", "Nueva", "York")), source, Alignment(((0, 0), (1, 1), (2, 2))))
    >>> found = evidence([pair], load("projector", "greedy").project([pair]))
    >>> found.source_linked.tolist(), found.neighbors.tolist()
    ([1.0], [2.0])
    """
    if len(pairs) != len(projections):
        raise ValidationError(f"{counted(len(pairs), 'pair')} but {counted(len(projections), 'projection')}")
    rows: list[tuple[int, int, int, int, int]] = []
    spelled: list[tuple[int, int, int]] = []
    scores: list[float] = []
    for k, (pair, projection) in enumerate(zip(pairs, projections, strict=True)):
        source, target = pair.source, pair.target.tokens
        if source is None or len(source.entities) != len(projection.outcomes):
            raise ValidationError(f"projection {k + 1} does not have one outcome for each source entity of its pair")
        for outcome in projection.outcomes:
            entity = outcome.entity
            for made in outcome.projected:
                rows.append((k, entity.start, entity.end, made.start, made.end))
                spelled.append(_spelling(source.tokens, entity.span, target, made.span))
                scores.append(np.nan if entity.score is None else min(max(entity.score, 0.0), 1.0))
    found = ProjectedSpans.of(rows)
    links = LinkedWords.of_pairs(pairs, found)
    known = np.array([p.alignment is not None for p in pairs], bool)
    return evidence_of(found, links, np.array(spelled, np.int64).reshape(-1, 3), known=known, scores=np.array(scores))


def evidence_of(
    spans: ProjectedSpans, links: LinkedWords, spelling: Ints, *, known: NDArray[np.bool_], scores: Floats
) -> Evidence:
    """The evidence for projected entities as arrays.

    `spelling` has a row for each entity: `lost_capitals`, `next_capitals` and `small_words`. `known` says for each pair
    whether it has an alignment, and `scores` are those of the recognizer, NaN where it gave none.
    """
    growth = np.log((spans.end - spans.start) / (spans.source_end - spans.source_start))
    return Evidence._make((*_of_links(links, spans, known), growth, *spelling.astype(np.float64).T, scores))


class ProjectedSpans(NamedTuple):
    """The pair, the source entity and the span of each projected entity."""

    pair: Ints
    source_start: Ints
    source_end: Ints
    start: Ints
    end: Ints

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int, int, int]]) -> ProjectedSpans:
        """From one row for each entity."""
        return cls(*np.array(rows, np.int64).reshape(-1, 5).T)


class LinkedWords(NamedTuple):
    """The links of all pairs, by source word and then target word, and where the words of each pair begin.

    - `source`, `target`, `weight`: the words of each link and its weight, infinite for links without weights.
    - `source_offsets`, `target_offsets`: the first word of each pair, and the place behind the last pair.

    Words are counted on from one pair to the next, with a place before the first and behind the last of a sentence, so
    that every word has neighbors.
    """

    source: Ints
    target: Ints
    weight: Floats
    source_offsets: Ints
    target_offsets: Ints

    @classmethod
    def of(
        cls, links: tuple[Ints, Ints, Ints], weight: Floats | None, source_lengths: Ints, target_lengths: Ints
    ) -> LinkedWords:
        """From the pair, the source word and the target word of each link, and the numbers of words of all pairs."""
        pair, source, target = links
        sources, targets = _offsets(source_lengths), _offsets(target_lengths)
        weights = np.full(len(pair), np.inf) if weight is None else weight
        return cls(source + sources[pair], target + targets[pair], weights, sources, targets)

    @classmethod
    def of_pairs(cls, pairs: Sequence[Pair], rows: ProjectedSpans) -> LinkedWords:
        """The links of the pairs that have rows."""
        needed = np.zeros(len(pairs), bool)
        needed[rows.pair] = True
        alignments = [p.alignment if wanted else None for p, wanted in zip(pairs, needed.tolist(), strict=True)]
        counts = [0 if a is None else len(a) for a in alignments]
        flat = chain.from_iterable(chain.from_iterable(a.links for a in alignments if a is not None))
        links = np.fromiter(flat, np.int64, 2 * sum(counts)).reshape(-1, 2)
        weights = chain.from_iterable(_weights(a) for a in alignments if a is not None)
        lengths = [(0 if p.source is None else len(p.source.tokens), len(p.target.tokens)) for p in pairs]
        pair = np.repeat(np.arange(len(pairs)), counts)
        weight = np.fromiter(weights, np.float64, sum(counts))
        return cls.of((pair, links[:, 0], links[:, 1]), weight, *np.array(lengths, np.int64).reshape(-1, 2).T)


def _offsets(lengths: Ints) -> Ints:
    """The place of the first word of each sentence, with two places more than words for each."""
    return np.concatenate(([1], 1 + np.cumsum(lengths + 2)))


def _weights(alignment: Alignment) -> Sequence[float]:
    return (np.inf,) * len(alignment) if alignment.weights is None else alignment.weights


def _of_links(links: LinkedWords, rows: ProjectedSpans, known: NDArray[np.bool_]) -> Iterator[Floats]:
    """The fields of `Evidence` that are about links, in order, but `growth`."""
    n = len(rows.pair)
    unknown = np.where(known[rows.pair], 0.0, np.nan)
    first, last = (words + links.source_offsets[rows.pair] for words in (rows.source_start, rows.source_end))
    start, end = (words + links.target_offsets[rows.pair] for words in (rows.start, rows.end))

    # The links of each entity, one after the other.
    low, high = np.searchsorted(links.source, (first, last))
    row = np.repeat(np.arange(n), high - low)
    at = np.arange(len(row)) + np.repeat(low - np.cumsum(high - low) + (high - low), high - low)
    source, target, weight = links.source[at], links.target[at], links.weight[at]
    inside = (start[row] <= target) & (target < end[row])

    def distinct(words: Ints, chosen: NDArray[np.bool_]) -> Ints:
        """How many distinct words each row has."""
        size = links.target_offsets[-1] + links.source_offsets[-1]
        codes = np.sort(row[chosen] * size + words[chosen])
        return np.bincount(codes[np.diff(codes, prepend=-1) > 0] // size, minlength=n)

    sources, targets = distinct(source, inside), distinct(target, inside)
    yield unknown + sources / (last - first)
    yield unknown + targets / (end - start)
    between = np.bincount(row[inside], minlength=n)
    yield np.where(between > 0, unknown + between / np.maximum(sources + targets, 1), np.nan)
    yield unknown + np.minimum(distinct(target, ~inside), _MOST_OUTSIDE)

    codes = links.source * links.target_offsets[-1] + links.target
    partners = np.bincount(links.target, minlength=links.target_offsets[-1])
    neighbors, bounded = np.zeros(n), np.zeros(n)
    source_size, target_size = (np.diff(o)[rows.pair] - 2 for o in (links.source_offsets, links.target_offsets))
    for one, other, at_source_end, at_end in (
        (first - 1, start - 1, rows.source_start == 0, rows.start == 0),
        (last, end, rows.source_end == source_size, rows.end == target_size),
    ):
        beside = one * links.target_offsets[-1] + other
        linked = np.searchsorted(codes, beside, "left") < np.searchsorted(codes, beside, "right")
        neighbors += linked | (at_source_end & at_end)
        of_entity = np.bincount(row[target == other[row]], minlength=n)
        bounded += (partners[other] > of_entity) | at_end
    yield unknown + neighbors
    yield unknown + bounded
    weakest = np.full(n, np.inf)
    np.minimum.at(weakest, row[inside], weight[inside])
    yield np.where(np.isfinite(weakest), weakest.clip(0, 1), np.nan)


def _spelling(source: Sequence[str], entity: Span, target: Sequence[str], span: Span) -> tuple[int, int, int]:
    """How many capitals are lost, how many are next to the span, and how many of its ends are small words."""
    lost = beside = small = 0
    for one, next_one, other, next_other in (
        (entity[0], entity[0] - 1, span[0], span[0] - 1),
        (entity[1] - 1, entity[1], span[1] - 1, span[1]),
    ):
        there, here = source[one], target[other]
        has_capital = here[0].isupper()
        if one > 0 and other > 0 and there[0].isupper() and not has_capital:
            lost += 1
        if 0 < next_other < len(target) and has_capital and target[next_other][0].isupper():
            beside += not (0 <= next_one < len(source) and source[next_one][0].isupper())
        small += _is_small(here) and not _is_small(there)
    return lost, beside, small


def _is_small(word: str) -> bool:
    return len(word) <= SMALL and word.islower()
