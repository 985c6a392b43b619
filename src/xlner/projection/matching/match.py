"""Matching of entities and candidate spans with any scores: exactly, greedily, or by an integer program."""

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
from xlner.projection.kernels.match import find_best, match_items, outscored
from xlner.projection.kernels.run import rule_of, search_of
from xlner.projection.kernels.words import units


class Option(NamedTuple):
    """One solver to project one entity: entity index, target span, score."""

    entity: int
    span: Span
    score: float


@dataclass(frozen=True, slots=True)
class Match:
    """The chosen options by start, and how good they are.

    `objective` is the sum of their scores. `solver` says what proves that no choice is better: `single` (the best spans
    of all entities are disjoint), `dp` or `milp`; `greedy` proves nothing. `short` is how many projections are missing
    to what `=` or `>=` require of entities that have options.
    """

    chosen: tuple[Option, ...]
    objective: float
    solver: str
    short: int
    _problem: tuple[tuple[Option, ...], int, str, str, int] = field(repr=False, compare=False)

    def gap(self, chosen: Option) -> float:
        """How much smaller the objective of the best choice without this option is: a confidence.

        Solves the problem once more. Infinite where, without it, less of what `=` or `>=` require can be met. The
        entity may go to another of its spans. Raises `ValidationError` for an option that was not chosen.
        """
        if chosen not in self.chosen:
            raise ValidationError(f"{chosen} was not chosen")
        options, length, matcher, constraint, n = self._problem
        rest = [o for o in options if (o.entity, o.span) != (chosen.entity, chosen.span)]
        other = match_spans(rest, length, matcher=matcher, constraint=constraint, n=n)
        rule = rule_of(constraint, n)
        if _met(other.chosen, rule) < _met(self.chosen, rule):
            return math.inf
        return self.objective - other.objective


def match_spans(
    options: Iterable[Option], length: int, *, matcher: str = "exact", constraint: str = "<=", n: int = 1
) -> Match:
    """Choose options with disjoint spans in a sentence of `length` words, of the largest total score.

    Maximize `Σ c(s, t) · x(s, t)` where every entity `s` gets at most (`<=`), exactly (`=`) or at least (`>=`) `n`
    spans `t`. Requirements that cannot all be met are met as far as possible: first as many projections as count
    toward them, then the largest score. Scores are compared in units of `1 / SCALE`; options of no score are left
    out. Of equal objectives the longer total span wins, then the leftmost spans.

    Raises `ValidationError` for a span outside the sentence, a score that is negative or not finite.

    >>> match_spans([Option(0, (0, 2), 0.9), Option(0, (0, 1), 0.8), Option(1, (1, 3), 0.8)], 3).chosen
    (Option(entity=0, span=(0, 1), score=0.8), Option(entity=1, span=(1, 3), score=0.8))
    """
    given = tuple(options)
    rule, exact = rule_of(constraint, n), search_of(matcher, "aligned").exact
    items, entities = _items(given, length)
    m = outscored(items, len(items.entity), len(entities), length, [0] * (len(entities) * (length + 1)))
    chosen, solver = _choose(items, m, len(entities), length, rule=rule, exact=exact)
    found = tuple(Option(entities[items.entity[i]], (items.start[i], items.end[i]), items.score[i]) for i in chosen)
    objective = sum(items.weight[i] for i in chosen) / SCALE
    short = rule.n * len(entities) * rule.required - _met(found, rule)
    return Match(found, objective, solver, short, (given, length, matcher, constraint, n))


def with_gaps(projection: Projection, best: Match) -> Projection:
    """The projection that a match made, with the `gap` of each projected entity among the scores of its outcome.

    It is that of its first span, and no larger than the objective, as which an infinite gap counts.
    """
    first: dict[int, Option] = {}
    for option in best.chosen:
        first.setdefault(option.entity, option)
    outcomes = [
        replace(o, scores={**o.scores, "gap": min(best.gap(first[k]), best.objective)}) if k in first else o
        for k, o in enumerate(projection.outcomes)
    ]
    return replace(projection, outcomes=tuple(outcomes))


def _items(options: Sequence[Option], length: int) -> tuple[Items, list[int]]:
    """Options as items by falling start and rising end, entities numbered without holes."""
    for entity, (start, end), score in options:
        if not 0 <= start < end <= length:
            raise ValidationError(f"candidate [{start}, {end}) of entity {entity} leaves the {length} words")
        if not 0 <= score < math.inf:
            raise ValidationError(f"score {score} of candidate [{start}, {end}) is negative or not finite")
    entities = sorted({o.entity for o in options})
    number = {e: k for k, e in enumerate(entities)}
    rows = [(-o.span[0], o.span[1], -units(o.score), number[o.entity], o.score) for o in options]
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
    from xlner.projection.matching.milp import solve

    return solve(items, m, n_entities, rule), "milp"


def _met(found: Sequence[Option], rule: Rule) -> int:
    """How many projections count toward what the rule requires."""
    if not rule.required:
        return 0
    return sum(min(count, rule.n) for count in Counter(o.entity for o in found).values())
