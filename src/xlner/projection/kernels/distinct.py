"""Project many sentences on arrays, and what is equal only once.

In most sentences no entity competes with another: between the first and the last word that an entity is linked to there
is no word that another entity is linked to. Then each entity is projected by itself, and entities with the same length
and the same links get the same span, counted from their first linked word. So the kernels see each of these once, and
the other sentences as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlner.projection.kernels.flat import PROJECTED, Found, Pairs

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_MOST_KNOWN = 200_000
"""Entities to remember."""
_SIZE, _SOURCE, _TARGET = 8, 8, 16
"""Bits for the length of an entity, and for the source and the target word of a link, counted from its first ones."""


class LinkedEntities(NamedTuple):
    """Entities and their links in many sentences.

    - `sentence`, `start`, `end`: the sentence of each entity and its words, sorted, shape `(n,)`.
    - `link_entity`, `link_source`, `link_target`: the entity of each link, the source word counted from the first word
      of the entity, and the target word, sorted, shape `(n_links,)`.
    """

    sentence: Ints
    start: Ints
    end: Ints
    link_entity: Ints
    link_source: Ints
    link_target: Ints


class Spans(NamedTuple):
    """The projected spans, and what was found about each entity, as in `flat.Found`.

    - `entity`, `start`, `end`, `score`: the entity of each span, its words, and its score.
    - `reason`, `solver`: those of each entity; `units`: the objective of a sentence is the sum over its entities.
    """

    entity: Ints
    start: Ints
    end: Ints
    score: Floats
    reason: Ints
    solver: Ints
    units: Ints


@dataclass(slots=True)
class DistinctSolver:
    """Projects entities by a function that runs kernels; equal ones only once.

    - `solve`: runs the kernels of a projector.
    - `score_name`: the name of the scores of spans; `matched`: whether a matcher found the spans, see `objects.Build`.
    - `independent`: whether it projects an entity by itself where no other one competes for its words, onto one span.

    >>> from xlner.projection.range_projectors import HeuristicProjector
    >>> one, two = np.array([0, 1]), np.array([1, 2])
    >>> solver = HeuristicProjector().solver()
    >>> solver.spans(LinkedEntities(one, one, two, one, one - one, np.array([3, 5]))).start.tolist()
    [3, 5]
    """

    solve: Callable[[Pairs], Found]
    score_name: str
    matched: bool
    independent: bool = True
    _known: dict[bytes, int] = field(default_factory=dict)
    _rows: Ints = field(default_factory=lambda: np.zeros((0, 5), np.int64))  # of each known one, see `_learn`
    _scores: Floats = field(default_factory=lambda: np.zeros(0))

    def spans(self, given: LinkedEntities) -> Spans:
        """The spans of all entities, sorted by sentence and start."""
        n = len(given.sentence)
        counts = np.bincount(given.link_entity, minlength=n)
        first = np.cumsum(counts) - counts
        linked = np.flatnonzero(counts)
        low, high = np.zeros(n, np.int64), np.zeros(n, np.int64)
        if len(linked):
            low[linked] = np.minimum.reduceat(given.link_target, first[linked])
            high[linked] = np.maximum.reduceat(given.link_target, first[linked])
        crowded = np.ones(n, bool)
        if self.independent:
            crowded = _of_sentences(given.sentence, _competing(given.sentence, low, high, linked))
            crowded = _of_sentences(given.sentence, crowded | self._too_long(given, low, high))
        alone = self._alone(given, np.flatnonzero(~crowded), low, first, counts)
        together = self._together(given, np.flatnonzero(crowded))
        entity, start, end = (np.concatenate(parts) for parts in zip(alone[:3], together[:3], strict=True))
        score = np.concatenate((alone.score, together.score))
        order = np.lexsort((start, given.sentence[entity]))
        made = np.zeros((3, n), np.int64)
        made[:, ~crowded], made[:, crowded] = alone[4:], together[4:]
        return Spans(entity[order], start[order], end[order], score[order], *made)

    def solver_without_entities(self) -> int:
        """The solver of a sentence without entities."""
        return int(self.solve(Pairs([], [0, 0], [], [], [0, 0], [1], [], [0, 0])).solver[0])

    @staticmethod
    def _too_long(given: LinkedEntities, low: Ints, high: Ints) -> NDArray[np.bool_]:
        long = given.end - given.start >= min(1 << _SIZE, 1 << _SOURCE)
        return long | (high - low >= 1 << _TARGET)

    def _alone(self, given: LinkedEntities, entities: Ints, low: Ints, first: Ints, counts: Ints) -> Spans:
        """The spans of entities that do not compete."""
        size = given.end - given.start
        codes = (size[given.link_entity] << (_SOURCE + _TARGET)) | (given.link_source << _TARGET)
        codes |= given.link_target - low[given.link_entity]
        data = codes.astype(np.uint32).tobytes()
        begin = 4 * first[entities]
        places = zip(begin.tolist(), (begin + 4 * counts[entities]).tolist(), strict=True)
        keys = [data[start:end] for start, end in places]
        known = self._known
        if len(known) > _MOST_KNOWN:
            known.clear()
            self._rows, self._scores = self._rows[:0], self._scores[:0]
        if new := sorted(set(keys).difference(known)):
            self._learn(new)
        numbers = np.array([known[key] for key in keys], np.int64)
        start, end, *facts = self._rows[numbers].T
        made = np.flatnonzero(facts[0] == PROJECTED)
        entity = entities[made]
        return Spans(entity, low[entity] + start[made], low[entity] + end[made], self._scores[numbers[made]], *facts)

    def _learn(self, keys: Sequence[bytes]) -> None:
        """Project entities, each in a sentence of its own. A row has its span, reason, solver and objective."""
        links: list[list[tuple[int, int]]] = []
        sizes, lengths = [], []
        for key in keys:
            codes = np.frombuffer(key, np.uint32).astype(np.int64)
            sizes.append(int(codes[0]) >> (_SOURCE + _TARGET) if len(codes) else 1)  # without links it does not matter
            source, target = (codes >> _TARGET) & ((1 << _SOURCE) - 1), codes & ((1 << _TARGET) - 1)
            links.append(list(zip(source.tolist(), target.tolist(), strict=True)))
            lengths.append(int(target.max(initial=0)) + 1)
        found = self.solve(
            Pairs(
                list(chain.from_iterable(chain.from_iterable(links))),
                list(accumulate(map(len, links), initial=0)),
                [0] * len(keys),
                sizes,
                list(range(len(keys) + 1)),
                lengths,
                [],
                [0] * (len(keys) + 1),
            )
        )
        rows, scores = [], []
        facts = zip(found.reason, found.solver, found.objective, strict=True)
        for at, (reason, *others) in zip(found.span_offsets, facts, strict=False):
            made = reason == PROJECTED
            rows.append((*((found.span_start[at], found.span_end[at]) if made else (0, 0)), reason, *others))
            scores.append(found.span_score[at] if made else 0.0)
        self._known.update(zip(keys, range(len(self._rows), len(self._rows) + len(keys)), strict=True))
        self._rows = np.concatenate((self._rows, np.asarray(rows, np.int64)))
        self._scores = np.concatenate((self._scores, np.asarray(scores, np.float64)))

    def _together(self, given: LinkedEntities, entities: Ints) -> Spans:
        """The spans of the entities of sentences that are solved as they are."""
        of_entity = given.sentence[entities]
        new = np.diff(of_entity, prepend=-1) > 0
        sentence, row = of_entity[new], np.cumsum(new) - 1
        counts = np.bincount(row, minlength=len(sentence))
        wanted = np.zeros(len(given.sentence), bool)
        wanted[entities] = True
        links = np.flatnonzero(wanted[given.link_entity])
        of_link = given.link_entity[links]
        rows = np.searchsorted(sentence, given.sentence[of_link])
        source = given.start[of_link] + given.link_source[links]
        target = given.link_target[links]
        lengths = np.zeros(len(sentence), np.int64)
        np.maximum.at(lengths, rows, target + 1)
        offsets = np.concatenate(([0], np.cumsum(counts)))
        found = self.solve(
            Pairs(
                np.stack((source, target), axis=1).ravel().tolist(),
                np.searchsorted(rows, np.arange(len(sentence) + 1)).tolist(),
                given.start[entities].tolist(),
                given.end[entities].tolist(),
                offsets.tolist(),
                lengths.tolist(),
                [],
                [0] * (len(sentence) + 1),
            )
        )
        n = found.span_offsets[-1]
        spans = np.asarray(found.span_offsets, np.int64)
        base = np.repeat(offsets[:-1], np.diff(spans))
        entity = entities[base + np.asarray(found.span_entity[:n], np.int64)]
        start, end = (np.asarray(column[:n], np.int64) for column in (found.span_start, found.span_end))
        solver, units = np.repeat(np.asarray(found.solver, np.int64), counts), np.zeros(len(entities), np.int64)
        units[offsets[:-1]] = found.objective
        score = np.asarray(found.span_score[:n], np.float64)
        return Spans(entity, start, end, score, np.asarray(found.reason, np.int64), solver, units)


def _competing(sentence: Ints, low: Ints, high: Ints, linked: Ints) -> NDArray[np.bool_]:
    """Whether another entity is linked to a word between the first and the last linked word of an entity."""
    order = linked[np.lexsort((low[linked], sentence[linked]))]
    before, after = order[:-1], order[1:]
    overlap = (sentence[before] == sentence[after]) & (low[after] <= high[before])
    competing = np.zeros(len(sentence), bool)
    competing[after[overlap]] = True
    return competing


def _of_sentences(sentence: Ints, entities: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """All entities of the sentences of these entities."""
    chosen = np.zeros(int(sentence.max(initial=-1)) + 1, bool)
    chosen[sentence[entities]] = True
    return chosen[sentence]
