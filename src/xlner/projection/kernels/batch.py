"""Kernels of matching over many sentences: the functions that are compiled."""

# ruff: noqa: PLR0917 - kernels take what they work on one by one, and numba takes no keyword-only arguments.

from __future__ import annotations

from typing import NamedTuple

from xlner.projection.kernels.compile import kernel
from xlner.projection.kernels.flat import (
    BELOW_THRESHOLD,
    GREEDY,
    NO_CANDIDATE,
    OVER_LIMIT,
    OVERLAP,
    PROJECTED,
    SINGLE,
    TOO_WIDE,
    UNALIGNED,
    Found,
    Items,
    Pairs,
    Rule,
    States,
    Words,
    Work,
)
from xlner.projection.kernels.match import match_items, preferred, take_best_of_each
from xlner.projection.kernels.words import (
    aligned_items,
    first_stop,
    linked_words,
    links_between,
    merge,
    units,
)


class CandidateSearch(NamedTuple):
    """Options of matching: exact or greedy, which candidates, and their limits."""

    exact: int
    merged: int
    gap: int
    max_length: int
    threshold: float


@kernel
def merged_items(
    words: Words,
    n: int,
    entity: int,
    size: int,
    pairs: Pairs,
    i: int,
    search: CandidateSearch,
    items: Items,
    m: int,
    work: Work,
) -> tuple[int, int, int]:
    """Append the merged ranges of an entity as candidates; the numbers of items and candidates, and the best item."""
    candidates = 0
    favorite = -1
    for k in range(merge(words, n, search.gap, 0, work.event, work.closed)):
        start, end = work.event[k], work.closed[k]
        stop = first_stop(pairs.stops, pairs.stop_offsets[i], pairs.stop_offsets[i + 1], start)
        if end - start > search.max_length or end > stop:
            continue
        candidates += 1
        score = 2.0 * links_between(words, n, start, end) / (size + end - start)
        if score >= search.threshold:
            items.entity[m] = entity
            items.start[m] = start
            items.end[m] = end
            items.score[m] = score
            items.weight[m] = units(score)
            if favorite < 0 or preferred(items, m, favorite):
                favorite = m
            m += 1
    return m, candidates, favorite


@kernel
def collect_items(
    pairs: Pairs, i: int, search: CandidateSearch, words: Words, items: Items, work: Work, found: Found
) -> int:
    """Fill `items` with the candidates of sentence `i` and `best` with the best of each entity; the number of items.

    `reason` says why an entity has no candidate.
    """
    base = pairs.entity_offsets[i]
    at, stop = pairs.link_offsets[i], pairs.link_offsets[i + 1]
    stop_at, stop_end = pairs.stop_offsets[i], pairs.stop_offsets[i + 1]
    m = 0
    for e in range(base, pairs.entity_offsets[i + 1]):
        start, end = pairs.entity_starts[e], pairs.entity_ends[e]
        at, n = linked_words(pairs.links, at, stop, start, end, words)
        before = m
        size = end - start
        if search.merged:
            m, candidates, favorite = merged_items(words, n, e - base, size, pairs, i, search, items, m, work)
        else:
            m, candidates, favorite = aligned_items(
                words,
                n,
                e - base,
                size,
                search.max_length,
                search.threshold,
                pairs.stops,
                stop_at,
                stop_end,
                work.head,
                items,
                m,
            )
        work.best[e - base] = favorite
        if n == 0:
            found.reason[e] = UNALIGNED
        elif candidates == 0:
            found.reason[e] = NO_CANDIDATE
        elif m == before:
            found.reason[e] = BELOW_THRESHOLD
        else:
            found.reason[e] = PROJECTED
    return m


@kernel
def write_matches(pairs: Pairs, i: int, n: int, rule: Rule, items: Items, work: Work, found: Found) -> None:
    """Append the `n` chosen items of sentence `i` to `found`, and set the reason of other entities with candidates."""
    base = pairs.entity_offsets[i]
    top = pairs.entity_offsets[i + 1]
    for e in range(top - base):
        work.used[e] = 0
    at = found.span_offsets[i]
    total = 0
    for k in range(n):
        item = work.chosen[k]
        entity = items.entity[item]
        work.used[entity] = 1
        found.span_entity[at] = entity
        found.span_start[at] = items.start[item]
        found.span_end[at] = items.end[item]
        found.span_score[at] = items.score[item]
        total += items.weight[item]
        at += 1
    found.span_offsets[i + 1] = at
    found.objective[i] = total
    for e in range(base, top):
        if found.reason[e] == PROJECTED and work.used[e - base] == 0:
            found.reason[e] = OVER_LIMIT if rule.required else OVERLAP


@kernel
def match_batch(
    pairs: Pairs,
    begin: int,
    search: CandidateSearch,
    rule: Rule,
    words: Words,
    items: Items,
    work: Work,
    states: States,
    found: Found,
) -> tuple[int, int]:
    """Match sentences from `begin` on; the sentence where it stopped, and the number of items of that sentence.

    It stops at the end, or at the first sentence with too many open entities for `states`. The caller then gives it
    more room or solves that sentence by other means, and continues.
    """
    simple = rule.n == 1 and rule.limited == 1 and search.exact != 2
    for i in range(begin, len(pairs.lengths)):
        m = collect_items(pairs, i, search, words, items, work, found)
        n_entities = pairs.entity_offsets[i + 1] - pairs.entity_offsets[i]
        n, solver = -1, SINGLE if search.exact else GREEDY
        if simple:
            n = take_best_of_each(items.start, items.end, work.best, n_entities, work.chosen)
        if n < 0:
            n, solver = match_items(items, m, n_entities, pairs.lengths[i], rule, search.exact, work, states)
        if solver == TOO_WIDE:
            return i, m
        found.solver[i] = solver
        write_matches(pairs, i, n, rule, items, work, found)
    return len(pairs.lengths), 0


@kernel
def broken_sentence(pairs: Pairs) -> tuple[int, int]:
    """The first sentence that breaks the rules of `Pairs`, or -1, and what is wrong: 1 links, 2 entities, 3 stops."""
    for i in range(len(pairs.lengths)):
        length = pairs.lengths[i]
        source, target = -1, -1
        for k in range(pairs.link_offsets[i], pairs.link_offsets[i + 1]):
            s, t = pairs.links[2 * k], pairs.links[2 * k + 1]
            if s < 0 or t < 0 or t >= length or s < source or (s == source and t <= target):
                return i, 1
            source, target = s, t
        end = 0
        for e in range(pairs.entity_offsets[i], pairs.entity_offsets[i + 1]):
            if pairs.entity_starts[e] < end or pairs.entity_ends[e] <= pairs.entity_starts[e]:
                return i, 2
            end = pairs.entity_ends[e]
        stop = -1
        for k in range(pairs.stop_offsets[i], pairs.stop_offsets[i + 1]):
            if pairs.stops[k] <= stop:
                return i, 3
            stop = pairs.stops[k]
    return -1, 0


@kernel
def most_items(pairs: Pairs) -> int:
    """An upper bound for the number of candidates of a sentence."""
    most = 1
    for i in range(len(pairs.lengths)):
        at, stop = pairs.link_offsets[i], pairs.link_offsets[i + 1]
        total = 1
        for e in range(pairs.entity_offsets[i], pairs.entity_offsets[i + 1]):
            while at < stop and pairs.links[2 * at] < pairs.entity_starts[e]:
                at += 1
            first = at
            while at < stop and pairs.links[2 * at] < pairs.entity_ends[e]:
                at += 1
            words = min(at - first, pairs.lengths[i])
            total += words * (words + 1) // 2
        most = max(most, total)
    return most


@kernel
def sizes(pairs: Pairs) -> tuple[int, int, int]:
    """The length of the longest target sentence, the number of target words, and the most entities of a sentence."""
    longest, words, most = 0, 0, 0
    for i in range(len(pairs.lengths)):
        longest = max(longest, pairs.lengths[i])
        words += pairs.lengths[i]
        most = max(most, pairs.entity_offsets[i + 1] - pairs.entity_offsets[i])
    return longest, words, most
