"""Exact matching as a mixed-integer linear program, solved by HiGHS. The sweep is tested against it.

There is one variable per candidate, one row per target word (at most one chosen candidate covers it), and one row per
entity. It is some thousand times slower than the sweep, and used where a sentence has too many open entities for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xlner.errors import BackendError, MissingExtraError
from xlner.projection.kernels.flat import Items, Rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Key = tuple[int, int, int]

_SCALE = 2.0**-12
"""Scales objectives down, because HiGHS has called a choice of half the weight optimal for large numbers. A power of
two keeps them exact."""


EXACT_BUDGET, MILP_BUDGET = 10_000, 200_000
"""Variables of all programs of a sentence, after which the matchers `exact` and `milp` give up: some seconds, and about
a minute. Like `MOST_STEPS`, a limit that is the same on every machine."""
_MOST_NODES = 10_000  # of one search, in the same sense


class OverBudgetError(Exception):
    """The programs of a sentence have more variables than they may."""


def solve_within(items: Items, m: int, n_entities: int, rule: Rule, *, exact: int) -> list[int] | None:
    """The same as `solve`; None if that takes too long, or for the matcher `exact` if scipy is not installed."""
    asked_for = exact == 2
    budget = MILP_BUDGET if asked_for else EXACT_BUDGET
    if m * n_entities > budget:  # there are at least as many programs as entities
        return None
    try:
        return solve(items, m, n_entities, rule, budget=budget)
    except OverBudgetError:
        return None
    except MissingExtraError:
        if asked_for:
            raise
        return None


def solve(
    items: Items, m: int, n_entities: int, rule: Rule, *, ties: bool = True, budget: int | None = None
) -> list[int]:
    """The best disjoint items among the first `m`, by start; without `ties`, any choice of equal weight and length.

    Ties are broken by further programs with some choices fixed, one for each position where a span could start but
    does not. Raises `MissingExtraError` if scipy is not installed, and `OverBudgetError` if the programs have more than
    `budget` variables together, or one of them is too hard.

    >>> from xlner.projection.kernels.run import rule_of
    >>> items = Items([0, 0], [1, 0], [2, 2], [0.5, 1.0], [5, 10])
    >>> solve(items, 2, 1, rule_of("<=", 1))
    [1]
    """
    if m == 0:
        return []
    problem = Program(items, m, n_entities, rule, budget=budget)
    chosen = problem.best()
    return problem.leftmost(chosen) if ties else chosen


class Program:
    """The program of one sentence. Each solution fixes more items, until ties are broken."""

    def __init__(self, items: Items, m: int, n_entities: int, rule: Rule, *, budget: int | None = None) -> None:
        import numpy as np

        self.items, self.m, self.n_entities, self.rule = items, m, n_entities, rule
        self.rows = _rows(items, m, n_entities, rule)
        self._left = budget
        # One objective for weight and length: both are whole numbers, and doubles hold their sum exactly.
        unit = max(items.end[:m]) + 1.0
        gain = [items.weight[i] * unit + (items.end[i] - items.start[i]) for i in range(m)]
        self.gain = np.array(gain) * _SCALE
        self.met_needed: int | None = None

    def key(self, chosen: Sequence[int]) -> Key:
        """The value of a choice as whole numbers: requirements met, weight, length."""
        counts = [0] * self.n_entities
        for i in chosen:
            counts[self.items.entity[i]] += 1
        met = sum(min(c, self.rule.n) for c in counts) if self.rule.required else 0
        weight = sum(int(self.items.weight[i]) for i in chosen)
        return met, weight, sum(int(self.items.end[i] - self.items.start[i]) for i in chosen)

    def best(self) -> list[int]:
        """A choice with the best key."""
        import numpy as np

        upper = np.ones(self.m)
        if self.rule.required:
            chosen = self._run(np.zeros(self.m), upper, met_first=True)
            self.met_needed = self.key(chosen)[0]
        return self._run(np.zeros(self.m), upper)

    def leftmost(self, chosen: list[int]) -> list[int]:
        """The leftmost of all choices with the same key."""
        import numpy as np

        goal, items = self.key(chosen), self.items
        lower, upper = np.zeros(self.m), np.ones(self.m)
        for start in sorted(set(items.start[: self.m])):
            here = [i for i in range(self.m) if items.start[i] == start]
            chosen = self._choose_start(chosen, here, goal, lower, upper)
        chosen = self._choose_items(chosen, goal, lower, upper, by_entity=True)
        return self._choose_items(chosen, goal, lower, upper, by_entity=False)

    def _choose_start(
        self, chosen: list[int], here: list[int], goal: Key, lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> list[int]:
        """Fix whether a span starts here: it does if some best choice has one."""
        if not set(here) & set(chosen):
            other = self._run(lower, upper, one_of=here)
            if self.key(other) != goal or not set(here) & set(other):
                upper[here] = 0
                return chosen
            chosen = other
        self.rows.append(self._one_of(here))
        return chosen

    def _choose_items(
        self,
        chosen: list[int],
        goal: Key,
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
        *,
        by_entity: bool,
    ) -> list[int]:
        """Fix, from left to right, the first entity or the largest end that some best choice has at each start."""
        items = self.items
        for start in sorted(items.start[i] for i in chosen):
            here = [i for i in range(self.m) if items.start[i] == start and upper[i] > 0]
            keys = [items.entity[i] if by_entity else -items.end[i] for i in here]
            for key in sorted(set(keys)):
                same = [i for i, k in zip(here, keys, strict=True) if k == key]
                others = [i for i in here if i not in same]
                if not set(same) & set(chosen):
                    other = self._run(lower, upper, one_of=same)
                    if self.key(other) != goal or not set(same) & set(other):
                        upper[same] = 0
                        continue
                    chosen = other
                upper[others] = 0
                break
        return chosen

    def _one_of(self, items: Sequence[int]) -> Any:
        from scipy.optimize import LinearConstraint

        wanted = set(items)
        row = [[float(i in wanted) for i in range(self.m)] + [0.0] * self._slacks]
        return LinearConstraint(row, 1, 1)

    @property
    def _slacks(self) -> int:
        return self.n_entities if self.rule.required else 0

    def _run(
        self,
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
        *,
        one_of: Sequence[int] = (),
        met_first: bool = False,
    ) -> list[int]:
        """Solve the program; an empty list if it is infeasible."""
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp

        slacks = self._slacks
        cost = np.concatenate([np.zeros(self.m) if met_first else -self.gain, np.full(slacks, float(met_first))])
        rows = list(self.rows)
        if one_of:
            rows.append(self._one_of(one_of))
        if self.met_needed is not None:
            short = self.rule.n * self.n_entities - self.met_needed
            rows.append(LinearConstraint([[0.0] * self.m + [1.0] * slacks], -np.inf, short))
        bounds = Bounds(
            np.concatenate([lower, np.zeros(slacks)]), np.concatenate([upper, np.full(slacks, float(self.rule.n))])
        )
        # With presolve, HiGHS has cut off the best solution and called the next best one optimal.
        options: dict[str, Any] = {"mip_rel_gap": 0.0, "presolve": False}
        if self._left is not None:
            self._left -= self.m
            if self._left < 0:
                raise OverBudgetError
            options["node_limit"] = _MOST_NODES
        done = milp(cost, integrality=np.ones(self.m + slacks), bounds=bounds, constraints=rows, options=options)
        if done.status == 2:
            return []
        if done.status == 1:  # the limit of nodes
            raise OverBudgetError
        if done.x is None:
            raise BackendError(f"HiGHS found no solution: {done.message}")
        chosen = [i for i in range(self.m) if done.x[i] > 0.5]
        return sorted(chosen, key=lambda i: int(self.items.start[i]))


def _rows(items: Items, m: int, n_entities: int, rule: Rule) -> list[Any]:
    """One row per target word, and one per entity, with a slack for missing projections if they are required."""
    try:
        from scipy.optimize import LinearConstraint
        from scipy.sparse import csr_array
    except ImportError:
        raise MissingExtraError("scipy, which the integer program needs,", extra="milp") from None
    import numpy as np

    slacks = n_entities if rule.required else 0
    words = [(int(p), i) for i in range(m) for p in range(items.start[i], items.end[i])]
    owners = [(int(items.entity[i]), i) for i in range(m)]
    n_words = max(p for p, _ in words) + 1
    cover = csr_array((np.ones(len(words)), tuple(zip(*words, strict=True))), shape=(n_words, m + slacks))
    rows = [LinearConstraint(cover, -np.inf, 1)]
    if rule.limited:
        counts = csr_array((np.ones(m), tuple(zip(*owners, strict=True))), shape=(n_entities, m + slacks))
        rows.append(LinearConstraint(counts, -np.inf, rule.n))
    if rule.required:
        owners += [(e, m + e) for e in range(n_entities)]
        counts = csr_array((np.ones(len(owners)), tuple(zip(*owners, strict=True))), shape=(n_entities, m + slacks))
        rows.append(LinearConstraint(counts, rule.n, np.inf))
    return rows
