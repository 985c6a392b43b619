"""Run kernels: check options, allocate memory, and solve sentences that are too wide for the sweep."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from xlner.errors import UnknownNameError, ValidationError
from xlner.projection.kernels.batch import (
    CandidateSearch,
    match_batch,
    most_items,
    sizes,
    write_matches,
)
from xlner.projection.kernels.compile import can_compile, compiled
from xlner.projection.kernels.flat import (
    GREEDY,
    MILP,
    ROOMS,
    Found,
    Items,
    Pairs,
    Rule,
    Work,
    list_of_zeros,
    make_found,
    make_items,
    make_states,
    make_words,
    make_work,
)
from xlner.projection.kernels.match import match_greedily
from xlner.projection.kernels.ranges import Ranges, range_batch
from xlner.text.suggestions import names_hint

UNBOUNDED = 1 << 40
CANDIDATES = ("aligned", "ngrams", "merged")
MATCHERS = ("exact", "greedy", "milp")
CONSTRAINTS = ("<=", "=", ">=")


def rule_of(constraint: str, n: int) -> Rule:
    """The rule of a constraint and its number.

    `>=` with 0 requires nothing and limits nothing. Raises `UnknownNameError` for an unknown constraint,
    `ValidationError` for a lower `n` than 0 with `>=` and 1 with the others.

    >>> rule_of("=", 2), rule_of(">=", 0)
    (Rule(n=2, limited=1, required=1), Rule(n=1, limited=0, required=0))
    """
    if constraint not in CONSTRAINTS:
        raise UnknownNameError(f"unknown constraint {constraint!r}", hint=names_hint(constraint, CONSTRAINTS))
    if n < (constraint != ">="):
        raise ValidationError(f"n {n} is not a number of projections", hint="use 1 or more; with >= also 0")
    return Rule(max(n, 1), int(constraint != ">="), int(constraint != "<=" and n > 0))


def search_of(
    matcher: str, candidates: str, max_length: int | None = None, threshold: float = 0.0, gap: int = 1
) -> CandidateSearch:
    """The options of matching as kernels read them.

    Under the alignment score, `ngrams` has the same optimum as `aligned`: a span whose outer word has no link scores
    less than the span without that word. Raises `UnknownNameError` for an unknown matcher or kind of candidates,
    `ValidationError` for a number out of range.
    """
    if matcher not in MATCHERS:
        raise UnknownNameError(f"unknown matcher {matcher!r}", hint=names_hint(matcher, MATCHERS))
    if candidates not in CANDIDATES:
        raise UnknownNameError(f"unknown candidates {candidates!r}", hint=names_hint(candidates, CANDIDATES))
    if max_length is not None and max_length < 1:
        raise ValidationError(f"max_length {max_length} leaves no candidate", hint="use 1 or more")
    if gap < 0:
        raise ValidationError(f"gap {gap} is negative", hint="use 0 or more")
    if not 0 <= threshold < math.inf:
        raise ValidationError(f"threshold {threshold} is negative or not finite")
    merged = int(candidates == "merged")
    exact = {"greedy": 0, "exact": 1, "milp": 2}[matcher]
    return CandidateSearch(exact, merged, gap, UNBOUNDED if max_length is None else max_length, threshold)


def ranges_of(gap: int, ratio: float, top_k: int | None = None, *, keep_first: bool = False) -> Ranges:
    """The options of the heuristic as kernels read them. Raises `ValidationError` for a number out of range."""
    if gap < 0 or not ratio >= 0:
        raise ValidationError(f"gap {gap} or ratio {ratio} is negative", hint="use 0 or more")
    if top_k is not None and top_k < 1:
        raise ValidationError(f"top_k {top_k} leaves no range to try", hint="use 1 or more")
    return Ranges(gap, ratio, UNBOUNDED if top_k is None else top_k, int(keep_first))


def hull_of(*, all_sources: bool = False, all_targets: bool = False, max_ratio: float | None = None) -> Ranges:
    """The options of the hull as kernels read them: one range across all gaps. Raises `ValidationError` likewise."""
    if max_ratio is not None and not max_ratio > 0:
        raise ValidationError(f"max_ratio {max_ratio} leaves no hull", hint="use a number above 0")
    limit = float(UNBOUNDED) if max_ratio is None else max_ratio
    return Ranges(UNBOUNDED, 0.0, 1, 0, int(all_sources), int(all_targets), limit)


@dataclass(frozen=True, slots=True)
class Backend:
    """How kernels run: how to allocate their memory, and how to call them."""

    zeros: Callable[[int], Any]
    floats: Callable[[int], Any]
    ints: Callable[[Iterable[int], int], Any]
    call: Callable[[Callable[..., Any]], Callable[..., Any]]
    rooms: range
    is_compiled: bool = False


def backend(*, fast: bool) -> Backend:
    """Compiled kernels on arrays, or the same functions on lists."""
    if not fast:
        return Backend(list_of_zeros, list_of_zeros, lambda values, _: list(values), _uncompiled, range(len(ROOMS)))
    import numpy as np

    def zeros(n: int) -> Any:
        return np.zeros(n, np.int64)

    def ints(values: Iterable[int], n: int) -> Any:
        return np.fromiter(values, np.int64, n)

    # An array uses no memory before it is written to, so the first attempt gets the largest room at once.
    return Backend(zeros, np.zeros, ints, compiled, range(len(ROOMS) - 1, len(ROOMS)), is_compiled=True)


COMPILE_FROM = 20_000
"""The number of pairs in one call from which projectors use compiled kernels."""


def backend_for(n: int) -> Backend:
    """The backend for a call with `n` pairs.

    Loading compiled kernels takes a second and 130 MB. That is too much for small calls, such as those of a pipeline,
    in which projection takes almost none of the time.
    """
    return backend(fast=n >= COMPILE_FROM and can_compile())


def _uncompiled(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def run_matching(pairs: Pairs, search: CandidateSearch, rule: Rule, on: Backend) -> Found:
    """Match all sentences. Those that are too wide for the sweep go to the integer program."""
    n, n_entities = len(pairs.lengths), len(pairs.entity_starts)
    longest, n_words, most_entities = on.call(sizes)(pairs)
    words = make_words(on.zeros, longest + 1)
    items = make_items(on.zeros, on.floats, on.call(most_items)(pairs))
    work = make_work(on.zeros, len(items.entity), longest, most_entities)
    n_spans = min(n_entities * rule.n, n_words) if rule.limited else n_words
    found = make_found(on.zeros, on.floats, n, n_entities, n_spans)
    room = 0
    states = make_states(on.zeros, on.rooms[0])
    call = on.call(match_batch)
    at = 0
    while True:
        at, m = call(pairs, at, search, rule, words, items, work, states, found)
        if at == n:
            return found
        if search.exact == 1 and room + 1 < len(on.rooms):
            room += 1
            states = make_states(on.zeros, on.rooms[room])
            continue
        _match_by_milp(pairs, at, m, search, rule=rule, items=items, work=work, found=found)
        at += 1


def _match_by_milp(
    pairs: Pairs, at: int, m: int, search: CandidateSearch, *, rule: Rule, items: Items, work: Work, found: Found
) -> None:
    """Match a sentence that is too wide for the sweep: by the integer program, or greedily if that takes too long."""
    from xlner.projection.kernels.milp import solve_within

    n_entities = pairs.entity_offsets[at + 1] - pairs.entity_offsets[at]
    chosen = solve_within(items, m, n_entities, rule, exact=search.exact)
    if chosen is None:
        found.solver[at] = GREEDY
        n = match_greedily(items, m, n_entities, rule, work)
    else:
        found.solver[at] = MILP
        n = len(chosen)
        for k, item in enumerate(chosen):
            work.chosen[k] = item
    write_matches(pairs, at, n, rule, items, work, found)


def run_ranges(pairs: Pairs, ranges: Ranges, on: Backend) -> Found:
    """Run the heuristic on all sentences."""
    n_entities = len(pairs.entity_starts)
    longest, _, most = on.call(sizes)(pairs)
    words = make_words(on.zeros, longest + 1)
    items = make_items(on.zeros, on.floats, most + 1)
    work = make_work(on.zeros, most + 1, longest, most)
    found = make_found(on.zeros, on.floats, len(pairs.lengths), n_entities, n_entities)
    on.call(range_batch)(pairs, ranges, words, items, work, found)
    return found
