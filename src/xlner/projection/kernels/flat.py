"""Sentence pairs, candidates and results as flat sequences, which kernels read and write.

Every field is a list or a numpy array that holds one sentence after the other. Sentence `i` is at
`…_offsets[i]:…_offsets[i + 1]`. Positions are counted within the sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from xlner.projection.kernels.compile import Floats, Ints

SCALE = 5_354_228_880
"""Units in a score of 1: the least common multiple of 1 … 24.

Matchers sum scores as whole numbers of units, so that sums are exact and equal scores tie in any order. Because many
numbers divide it, sums of fractions are exact too: 1/3 + 2/3 is 1, not one unit less.
"""


class Pairs(NamedTuple):
    """Links, entities and target lengths of many sentence pairs.

    `links` holds source and target position in turn, sorted and each once within a sentence; entities are sorted and
    disjoint; `stops` are the positions that no candidate may contain, sorted.
    """

    links: Ints
    link_offsets: Ints
    entity_starts: Ints
    entity_ends: Ints
    entity_offsets: Ints
    lengths: Ints
    stops: Ints
    stop_offsets: Ints


class Items(NamedTuple):
    """Candidates of one sentence: entity, target span, score, and the score in units."""

    entity: Ints
    start: Ints
    end: Ints
    score: Floats
    weight: Ints


class Rule(NamedTuple):
    """How often an entity is projected: at most `n` times if `limited`, at least `n` times if `required`."""

    n: int
    limited: int
    required: int


class Words(NamedTuple):
    """Target words linked to one entity, sorted: position, number of links, linked to the first word of the entity."""

    position: Ints
    links: Ints
    first: Ints


class States(NamedTuple):
    """States of the sweep and the paths that they share; `size` has the number of states, of path cells and of steps.

    A state is a bit field with the number of projections of each open entity. `place_of` is its index, 0 if missing.
    """

    mask: Ints
    met: Ints
    weight: Ints
    length: Ints
    path: Ints
    item: Ints
    rest: Ints
    place_of: Ints
    size: Ints


class Work(NamedTuple):
    """Scratch memory of kernels, in the order of its index: entities, positions, items."""

    best: Ints
    parent: Ints
    conflict: Ints
    first_end: Ints
    last_start: Ints
    shift: Ints
    used: Ints
    head: Ints
    event: Ints
    event_start: Ints
    event_state: Ints
    closed: Ints
    order: Ints
    next: Ints
    chosen: Ints


class Found(NamedTuple):
    """Results of many sentences: the chosen spans in order, solver and objective per sentence, reason per entity.

    `span_entity` is counted within the sentence. `reason` is an index into `REASONS`, `solver` one into `SOLVERS`.
    """

    span_entity: Ints
    span_start: Ints
    span_end: Ints
    span_score: Floats
    span_offsets: Ints
    solver: Ints
    objective: Ints
    reason: Ints


GREEDY, SINGLE, SWEEP, MILP, TOO_WIDE = range(5)
SOLVERS = ("greedy", "single", "dp", "milp")
PROJECTED, UNALIGNED, NO_CANDIDATE, BELOW_THRESHOLD, OVERLAP, OVER_LIMIT = range(6)

Zeros = Callable[[int], Any]
"""A function that makes a list or array of `n` zeros."""


def list_of_zeros(n: int) -> list[int]:
    """A list of zeros, for runs without numba."""
    return [0] * n


def make_items(zeros: Zeros, floats: Zeros, n: int) -> Items:
    """Memory for `n` candidates."""
    return Items(zeros(n), zeros(n), zeros(n), floats(n), zeros(n))


def make_words(zeros: Zeros, n: int) -> Words:
    """Memory for the words of a sentence of `n` words."""
    return Words(zeros(n), zeros(n), zeros(n))


def make_work(zeros: Zeros, n_items: int, n_positions: int, n_entities: int) -> Work:
    """Memory for sentences of up to these numbers of candidates, target words and entities."""
    sizes = [n_entities + 1] * 7 + [n_positions + 2] * 5 + [n_items + 1] * 2 + [max(n_positions, n_entities) + 1]
    return Work._make(map(zeros, sizes))


ROOMS = ((8, 1 << 10), (12, 1 << 14), (16, 1 << 18))
"""Bits of a state and number of states of each attempt to sweep a sentence, before it goes to the integer program."""


MOST_STEPS = 700_000
"""Steps of a sweep, before the sentence goes to the integer program: about a second without numba.

A step adds one candidate to one state, or compares one span of two paths. A limit of steps, unlike one of time, gives
the same result on every machine.
"""


def make_states(zeros: Zeros, room: int) -> States:
    """Memory for a sweep."""
    bits, n = ROOMS[room]
    return States._make(map(zeros, [n] * 7 + [1 << bits, 3]))


def make_found(zeros: Zeros, floats: Zeros, n_sentences: int, n_entities: int, n_spans: int) -> Found:
    """Memory for results."""
    spans = (zeros(n_spans), zeros(n_spans), zeros(n_spans), floats(n_spans))
    return Found(*spans, zeros(n_sentences + 1), zeros(n_sentences), zeros(n_sentences), zeros(n_entities))
