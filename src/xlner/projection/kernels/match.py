"""Kernels: choose disjoint spans with the largest total score, and break ties.

Of two choices, the better one meets more of what the rule requires, else has the larger total weight, else the larger
total length, else is further left. Further left means: at the first difference of the sorted starts, it has the smaller
start, or one more; else at the first difference it has the entity that comes first, else the longer span. Each of these
is a sum over the chosen spans, so the best choice for one component does not depend on the others.
"""

# ruff: noqa: PLR0917 - kernels take what they work on one by one, and numba takes no keyword-only arguments.

from __future__ import annotations

from xlner.projection.kernels.compile import Ints, kernel
from xlner.projection.kernels.flat import GREEDY, SINGLE, SWEEP, TOO_WIDE, Items, Rule, States, Work
from xlner.projection.kernels.sweep import sweep


@kernel
def preferred(items: Items, i: int, j: int) -> bool:
    """True if item `i` comes before `j`: more weight, else longer, else further left, else the first entity.

    With the shorter one first, fewer items block others, but F1 falls in 20 of 25 sets; see docs/projection.md.
    """
    if items.weight[i] != items.weight[j]:
        return items.weight[i] > items.weight[j]
    length = items.end[i] - items.start[i]
    other = items.end[j] - items.start[j]
    if length != other:
        return length > other
    if items.start[i] != items.start[j]:
        return items.start[i] < items.start[j]
    return items.entity[i] < items.entity[j]


@kernel
def insert_by_start(starts: Ints, chosen: Ints, n: int, i: int) -> int:
    """Insert item `i` into the `n` chosen items, which are sorted by start and disjoint from it; their new number."""
    k = n
    while k > 0 and starts[chosen[k - 1]] > starts[i]:
        chosen[k] = chosen[k - 1]
        k -= 1
    chosen[k] = i
    return n + 1


@kernel
def find_best(items: Items, m: int, n_entities: int, best: Ints) -> None:
    """Fill `best` with the best item of each entity, or -1."""
    for e in range(n_entities):
        best[e] = -1
    for i in range(m):
        e = items.entity[i]
        if best[e] < 0 or preferred(items, i, best[e]):
            best[e] = i


@kernel
def take_best_of_each(starts: Ints, ends: Ints, best: Ints, n_entities: int, chosen: Ints) -> int:
    """Choose the best item of each entity, by start; the number of chosen items, or -1 if they overlap."""
    n = 0
    for e in range(n_entities):
        i = best[e]
        if i < 0:
            continue
        k = n
        while k > 0 and starts[chosen[k - 1]] >= ends[i]:
            chosen[k] = chosen[k - 1]
            k -= 1
        if k > 0 and ends[chosen[k - 1]] > starts[i]:
            return -1
        chosen[k] = i
        n += 1
    return n


@kernel
def match_greedily(items: Items, m: int, n_entities: int, rule: Rule, work: Work) -> int:
    """Choose the best free item until none is left; the number of chosen items."""
    used, order, chosen = work.used, work.order, work.chosen
    for e in range(n_entities):
        used[e] = 0
    left = 0
    for i in range(m):
        order[left] = i
        left += 1
    n = 0
    while left > 0:
        best = order[0]
        for k in range(1, left):
            if preferred(items, order[k], best):
                best = order[k]
        n = insert_by_start(items.start, chosen, n, best)
        used[items.entity[best]] += 1
        kept = 0
        for k in range(left):
            i = order[k]
            free = items.end[i] <= items.start[best] or items.start[i] >= items.end[best]
            if free and not (rule.limited and used[items.entity[i]] >= rule.n):
                order[kept] = i
                kept += 1
        left = kept
    return n


@kernel
def root(parent: Ints, e: int) -> int:
    """The entity that represents the component of `e`."""
    while parent[e] != e:
        parent[e] = parent[parent[e]]
        e = parent[e]
    return e


@kernel
def sort_by_start(items: Items, m: int, length: int, work: Work) -> None:
    """Fill `order` with the items by falling start."""
    head, following = work.head, work.next
    for p in range(length + 1):
        head[p] = -1
    for i in range(m):
        following[i] = head[items.start[i]]
        head[items.start[i]] = i
    k = 0
    for p in range(length, -1, -1):
        i = head[p]
        while i >= 0:
            work.order[k] = i
            k += 1
            i = following[i]


@kernel
def find_components(items: Items, m: int, n_entities: int, work: Work) -> None:
    """Join in `parent` the entities whose items form one block of overlapping spans."""
    parent, order, starts, ends, entities = work.parent, work.order, items.start, items.end, items.entity
    for e in range(n_entities):
        parent[e] = e
    reach = -1
    owner = 0
    for k in range(m - 1, -1, -1):
        i = order[k]
        e = entities[i]
        if starts[i] < reach:
            parent[root(parent, owner)] = root(parent, e)
            reach = max(reach, ends[i])
        else:
            reach = ends[i]
        owner = e
    for e in range(n_entities):
        parent[e] = root(parent, e)


@kernel
def find_conflicts(items: Items, n_entities: int, work: Work) -> None:
    """Mark in `conflict` the components in which the best items of two entities overlap."""
    starts, ends, best, chosen, conflict = items.start, items.end, work.best, work.chosen, work.conflict
    n = 0
    for e in range(n_entities):
        conflict[e] = 0
        if best[e] >= 0:
            n = insert_by_start(starts, chosen, n, best[e])
    reach = 0
    for k in range(n):
        i = chosen[k]
        if starts[i] < reach:
            conflict[work.parent[items.entity[i]]] = 1
        reach = max(reach, ends[i])


@kernel
def match_component(
    items: Items, e: int, m: int, n_entities: int, length: int, rule: Rule, work: Work, states: States, n: int
) -> int:
    """Add the best choice for the component of `e` to the `n` chosen items; their new number, or -1 if too wide."""
    order, part, parent, entities = work.order, work.next, work.parent, items.entity
    size = 0
    for k in range(m):
        if parent[entities[order[k]]] == e:
            part[size] = order[k]
            size += 1
    if size == 0:
        return n
    path = sweep(items, part, size, length, n_entities, rule, work, states)
    if path < 0:
        return -1
    while path > 0:
        n = insert_by_start(items.start, work.chosen, n, states.item[path])
        path = states.rest[path]
    return n


@kernel
def match_exactly(
    items: Items, m: int, n_entities: int, length: int, rule: Rule, work: Work, states: States
) -> tuple[int, int]:
    """Choose the best disjoint items; the number of chosen items, and the solver that proves it.

    If the best items of all entities, which are in `best`, are disjoint, no choice is better. Otherwise this test is
    made for each component, and the sweep solves the components that fail it. The solver is `TOO_WIDE` if too many
    entities are open at once for `states`.
    """
    simple = rule.n == 1 and rule.limited == 1
    if simple:
        n = take_best_of_each(items.start, items.end, work.best, n_entities, work.chosen)
        if n >= 0:
            return n, SINGLE
    sort_by_start(items, m, length, work)
    find_components(items, m, n_entities, work)
    if simple:
        find_conflicts(items, n_entities, work)
    n = 0
    for e in range(n_entities):
        if simple and not work.conflict[work.parent[e]]:
            if work.best[e] >= 0:
                n = insert_by_start(items.start, work.chosen, n, work.best[e])
        elif work.parent[e] == e:
            n = match_component(items, e, m, n_entities, length, rule, work, states, n)
            if n < 0:
                return 0, TOO_WIDE
    return n, SWEEP


@kernel
def match_items(
    items: Items, m: int, n_entities: int, length: int, rule: Rule, exact: int, work: Work, states: States
) -> tuple[int, int]:
    """Choose disjoint items among the first `m`; their number and the solver. `best` has the best item of each entity.

    `exact`: 0 for greedy, 1 for exact, 2 for the integer program, which is not called here.
    """
    if exact == 2:
        return 0, TOO_WIDE
    if exact:
        return match_exactly(items, m, n_entities, length, rule, work, states)
    if rule.n == 1 and rule.limited == 1:
        n = take_best_of_each(items.start, items.end, work.best, n_entities, work.chosen)
        if n >= 0:
            return n, GREEDY
    return match_greedily(items, m, n_entities, rule, work), GREEDY


@kernel
def outscored(items: Items, m: int, n_entities: int, length: int, work_row: Ints) -> int:
    """Keep the items that no span inside them outscores for the same entity; their number.

    Items come by falling start, then rising end. `work_row` has the size entities × (length + 1).
    """
    width = length + 1
    for k in range(n_entities * width):
        work_row[k] = 0
    kept = 0
    for i in range(m):
        row = items.entity[i] * width
        end = items.end[i]
        weight = items.weight[i]
        if weight < work_row[row + end]:
            continue
        while end <= length and work_row[row + end] < weight:
            work_row[row + end] = weight
            end += 1
        items.entity[kept] = items.entity[i]
        items.start[kept] = items.start[i]
        items.end[kept] = items.end[i]
        items.score[kept] = items.score[i]
        items.weight[kept] = weight
        kept += 1
    return kept
