"""Kernels of the heuristic and the hull: the longest range of linked words of every entity, over many sentences."""

# ruff: noqa: PLR0917 - kernels take what they work on one by one, and numba takes no keyword-only arguments.

from __future__ import annotations

from typing import NamedTuple

from xlner.projection.kernels.compile import Ints, kernel
from xlner.projection.kernels.flat import (
    BELOW_THRESHOLD,
    NO_CANDIDATE,
    OVERLAP,
    PROJECTED,
    UNALIGNED,
    Found,
    Items,
    Pairs,
    Words,
    Work,
)
from xlner.projection.kernels.words import (
    linked_words,
    merge,
)


class Ranges(NamedTuple):
    """Options of the heuristic and the hull."""

    gap: int
    ratio: float
    tries: int
    keep_first: int = 0
    all_sources: int = 0
    all_targets: int = 0
    max_ratio: float = 1e18


@kernel
def longest_first(pairs: Pairs, base: int, top: int, work: Work) -> None:
    """Fill `order` with the entities `base` … `top` by falling length, and from left to right among equals."""
    order, starts, ends = work.order, pairs.entity_starts, pairs.entity_ends
    for e in range(base, top):
        k = e - base
        while k > 0 and ends[order[k - 1]] - starts[order[k - 1]] < ends[e] - starts[e]:
            order[k] = order[k - 1]
            k -= 1
        order[k] = e


@kernel
def longest_free(n: int, size: int, ratio: float, tries: int, taken: int, work: Work, items: Items) -> tuple[int, int]:
    """The longest free range of `n` ranges, or -1 and the reason.

    The ranges are in `event` and `closed`, the `taken` spans in `items`, sorted by start.
    """
    starts, ends = work.event, work.closed
    reason = BELOW_THRESHOLD
    for _ in range(min(tries, n)):
        best = -1
        for k in range(n):
            length = ends[k] - starts[k]
            if length / size > ratio and (best < 0 or length > ends[best] - starts[best]):
                best = k
        if best < 0:
            break
        reason = OVERLAP
        free = True
        for k in range(taken):
            if items.start[k] < ends[best] and starts[best] < items.end[k]:
                free = False
        if free:
            return best, PROJECTED
        ends[best] = starts[best]
    return -1, reason


@kernel
def keep_complete(
    links: Ints,
    at: int,
    stop: int,
    start: int,
    end: int,
    ranges: Ranges,
    words: Words,
    n_words: int,
    n: int,
    work: Work,
) -> int:
    """Keep the ranges that pass the filters of the hull; their number."""
    if ranges.all_sources and linked_sources(links, at, stop, end) < end - start:
        return 0
    kept = 0
    for k in range(n):
        length = work.closed[k] - work.event[k]
        inside = 0
        for j in range(n_words):
            if work.event[k] <= words.position[j] < work.closed[k]:
                inside += 1
        if length / (end - start) <= ranges.max_ratio and not (ranges.all_targets and inside < length):
            work.event[kept] = work.event[k]
            work.closed[kept] = work.closed[k]
            kept += 1
    return kept


@kernel
def linked_sources(links: Ints, at: int, stop: int, end: int) -> int:
    """The number of distinct source words before `end` that have a link, from link `at` on."""
    n = 0
    last = -1
    while at < stop and links[2 * at] < end:
        if links[2 * at] != last:
            n += 1
        last = links[2 * at]
        at += 1
    return n


@kernel
def range_batch(pairs: Pairs, ranges: Ranges, words: Words, items: Items, work: Work, found: Found) -> None:
    """Run the heuristic on all sentences: longest entity first, its longest free range of linked words."""
    for i in range(len(pairs.lengths)):
        base, top = pairs.entity_offsets[i], pairs.entity_offsets[i + 1]
        longest_first(pairs, base, top, work)
        taken = 0
        for k in range(top - base):
            e = work.order[k]
            start, end = pairs.entity_starts[e], pairs.entity_ends[e]
            at, stop = first_link(pairs, i, start), pairs.link_offsets[i + 1]
            _, n = linked_words(pairs.links, at, stop, start, end, words)
            if n == 0:
                found.reason[e] = UNALIGNED
                continue
            n_words = n
            n = merge(words, n, ranges.gap, ranges.keep_first, work.event, work.closed)
            n = keep_complete(pairs.links, at, stop, start, end, ranges, words, n_words, n, work)
            best, reason = longest_free(n, end - start, ranges.ratio, ranges.tries, taken, work, items)
            found.reason[e] = reason if n > 0 else NO_CANDIDATE
            if best >= 0:
                taken = insert_span(items, taken, e - base, work.event[best], work.closed[best])
        write_ranges(pairs, i, taken, items, found)


@kernel
def first_link(pairs: Pairs, i: int, source: int) -> int:
    """The first link of sentence `i` from a source word on, by binary search."""
    low, high = pairs.link_offsets[i], pairs.link_offsets[i + 1]
    while low < high:
        middle = (low + high) // 2
        if pairs.links[2 * middle] < source:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def insert_span(items: Items, n: int, entity: int, start: int, end: int) -> int:
    """Insert a span into the first `n` items, which are sorted by start; their new number."""
    k = n
    while k > 0 and items.start[k - 1] > start:
        items.entity[k] = items.entity[k - 1]
        items.start[k] = items.start[k - 1]
        items.end[k] = items.end[k - 1]
        k -= 1
    items.entity[k] = entity
    items.start[k] = start
    items.end[k] = end
    return n + 1


@kernel
def write_ranges(pairs: Pairs, i: int, n: int, items: Items, found: Found) -> None:
    """Append the first `n` items to `found`; the score is their length divided by that of the entity."""
    base = pairs.entity_offsets[i]
    at = found.span_offsets[i]
    for k in range(n):
        e = base + items.entity[k]
        found.span_entity[at] = items.entity[k]
        found.span_start[at] = items.start[k]
        found.span_end[at] = items.end[k]
        found.span_score[at] = (items.end[k] - items.start[k]) / (pairs.entity_ends[e] - pairs.entity_starts[e])
        at += 1
    found.span_offsets[i + 1] = at
