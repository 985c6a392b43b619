"""Match entities and scored candidate spans: exactly, greedily, or with an integer program."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from xlner.core.entity import Span
from xlner.core.pair import Projection
from xlner.errors import ValidationError
from xlner.projection.kernels.flat import (
    ROOMS,
    SCALE,
    SOLVERS,
    TOO_WIDE,
    Items,
    Rule,
    list_of_zeros,
    make_states,
    make_work,
)
from xlner.projection.kernels.match import find_best, match_greedily, match_items, outscored
from xlner.projection.kernels.run import rule_of, search_of
from xlner.projection.kernels.words import units


class ScoredSpan(NamedTuple):
    """A candidate: the index of an entity, a target span, and the score of projecting the entity onto the span.

    >>> ScoredSpan(0, (2, 4), 0.8).span
    (2, 4)
    """

    entity: int
    span: Span
    score: float


@dataclass(frozen=True, slots=True)
class Matching:
    """The candidates that a matcher chose, sorted by start.

    - `objective`: the sum of their scores.
    - `solver`: how the matcher found them. `single` (the best spans of all entities are disjoint), `dp` and `milp`
      prove that no other choice has a larger objective; `greedy` proves nothing. The matchers `exact` and `milp` are
      greedy where too many entities compete for too many spans.
    - `missing`: how many more projections `=` or `>=` ask for, counting only entities that have candidates.

    >>> best = match_spans([ScoredSpan(0, (0, 2), 0.9)], 3)
    >>> best.objective, best.solver, best.missing
    (0.9, 'single', 0)
    """

    chosen: tuple[ScoredSpan, ...]
    objective: float
    solver: str
    missing: int
    _problem: tuple[tuple[ScoredSpan, ...], int, str, str, int] = field(repr=False, compare=False)

    def gap(self, chosen: ScoredSpan) -> float:
        """How much the objective drops if this candidate is not allowed; a large gap means a confident choice.

        Solves the problem once more. The entity may then take another of its spans. The gap is infinite if `=` or
        `>=` can be met less well without the candidate. Raises `ValidationError` for a candidate that is not chosen.

        >>> best = match_spans([ScoredSpan(0, (0, 2), 1.0), ScoredSpan(0, (0, 1), 0.75)], 3)
        >>> best.gap(best.chosen[0])
        0.25
        """
        if chosen not in self.chosen:
            raise ValidationError(f"{chosen} was not chosen", hint="pass one of Matching.chosen")
        candidates, length, matcher, constraint, n = self._problem
        if self.solver == "greedy":
            matcher = "greedy"  # also where the exact matcher took too long
        rest = [c for c in candidates if (c.entity, c.span) != (chosen.entity, chosen.span)]
        other = match_spans(rest, length, matcher=matcher, constraint=constraint, n=n)
        rule = rule_of(constraint, n)
        if _required_met(other.chosen, rule) < _required_met(self.chosen, rule):
            return math.inf
        return self.objective - other.objective


def match_spans(
    candidates: Iterable[ScoredSpan], length: int, *, matcher: str = "exact", constraint: str = "<=", n: int = 1
) -> Matching:
    """Choose candidates with disjoint spans and the largest total score, in a sentence of `length` words.

    Maximizes `Σ c(s, t) · x(s, t)`, where every entity `s` gets at most (`<=`), exactly (`=`) or at least (`>=`) `n`
    spans `t`. If a requirement cannot be met, the matcher first makes as many required projections as possible, and
    then maximizes the score. Scores are compared in units of `1 / SCALE`. Candidates with a score of 0 are left out.
    Among choices with equal scores, the one with the larger total length wins, then the leftmost one.

    `matcher` is `exact`, `greedy` (the best free candidate first) or `milp` (the result of `exact`, by an integer
    program, slow).

    Raises `UnknownNameError` for an unknown matcher or constraint, `ValidationError` for a span outside the sentence,
    for a score that is negative or not finite, and for `n` below 1, or 0 with `>=`.

    >>> candidates = [ScoredSpan(0, (0, 2), 0.9), ScoredSpan(0, (0, 1), 0.8), ScoredSpan(1, (1, 3), 0.8)]
    >>> match_spans(candidates, 3).chosen
    (ScoredSpan(entity=0, span=(0, 1), score=0.8), ScoredSpan(entity=1, span=(1, 3), score=0.8))
    >>> match_spans(candidates, 3, matcher="greedy").chosen
    (ScoredSpan(entity=0, span=(0, 2), score=0.9),)
    """
    given = tuple(candidates)
    rule, exact = rule_of(constraint, n), search_of(matcher, "aligned").exact
    items, entities = items_of(given, length)
    m = outscored(items, len(items.entity), len(entities), length, [0] * (len(entities) * (length + 1)))
    chosen, solver = _choose(items, m, len(entities), length, rule=rule, exact=exact)
    found = tuple(ScoredSpan(entities[items.entity[i]], (items.start[i], items.end[i]), items.score[i]) for i in chosen)
    objective = sum(items.weight[i] for i in chosen) / SCALE
    missing = rule.n * len(entities) * rule.required - _required_met(found, rule)
    return Matching(found, objective, solver, missing, (given, length, matcher, constraint, n))


def check_matching_options(matcher: str, constraint: str = "<=", n: int = 1) -> None:
    """Raise `UnknownNameError` or `ValidationError` for options that `match_spans` does not take.

    >>> check_matching_options("greedy", "=", 2)
    """
    search_of(matcher, "aligned")
    rule_of(constraint, n)


def with_gaps(projection: Projection, best: Matching) -> Projection:
    """The projection that a matching made, with the `gap` of each projected entity among the scores of its outcome.

    For an entity with several spans it is the gap of the first span. A gap is at most the objective, also where
    `Matching.gap` is infinite.
    """
    first: dict[int, ScoredSpan] = {}
    for candidate in best.chosen:
        first.setdefault(candidate.entity, candidate)
    outcomes = [
        replace(o, scores={**o.scores, "gap": min(best.gap(first[k]), best.objective)}) if k in first else o
        for k, o in enumerate(projection.outcomes)
    ]
    return replace(projection, outcomes=tuple(outcomes))


def items_of(candidates: Sequence[ScoredSpan], length: int) -> tuple[Items, list[int]]:
    """Candidates as kernels read them, by falling start and then rising end, and the index of each entity in them.

    Candidates with a score of 0 are left out; entities are numbered without holes. Raises `ValidationError` for a span
    outside the sentence and for a score that is negative or not finite.

    >>> items, entities = items_of([ScoredSpan(7, (0, 1), 0.5)], 3)
    >>> items.entity, items.start, items.end, entities
    ([0], [0], [1], [7])
    """
    for entity, (start, end), score in candidates:
        if not 0 <= start < end <= length:
            raise ValidationError(f"candidate [{start}, {end}) of entity {entity} is outside the {length} words")
        if not 0 <= score < math.inf:
            raise ValidationError(f"score {score} of candidate [{start}, {end}) is negative or not finite")
    entities = sorted({c.entity for c in candidates})
    number = {e: k for k, e in enumerate(entities)}
    rows = [(-c.span[0], c.span[1], -units(c.score), number[c.entity], c.score) for c in candidates]
    rows = sorted(r for r in rows if r[2])
    items = Items(
        [r[3] for r in rows], [-r[0] for r in rows], [r[1] for r in rows], [r[4] for r in rows], [-r[2] for r in rows]
    )
    return items, entities


def _choose(items: Items, m: int, n_entities: int, length: int, *, rule: Rule, exact: int) -> tuple[list[int], str]:
    work = make_work(list_of_zeros, m, length, n_entities)
    find_best(items, m, n_entities, work.best)
    for room in range(len(ROOMS) if exact == 1 else 1):
        states = make_states(list_of_zeros, room)
        n, solver = match_items(items, m, n_entities, length, rule, exact, work, states)
        if solver != TOO_WIDE:
            return list(work.chosen[:n]), SOLVERS[solver]
    from xlner.projection.kernels.milp import solve_within

    found = solve_within(items, m, n_entities, rule, exact=exact)
    if found is not None:
        return found, "milp"
    return list(work.chosen[: match_greedily(items, m, n_entities, rule, work)]), "greedy"


def _required_met(found: Sequence[ScoredSpan], rule: Rule) -> int:
    """How many projections count toward what the rule requires."""
    if not rule.required:
        return 0
    return sum(min(count, rule.n) for count in Counter(c.entity for c in found).values())
