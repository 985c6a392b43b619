"""Kernels: the target words linked to an entity, and the candidates made from them."""

# ruff: noqa: PLR0917 - kernels take what they work on one by one, and numba takes no keyword-only arguments.

from __future__ import annotations

from xlner.projection.kernels.compile import Ints, kernel
from xlner.projection.kernels.flat import SCALE, Items, Words


@kernel
def linked_words(links: Ints, at: int, stop: int, start: int, end: int, words: Words) -> tuple[int, int]:
    """Collect the words linked to source words `[start, end)`, from link `at` on; the next link and how many words."""
    position, count, first = words
    n = 0
    while at < stop and links[2 * at] < start:
        at += 1
    while at < stop and links[2 * at] < end:
        word = links[2 * at + 1]
        opens = 1 if links[2 * at] == start else 0
        at += 1
        k = n
        while k > 0 and position[k - 1] > word:
            k -= 1
        if k > 0 and position[k - 1] == word:
            count[k - 1] += 1
            first[k - 1] |= opens
            continue
        for j in range(n, k, -1):
            position[j] = position[j - 1]
            count[j] = count[j - 1]
            first[j] = first[j - 1]
        position[k] = word
        count[k] = 1
        first[k] = opens
        n += 1
    return at, n


@kernel
def units(score: float) -> int:
    """A score as the nearest whole number of units."""
    return int(score * SCALE + 0.5)


@kernel
def first_stop(stops: Ints, at: int, stop: int, word: int) -> int:
    """The first position from `word` on that no candidate may contain."""
    while at < stop:
        if stops[at] >= word:
            return stops[at]
        at += 1
    return 1 << 60


@kernel
def aligned_items(
    words: Words,
    n: int,
    entity: int,
    size: int,
    max_length: int,
    threshold: float,
    stops: Ints,
    stop_at: int,
    stop_end: int,
    best: Ints,
    items: Items,
    m: int,
) -> tuple[int, int, int]:
    """Append the spans between linked words of an entity of `size` words that no span inside them outscores.

    Returns the number of items, the number of candidates before the threshold, and the best item: that of the largest
    weight, else the longest, else the leftmost, or -1.
    """
    position, count, _ = words
    entities, starts, ends, scores, weights = items
    candidates = 0
    favorite = -1
    for j in range(n):
        best[j] = 0
    for i in range(n - 1, -1, -1):
        start = position[i]
        limit = start + max_length
        if stop_end > stop_at:
            limit = min(limit, first_stop(stops, stop_at, stop_end, start))
        links = 0
        inside = 0
        for j in range(i, n):
            end = position[j] + 1
            if end > limit:
                break
            links += count[j]
            candidates += 1
            score = 2.0 * links / (size + end - start)
            weight = units(score)
            inside = max(inside, best[j])
            if weight >= inside:
                inside = weight
                if score >= threshold:
                    entities[m] = entity
                    starts[m] = start
                    ends[m] = end
                    scores[m] = score
                    weights[m] = weight
                    longer = favorite >= 0 and end - start >= ends[favorite] - starts[favorite]
                    if favorite < 0 or weight > weights[favorite] or (weight == weights[favorite] and longer):
                        favorite = m
                    m += 1
            best[j] = inside
    return m, candidates, favorite


@kernel
def merge(words: Words, n: int, gap: int, keep_first: int, starts: Ints, ends: Ints) -> int:
    """Make ranges of linked words, joined across up to `gap` words without a link; their number.

    With `keep_first`, a range that begins with a word linked to the first word of the entity is not joined to the range
    left of it.
    """
    position, _, first = words
    m = 0
    for j in range(n):
        word = position[j]
        if m > 0:
            hole = word - ends[m - 1]
            if hole == 0 or (hole <= gap and not (keep_first and first[j])):
                ends[m - 1] = word + 1
                continue
        starts[m] = word
        ends[m] = word + 1
        m += 1
    return m


@kernel
def links_between(words: Words, n: int, start: int, end: int) -> int:
    """The number of links of the entity to the words of a span."""
    position, count, _ = words
    links = 0
    for j in range(n):
        if start <= position[j] < end:
            links += count[j]
    return links
