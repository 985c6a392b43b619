"""From `Pair` objects to flat sequences, and from what kernels found to `Projection` objects.

Results are built without validating them again: a kernel's spans are disjoint and inside their sentence, and its
labels come from valid entities. That is what makes objects in and out fast; nobody else should do it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, chain
from typing import Any, NamedTuple

from xlner._entity import Entity
from xlner._errors import ValidationError
from xlner._pair import Outcome, Pair, Projection, Reason
from xlner._sentence import Sentence
from xlner.projection._flat import Found, Pairs
from xlner.projection._run import Backend

REASONS = (
    None,
    Reason.UNALIGNED,
    Reason.NO_CANDIDATE,
    Reason.BELOW_THRESHOLD,
    Reason.OVERLAP,
    Reason.OVER_LIMIT,
)
"""What the numbers in `Found.reason` say."""


def flatten(pairs: Sequence[Pair], on: Backend, stop_tokens: frozenset[str] = frozenset()) -> Pairs:
    """Links, entities and lengths of pairs as kernels read them.

    Raises `ValidationError` for a pair without source sentence or alignment.
    """
    links: list[tuple[int, int]] = []
    entities: list[Entity] = []
    n_links, n_entities, lengths = [0], [0], []
    for pair in pairs:
        source, alignment = pair.source, pair.alignment
        if source is None or alignment is None:
            raise ValidationError("a pair needs a source sentence and an alignment to be projected")
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
    """A twin of `Entity` that can be written to, with the same slots; it becomes one by a change of its class."""

    __slots__ = Entity.__slots__

    def __init__(self, start: int, end: int, label: str, score: float | None) -> None:
        self.start = start
        self.end = end
        self.label = label
        self.score = score


class _Outcome:
    """A twin of `Outcome`."""

    __slots__ = Outcome.__slots__

    def __init__(
        self, entity: Entity, projected: tuple[Entity, ...], reason: Reason | None, scores: dict[str, float]
    ) -> None:
        self.entity = entity
        self.projected = projected
        self.reason = reason
        self.scores = scores


class _Projection:
    """A twin of `Projection`."""

    __slots__ = Projection.__slots__

    def __init__(self, sentence: Sentence, outcomes: tuple[Outcome, ...]) -> None:
        self.sentence = sentence
        self.outcomes = outcomes


class _Sentence:
    """A twin of `Sentence`."""

    __slots__ = Sentence.__slots__

    def __init__(self, of: Sentence, entities: tuple[Entity, ...]) -> None:
        self.tokens = of.tokens
        self.entities = entities
        self.text = of.text
        self.offsets = of.offsets
        self.language = of.language
        self.id = of.id
        self.meta = of.meta


def _outcome(entity: Entity, projected: tuple[Entity, ...], reason: Reason | None, scores: dict[str, float]) -> Outcome:
    made: Any = _Outcome(entity, projected, reason, scores)
    made.__class__ = Outcome
    return made  # type: ignore[no-any-return]


def _projection(target: Sentence, entities: tuple[Entity, ...], outcomes: tuple[Outcome, ...]) -> Projection:
    sentence: Any = target
    if entities or target.entities:
        sentence = _Sentence(target, entities)
        sentence.__class__ = Sentence
    made: Any = _Projection(sentence, outcomes)
    made.__class__ = Projection
    return made  # type: ignore[no-any-return]


class Build(NamedTuple):
    """How results become objects: what scores are called, whether entities carry them, what `=` and `>=` ask for."""

    score_name: str
    on_entities: bool
    required: int = 0


@contextmanager
def _no_cycles() -> Iterator[None]:
    """Hold the search for cyclic garbage: results have no cycles, and looking for them takes half of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def projections(pairs: Sequence[Pair], found: Found, build: Build) -> list[Projection]:
    """One projection per pair."""
    with _no_cycles():
        return _build_all(pairs, found, build)


def _build_all(pairs: Sequence[Pair], found: Found, build: Build) -> list[Projection]:
    columns = (found.span_entity, found.span_start, found.span_end, found.span_score)
    rows = list(zip(*map(_as_list, columns), strict=True))
    offsets, reasons = _as_list(found.span_offsets), _as_list(found.reason)
    made = []
    at = base = 0
    for pair, stop in zip(pairs, offsets[1:], strict=False):
        entities: tuple[Entity, ...] = pair.source.entities  # type: ignore[union-attr]
        if not entities:
            made.append(_projection(pair.target, (), ()))
            continue
        top = base + len(entities)
        made.append(_build_one(pair.target, entities, rows[at:stop], reasons[base:top], build))
        at, base = stop, top
    return made


def _build_one(
    target: Sentence,
    entities: tuple[Entity, ...],
    rows: Sequence[tuple[int, int, int, float]],
    reasons: Sequence[int],
    build: Build,
) -> Projection:
    """The projection of one sentence from its rows of entity, span and score."""
    name, on_entities, required = build
    projected: list[Entity] = []
    dropped = len(entities)
    outcomes: list[Any] = [None] * dropped
    for k, start, end, score in rows:
        made: Any = _Entity(start, end, entities[k].label, score if on_entities else None)
        made.__class__ = Entity
        projected.append(made)
        before = outcomes[k]
        if before is None:
            dropped -= 1
            outcomes[k] = _outcome(entities[k], (made,), None, {name: score})
        else:
            outcomes[k] = _outcome(entities[k], (*before.projected, made), None, before.scores)
    if required > 1 or dropped:
        _complete(outcomes, entities, reasons, required)
    return _projection(target, tuple(projected), tuple(outcomes))


def _complete(outcomes: list[Any], entities: Sequence[Entity], reasons: Sequence[int], required: int) -> None:
    """Fill in the dropped entities, and note on those with too few projections how many are missing."""
    for k, outcome in enumerate(outcomes):
        if outcome is None:
            outcomes[k] = _outcome(entities[k], (), REASONS[reasons[k]], {})
        elif len(outcome.projected) < required:
            outcome.scores["missing"] = float(required - len(outcome.projected))


def _as_list(values: Any) -> list[Any]:
    """A list, of Python numbers in every case."""
    return values if isinstance(values, list) else values.tolist()
