"""Kernel: the exact matcher, a dynamic program over target positions from right to left.

An event is a position where items start. An entity is *open* at an event if it has items that start there or further
right, and items that end there or further left. A state at an event is the number of projections of each open entity to
the right of it; entities that are not open do not matter. Each state keeps its best choice as a path of cells, the
leftmost span first. Paths share their ends, so ties are broken at the first cell that differs.
"""

# ruff: noqa: PLR0917 - kernels take what they work on one by one, and numba takes no keyword-only arguments.

from __future__ import annotations

from xlner.projection.kernels.compile import Ints, kernel
from xlner.projection.kernels.flat import MOST_STEPS, Items, Rule, States, Work


@kernel
def digit_bits(n: int) -> int:
    """Bits that hold a count of 0 … `n`.

    >>> digit_bits(1), digit_bits(3), digit_bits(4)
    (1, 2, 3)
    """
    bits = 1
    while n >> bits:
        bits += 1
    return bits


@kernel
def is_further_left(items: Items, states: States, a: int, b: int) -> bool:
    """True if path `a` comes before path `b`, which has the same weight and length."""
    item, rest, starts, ends, entities = states.item, states.rest, items.start, items.end, items.entity
    decided = 0
    by_end = 0
    while a != b:
        states.size[2] += 1
        if a == 0 or b == 0:
            return b == 0
        i = item[a]
        j = item[b]
        if starts[i] != starts[j]:
            return starts[i] < starts[j]
        if decided == 0:
            decided = entities[j] - entities[i]
        if by_end == 0:
            by_end = ends[i] - ends[j]
        a = rest[a]
        b = rest[b]
    if decided != 0:
        return decided > 0
    return by_end > 0


@kernel
def offer(items: Items, states: States, first: int, mask: int, met: int, weight: int, length: int, path: int) -> None:
    """Add a state to the event whose states begin at `first`, or replace a worse state with the same mask."""
    place_of = states.place_of
    k = place_of[mask] - 1
    if k < 0:
        k = states.size[0]
        states.size[0] = k + 1
        place_of[mask] = k + 1
    elif met != states.met[k]:
        if met < states.met[k]:
            return
    elif weight != states.weight[k]:
        if weight < states.weight[k]:
            return
    elif length != states.length[k]:
        if length < states.length[k]:
            return
    elif not is_further_left(items, states, path, states.path[k]):
        return
    states.mask[k] = mask
    states.met[k] = met
    states.weight[k] = weight
    states.length[k] = length
    states.path[k] = path
    if path == states.size[1]:
        states.size[1] = path + 1


@kernel
def find_extent(items: Items, order: Ints, m: int, n_entities: int, work: Work) -> None:
    """Find the smallest end and the largest start of each entity, and reset its shift."""
    first_end, last_start, shift = work.first_end, work.last_start, work.shift
    for e in range(n_entities):
        first_end[e] = 1 << 60
        last_start[e] = -1
        shift[e] = -1
    for k in range(m):
        i = order[k]
        e = items.entity[i]
        first_end[e] = min(first_end[e], items.end[i])
        last_start[e] = max(last_start[e], items.start[i])


@kernel
def close_and_open(
    items: Items, order: Ints, a: int, b: int, free: int, n_entities: int, bits: int, width: int, work: Work, q: int
) -> int:
    """Free the places of entities that are no longer open at event `q`, and give places to those that now are.

    The items that start there are `order[a:b]`. Returns the free places as a bit field, or -1 if there are not
    enough.
    """
    first_end, last_start, shift, used = work.first_end, work.last_start, work.shift, work.used
    start = items.start[order[a]]
    gone = 0
    for e in range(n_entities):
        if used[e] and first_end[e] > start:
            gone |= ((1 << bits) - 1) << shift[e]
            free |= 1 << (shift[e] // bits)
            used[e] = 0
    work.closed[q] = gone
    for k in range(a, b):
        e = items.entity[order[k]]
        if last_start[e] == start and first_end[e] <= start and shift[e] < 0:
            place = 0
            while place < width and not (free >> place) & 1:
                place += 1
            if place == width:
                return -1
            free &= ~(1 << place)
            shift[e] = place * bits
            used[e] = 1
    return free


@kernel
def skip(items: Items, q: int, work: Work, states: States) -> None:
    """Add the states of event `q` that leave out all items that start there."""
    first = work.event_state[q]
    keep = ~work.closed[q]
    for k in range(work.event_state[q - 1], first):
        offer(
            items,
            states,
            first,
            states.mask[k] & keep,
            states.met[k],
            states.weight[k],
            states.length[k],
            states.path[k],
        )


@kernel
def take(items: Items, i: int, q: int, rule: Rule, digits: int, work: Work, states: States) -> bool:
    """Add the states of event `q` that take item `i`, which starts there; False if there is no room, or after too many
    steps."""
    entity = items.entity[i]
    start = items.start[i]
    length = items.end[i] - start
    weight = items.weight[i]
    r = work.event[items.end[i]]
    gone = 0
    for k in range(r + 1, q + 1):
        gone |= work.closed[k]
    first = work.event_state[q]
    shift = work.shift[entity]
    counted = shift >= 0 and r > 0 and work.last_start[entity] >= work.event_start[r]
    stays = shift >= 0 and work.first_end[entity] <= start
    last = work.event_state[r + 1]
    states.size[2] += last - work.event_state[r]
    if states.size[2] > MOST_STEPS:
        return False
    if states.size[0] + last - work.event_state[r] > len(states.mask) or states.size[1] + last - work.event_state[
        r
    ] > len(states.item):
        return False
    for k in range(work.event_state[r], last):
        mask = states.mask[k]
        count = (mask >> shift) & digits if counted else 0
        if count >= rule.n and rule.limited:
            continue
        met = states.met[k] + (1 if rule.required and count < rule.n else 0)
        mask &= ~gone
        if stays and count < rule.n:
            mask += 1 << shift
        path = states.size[1]
        states.item[path] = i
        states.rest[path] = states.path[k]
        offer(items, states, first, mask, met, states.weight[k] + weight, states.length[k] + length, path)
    return True


@kernel
def begin(length: int, n_entities: int, work: Work, states: States) -> None:
    """Start with one state to the right of everything; path 0 is the empty path."""
    states.mask[0] = 0
    states.met[0] = 0
    states.weight[0] = 0
    states.length[0] = 0
    states.path[0] = 0
    states.size[0] = 1
    states.size[1] = 1
    states.size[2] = 0
    work.event_state[0] = 0
    work.event_state[1] = 1
    work.event_start[0] = length
    for e in range(n_entities):
        work.used[e] = 0


@kernel
def clear_index(states: States, first: int) -> None:
    """Forget the masks of the states from `first` on."""
    for k in range(first, states.size[0]):
        states.place_of[states.mask[k]] = 0


@kernel
def sweep(
    items: Items, order: Ints, m: int, length: int, n_entities: int, rule: Rule, work: Work, states: States
) -> int:
    """The path of the best choice from `order[:m]`, items by falling start; -1 if `states` has no room."""
    find_extent(items, order, m, n_entities, work)
    begin(length, n_entities, work, states)
    bits = digit_bits(rule.n)
    width = digit_bits(len(states.place_of) - 1) // bits
    free = (1 << width) - 1
    position = length
    q = 0
    a = 0
    while a < m:
        start = items.start[order[a]]
        b = a + 1
        while b < m and items.start[order[b]] == start:
            b += 1
        while position > start:
            work.event[position] = q
            position -= 1
        q += 1
        first = states.size[0]
        work.event_start[q] = start
        work.event_state[q] = first
        free = close_and_open(items, order, a, b, free, n_entities, bits, width, work, q)
        if free < 0 or 2 * first - work.event_state[q - 1] > len(states.mask):
            return -1
        skip(items, q, work, states)
        for k in range(a, b):
            if not take(items, order[k], q, rule, (1 << bits) - 1, work, states):
                clear_index(states, first)
                return -1
        clear_index(states, first)
        work.event_state[q + 1] = states.size[0]
        a = b
    return states.path[states.size[0] - 1]
