"""The rules of the published programs, written out on lists of tags, against the projectors that the recipes name."""

from __future__ import annotations

from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner import Alignment, Entity, Pair, Sentence
from xlner.core.registry import load
from xlner.errors import UnknownNameError, UsageError
from xlner.projection import HeuristicProjector

LABELS = ("PER", "LOC")


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """A pair of short sentences with source entities and links."""
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, 8))
    cuts = sorted(draw(st.sets(st.integers(0, n), max_size=n + 1)))
    entities = []
    for start, end in pairwise(cuts):
        if draw(st.booleans()):
            entities.append(Entity(start, end, draw(st.sampled_from(LABELS))))
    links = draw(st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, m - 1)), max_size=12))
    source = Sentence(tuple(f"s{i}" for i in range(n)), tuple(entities))
    return Pair(Sentence(tuple(f"t{i}" for i in range(m))), source, Alignment(tuple(sorted(links))))


def seqeval_chunks(tags: list[str]) -> list[tuple[str, int, int]]:
    """The entities that seqeval reads by default: `I-` after another label begins one."""
    found: list[tuple[str, int, int]] = []
    for i, tag in enumerate(tags):
        if tag == "O":
            continue
        label, before = tag[2:], tags[i - 1] if i else "O"
        if tag[0] == "B" or before == "O" or before[2:] != label:
            found.append((label, i, i + 1))
        else:
            found[-1] = (label, found[-1][1], i + 1)
    return found


def linked_ranges(pair: Pair, entity: Entity, gap: int, keep_first: bool) -> list[tuple[int, int]]:
    """Runs of words linked to the entity, then joined from left to right if the hole between them is small enough."""
    links = pair.require_alignment().links
    linked = [any((s, t) in links for s in range(entity.start, entity.end)) for t in range(len(pair.target))]
    runs, at = [], 0
    for yes, group in groupby(linked):
        length = len(list(group))
        if yes:
            runs.append((at, at + length))
        at += length
    joined: list[tuple[int, int]] = []
    for start, end in runs:
        begins = keep_first and (entity.start, start) in links
        if joined and gap and start - joined[-1][1] <= gap and not begins:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def tags_of_the_paper(pair: Pair, gap: int, ratio: float) -> list[str]:
    """Every range over the ratio is written onto the tags, whatever they were."""
    tags = ["O"] * len(pair.target)
    for entity in pair.require_source().entities:
        for start, end in linked_ranges(pair, entity, gap, keep_first=False):
            if (end - start) / len(entity) > ratio:
                tags[start] = f"B-{entity.label}"
                tags[start + 1 : end] = [f"I-{entity.label}"] * (end - start - 1)
    return tags


def tags_of_the_thesis(pair: Pair, gap: int, ratio: float, top_k: int | None, keep_first: bool) -> list[str]:
    """The shortest entity first; its ranges over the ratio, the shortest ones with `top_k`, unless a word is taken."""
    tags = ["O"] * len(pair.target)
    for entity in sorted(pair.require_source().entities, key=len):
        ranges = linked_ranges(pair, entity, gap, keep_first)
        ranges = [r for r in ranges if (r[1] - r[0]) / len(entity) > ratio]
        if top_k is not None:
            ranges = sorted(ranges, key=lambda r: r[1] - r[0])[:top_k]
        for start, end in ranges:
            if all(tag == "O" for tag in tags[start:end]):
                tags[start] = f"B-{entity.label}"
                tags[start + 1 : end] = [f"I-{entity.label}"] * (end - start - 1)
    return tags


def projected(spec: str, pair: Pair) -> list[tuple[str, int, int]]:
    (found,) = load("projector", spec).project([pair])
    outcomes = sorted((e.label, e.start, e.end) for o in found.outcomes for e in o.projected)
    labeled = [(e.label, e.start, e.end) for e in found.sentence.entities]
    assert outcomes == sorted(labeled)
    return labeled


@given(pairs(), st.integers(0, 2), st.sampled_from([0.0, 0.5, 0.8]))
def test_the_heuristic_of_the_paper_overwrites(pair: Pair, gap: int, ratio: float) -> None:
    wanted = seqeval_chunks(tags_of_the_paper(pair, gap, ratio))
    assert projected(f"heuristic?ranges=all&gap={gap}&ratio={ratio}", pair) == wanted


@given(pairs(), st.integers(0, 2), st.sampled_from([0.0, 0.5, 0.8]), st.sampled_from([None, 1, 2]), st.booleans())
def test_the_heuristic_of_the_thesis_takes_the_shortest_first(
    pair: Pair, gap: int, ratio: float, top_k: int | None, keep_first: bool
) -> None:
    wanted = seqeval_chunks(tags_of_the_thesis(pair, gap, ratio, top_k, keep_first))
    limit = "" if top_k is None else f"&top_k={top_k}"
    spec = f"heuristic?ranges=free&gap={gap}&ratio={ratio}&keep_first={str(keep_first).lower()}{limit}"
    assert projected(spec, pair) == wanted


def test_what_is_left_of_an_overwritten_range() -> None:
    source = Sentence(("a", "b"), (Entity(0, 1, "PER"), Entity(1, 2, "LOC")))
    pair = Pair(Sentence(tuple("vwx")), source, Alignment(((0, 0), (0, 1), (0, 2), (1, 1))))
    found = HeuristicProjector(ranges="all", ratio=0.8).project([pair])[0]
    assert found.sentence.tags() == ["B-PER", "B-LOC", "B-PER"]
    assert [len(o.projected) for o in found.outcomes] == [2, 1]
    assert HeuristicProjector(ranges="free").project([pair])[0].outcomes[1].reason == "overlap"
    assert HeuristicProjector(ranges="all", ratio=3).project([pair])[0].outcomes[0].reason == "below-threshold"


def test_choices_of_ranges_that_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="known: longest, all, free"):
        HeuristicProjector(ranges="shortest")
    with pytest.raises(UsageError, match="ranges=free"):
        HeuristicProjector(ranges="all", top_k=1)


def scores_of_the_papers(pair: Pair, most: int, stop: set[str]) -> dict[tuple[int, int, int], float]:
    """The score `2 · links / (|s| + |t|)` of each entity and range, by entity, start and end; none without a link."""
    links, words = pair.require_alignment().links, pair.target.tokens
    scores = {}
    for k, entity in enumerate(pair.require_source().entities):
        for i in range(len(words)):
            for j in range(i + 1, min(len(words), i + most) + 1):
                n = sum(entity.start <= s < entity.end and i <= t < j for s, t in links)
                if n and stop.isdisjoint(words[i:j]):
                    scores[k, i, j] = 2 * n / (len(entity) + j - i)
    return scores


@given(pairs(), st.integers(1, 5))
def test_greedy_ngrams_take_the_best_score_each_time(pair: Pair, most: int) -> None:
    """Among equal scores the published programs take the first of their list, and we the longer, then leftmost one."""
    (found,) = load("projector", f"greedy:ngrams?max_length={most}&stop_tokens=t1 t3").project([pair])
    free = scores_of_the_papers(pair, most, {"t1", "t3"})
    chosen = {(k, e.start, e.end) for k, o in enumerate(found.outcomes) for e in o.projected}
    while free:
        best = max(free.values())
        taken = [key for key in free if key in chosen and free[key] == best]
        assert taken, "a pair with the best score must be chosen"
        k, i, j = taken[0]
        chosen.remove((k, i, j))
        free = {(e, a, b): s for (e, a, b), s in free.items() if e != k and (b <= i or j <= a)}
    assert not chosen
