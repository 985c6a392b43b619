"""Convert `Pair` objects to flat sequences, and the results of kernels to `Projection` objects.

Objects are most of the cost of projection once kernels are compiled, so two shortcuts are taken here, and only here.
Numbers are thousands of sentences per second, `exact`, compiled, 20,000 synthetic sentences, one core:

- Results are not validated again: the spans of kernels are disjoint and inside their sentence, and labels come from
  valid entities. A mutable twin of each frozen class is filled and then gets the class of the original: 147.
  `object.__setattr__` on the originals gives 111 with as much code, their constructors 46.
- The garbage collector is off while results are built, and afterwards they count as old: 110. Only switching it off
  gives 80, and 26 if the caller goes on to allocate, because the search is just put off. Leaving it on gives 37.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, chain
from typing import Any, NamedTuple

from xlner.core.entity import Entity
from xlner.core.pair import Outcome, Pair, Projection, Reason
from xlner.core.sentence import Sentence
from xlner.projection.kernels.flat import SCALE, SOLVERS, Found, Pairs
from xlner.projection.kernels.run import COMPILE_FROM, Backend

REASONS = (
    None,
    Reason.UNALIGNED,
    Reason.NO_CANDIDATE,
    Reason.BELOW_THRESHOLD,
    Reason.OVERLAP,
    Reason.OVER_LIMIT,
)
"""The reasons that the numbers in `Found.reason` stand for."""


def flatten(pairs: Sequence[Pair], on: Backend, stop_tokens: frozenset[str] = frozenset()) -> Pairs:
    """Links, entities and lengths of pairs as kernels read them.

    Raises `ValidationError` for a pair without source sentence or alignment.
    """
    links: list[tuple[int, int]] = []
    entities: list[Entity] = []
    n_links, n_entities, lengths = [0], [0], []
    for pair in pairs:
        source, alignment = pair.source, pair.alignment
        if source is None or alignment is None:  # asked for only then: this loop is hot
            source, alignment = pair.require_source(), pair.require_alignment()
        if source.entities:
            links += alignment.links
            entities += source.entities
        n_links.append(len(links))
        n_entities.append(len(entities))
        lengths.append(len(pair.target.tokens))
    stops = [[k for k, t in enumerate(p.target.tokens) if t in stop_tokens] for p in pairs] if stop_tokens else []
    n_stops = list(accumulate(map(len, stops), initial=0)) if stops else [0] * (len(pairs) + 1)
    as_ints = on.ints
    return Pairs(
        as_ints(chain.from_iterable(links), 2 * len(links)),
        as_ints(n_links, len(n_links)),
        as_ints([e.start for e in entities], len(entities)),
        as_ints([e.end for e in entities], len(entities)),
        as_ints(n_entities, len(n_entities)),
        as_ints(lengths, len(lengths)),
        as_ints(chain.from_iterable(stops), n_stops[-1]),
        as_ints(n_stops, len(n_stops)),
    )


class _Entity:
    """A mutable twin of `Entity` with the same slots; it becomes an `Entity` when its class is changed."""

    __slots__ = Entity.__slots__


class _Outcome:
    """A twin of `Outcome`."""

    __slots__ = Outcome.__slots__


class _Projection:
    """A twin of `Projection`."""

    __slots__ = Projection.__slots__


class _Sentence:
    """A twin of `Sentence`."""

    __slots__ = Sentence.__slots__


class Build(NamedTuple):
    """How to build objects: the name of the score, whether a matcher found the spans, whether an entity may have
    several spans, and how many projections `=` and `>=` require."""

    score_name: str
    matched: bool = True
    several: bool = False
    required: int = 0


@contextmanager
def _no_cycles(n: int) -> Iterator[None]:
    """Pause the search for cyclic garbage, because results have no cycles and the search takes most of the time.

    After many results, all objects are moved to the oldest generation. Otherwise the next allocations would start the
    search that was paused.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if n >= COMPILE_FROM and not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def projections(pairs: Sequence[Pair], found: Found, build: Build) -> list[Projection]:
    """One projection per pair."""
    with _no_cycles(len(pairs)):
        return _build_all(pairs, found, build)


def _build_all(pairs: Sequence[Pair], found: Found, build: Build) -> list[Projection]:
    columns = (found.span_entity, found.span_start, found.span_end, found.span_score)
    next_row = zip(*map(_as_list, columns), strict=True).__next__
    offsets, reasons = _as_list(found.span_offsets), _as_list(found.reason)
    solvers, objectives = _as_list(found.solver), _as_list(found.objective)
    made = []
    at = base = 0
    for pair, stop, solver, objective in zip(pairs, offsets[1:], solvers, objectives, strict=False):
        entities: tuple[Entity, ...] = pair.source.entities  # type: ignore[union-attr]
        projection: Any = _Projection()
        if entities:
            projected, outcomes = _build_one(entities, next_row, stop - at, build)
            top = base + len(entities)
            if build.several or stop - at < len(entities):
                _complete(outcomes, entities, reasons[base:top], build.required)
            projection.sentence = _labeled(pair.target, tuple(projected))
            projection.outcomes = tuple(outcomes)
            at, base = stop, top
        else:
            projection.sentence = _labeled(pair.target, ())
            projection.outcomes = ()
        projection.ensemble_members = ()
        projection.solver = SOLVERS[solver] if build.matched else None
        projection.objective = objective / SCALE if build.matched else None
        projection.__class__ = Projection
        made.append(projection)
    return made


def _build_one(
    entities: tuple[Entity, ...], next_row: Callable[[], tuple[int, int, int, float]], n_rows: int, build: Build
) -> tuple[list[Entity], list[Any]]:
    """The projected entities of one sentence and its outcomes, None for an entity that was dropped."""
    name, matched = build.score_name, build.matched
    projected: list[Entity] = []
    outcomes: list[Any] = [None] * len(entities)
    for _ in range(n_rows):
        k, start, end, score = next_row()
        source = entities[k]
        made: Any = _Entity()
        made.start = start
        made.end = end
        made.label = source.label
        made.score = score if matched else None
        made.__class__ = Entity
        projected.append(made)
        before = outcomes[k]
        outcome: Any = _Outcome()
        outcome.entity = source
        outcome.projected = (made,) if before is None else (*before.projected, made)
        outcome.reason = None
        outcome.scores = {name: score} if before is None else before.scores
        outcome.__class__ = Outcome
        outcomes[k] = outcome
    return projected, outcomes


def _labeled(target: Sentence, entities: tuple[Entity, ...]) -> Sentence:
    if not entities and not target.entities:
        return target
    made: Any = _Sentence()
    made.tokens = target.tokens
    made.entities = entities
    made.text = target.text
    made.offsets = target.offsets
    made.language = target.language
    made.id = target.id
    made.meta = target.meta
    made.__class__ = Sentence
    return made  # type: ignore[no-any-return]


def _complete(outcomes: list[Any], entities: Sequence[Entity], reasons: Sequence[int], required: int) -> None:
    """Add the outcomes of dropped entities, and the number of missing projections to those with too few."""
    for k, outcome in enumerate(outcomes):
        if outcome is None:
            outcomes[k] = Outcome(entities[k], reason=REASONS[reasons[k]])
        elif len(outcome.projected) < required:
            outcome.scores["missing"] = float(required - len(outcome.projected))


def _as_list(values: Any) -> list[Any]:
    """The values as a list of Python numbers."""
    return values if isinstance(values, list) else values.tolist()
