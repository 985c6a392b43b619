"""The rules of the published programs, written out on lists of tags, against the projectors that the recipes name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from functools import cache
from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner import Alignment, Entity, Pair, Projection, Sentence
from xlner.core.registry import load
from xlner.errors import UnknownNameError, UsageError
from xlner.projection import HeuristicProjector
from xlner.projection.markers.matching import recover_entities
from xlner.projection.markers.styles import WrittenMarkers
from xlner.projection.scores.ner import ner_score

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


def takes_the_best(found: Projection, free: dict[tuple[int, int, int], float], *, once: bool = True) -> None:
    """Each choice has the best score among the spans that are free; with `once` an entity is projected once."""
    chosen = {(k, e.start, e.end) for k, o in enumerate(found.outcomes) for e in o.projected}
    while free:
        best = max(free.values())
        taken = [key for key in free if key in chosen and free[key] == best]
        assert taken, "a pair with the best score must be chosen"
        k, i, j = taken[0]
        chosen.remove((k, i, j))
        free = {(e, a, b): s for (e, a, b), s in free.items() if not (once and e == k) and (b <= i or j <= a)}
    assert not chosen


@given(pairs(), st.integers(1, 5))
def test_greedy_ngrams_take_the_best_score_each_time(pair: Pair, most: int) -> None:
    """Among equal scores the published programs take the first of their list, and we the longer, then leftmost one."""
    (found,) = load("projector", f"greedy:ngrams?max_length={most}&stop_tokens=t1 t3").project([pair])
    takes_the_best(found, scores_of_the_papers(pair, most, {"t1", "t3"}))


@given(pairs(), st.data())
def test_ner_candidates_are_entities_of_the_target_whatever_their_label(pair: Pair, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(pair.target)), max_size=6)))
    spans = [span for span in pairwise(cuts) if data.draw(st.booleans())]
    pair = replace(pair, target=pair.target.with_entities(Entity(a, b, "ORG") for a, b in spans))
    (found,) = load("projector", "fused:align?candidates=ner&matcher=greedy&constraint=<=&n=1&threshold=0").project(
        [pair]
    )
    scores = scores_of_the_papers(pair, 99, set())
    takes_the_best(found, {(k, i, j): s for (k, i, j), s in scores.items() if (i, j) in spans})
    labels = {e.label for o in found.outcomes for e in o.projected}
    assert labels <= {e.label for e in pair.require_source().entities}


@given(pairs(), st.integers(1, 5), st.booleans())
def test_the_greedy_program_of_the_thesis(pair: Pair, most: int, once: bool) -> None:
    """It stops after one span of an entity if there is a limit, whatever the limit is, and takes all without one."""
    spec = f"greedy:ngrams?max_length={most}&" + ("constraint=<=&n=1" if once else "constraint=>=&n=0")
    (found,) = load("projector", spec).project([pair])
    takes_the_best(found, scores_of_the_papers(pair, most, set()), once=once)


def best_total(scores: dict[tuple[int, int, int], float], n: int, least: int, most: int) -> float | None:
    """The largest sum of scores of disjoint spans, each of `n` entities with so many; None if there are none."""
    ends = max((j for _, _, j in scores), default=0)

    @cache
    def from_word(at: int, counts: tuple[int, ...]) -> float | None:
        if at == ends:
            return 0.0 if min(counts, default=least) >= least else None
        totals = [from_word(at + 1, counts)]
        for (k, i, j), score in scores.items():
            if i == at and counts[k] < most:
                rest = from_word(j, (*counts[:k], counts[k] + 1, *counts[k + 1 :]))
                totals.append(None if rest is None else rest + score)
        return max((total for total in totals if total is not None), default=None)

    return from_word(0, (0,) * n)


@given(pairs(), st.sampled_from([("<=", 1, 0, 1), ("<=", 2, 0, 2), ("=", 1, 1, 1), (">=", 0, 0, 9), (">=", 1, 1, 9)]))
def test_the_exact_program_of_the_thesis(pair: Pair, constraint: tuple[str, int, int, int]) -> None:
    """Among equal sums its solver takes any. Where an entity cannot have enough spans, ours drops that entity alone."""
    sign, n, least, most = constraint
    (found,) = load("projector", f"exact:ngrams?max_length=4&constraint={sign}&n={n}").project([pair])
    scores = scores_of_the_papers(pair, 4, set())
    best = best_total(scores, len(found.outcomes), least, most)
    total = sum(scores[k, e.start, e.end] for k, o in enumerate(found.outcomes) for e in o.projected)
    if best is not None:
        assert total == pytest.approx(best)
        assert all(least <= len(o.projected) <= most for o in found.outcomes)


@given(st.data(), st.booleans(), st.sampled_from([1.0, 1.15]))
def test_the_ner_score_of_the_thesis(data: st.DataObject, spans_only: bool, alpha: float) -> None:
    classes = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
    n = data.draw(st.integers(1, 5))
    rows = data.draw(st.lists(st.permutations([0.01, 0.06, 0.13, 0.3, 0.5]), min_size=n, max_size=n))
    pair = Pair(Sentence(tuple("abcde"[:n])))
    entities = [Entity(0, 1, "PER"), Entity(1, 2, "LOC"), Entity(2, 3, "ORG")]
    spans = [(i, j) for i in range(n) for j in range(i + 1, n + 1)]
    threshold = 0.0512345  # no mean of these numbers, which sums in another order could miss

    def score(label: str, start: int, end: int) -> float:
        begin, inside = classes.index(f"B-{label}"), classes.index(f"I-{label}")
        total, tags = rows[start][begin], [rows[start].index(max(rows[start])) == begin]
        for i in range(start + 1, end):
            total += rows[i][inside]
            tags.append(rows[i].index(max(rows[i])) == inside)
        mean = total / (end - start) * (alpha ** (end - start - 1) if all(tags) else 1)
        return mean if mean >= threshold else 0.0

    given = {"probabilities": np.array(rows), "classes": classes, "spans_only": spans_only}
    found = ner_score(pair, entities, spans, **given, alpha=alpha, threshold=threshold)
    for k, entity in enumerate(entities):
        labels = ("PER", "LOC") if spans_only else (entity.label,) if entity.label != "ORG" else ()
        wanted = [max((score(label, *span) for label in labels), default=0.0) for span in spans]
        np.testing.assert_allclose(found[k], wanted)


# --- Brackets of back-translations, as EasyProject reads them ---

SURFACES = ("Ana Pardo", "Vigo", "Banco de Galicia")


def easyproject(text: str, surfaces: Sequence[str]) -> list[tuple[str, int]]:
    """The bracketed texts that are like an entity, each with the last entity whose similarity is over a half."""
    made = []
    for found in re.findall(r"\[(.*?)\]", text):
        like = [k for k, s in enumerate(surfaces) if SequenceMatcher(None, found.lower(), s.lower()).ratio() > 0.5]
        if like:
            made.append((found.strip(), like[-1]))
    return made


def ours(text: str, surfaces: Sequence[str]) -> list[tuple[str, int]]:
    entities = tuple(Entity(k, k + 1, "PER") for k in range(len(surfaces)))
    source = Sentence(tuple("abc"[: len(surfaces)]), entities)
    found = recover_entities(source, WrittenMarkers(("",) * len(surfaces)), [text], surfaces=surfaces)
    placed = [(e.start, e.end, k) for k, o in enumerate(found.outcomes) for e in o.projected]
    return [(found.sentence.surface(Entity(a, b, "PER")), k) for a, b, k in sorted(placed)]


def spoiled(draw: st.DrawFn, surface: str) -> str:
    """The surface as a translator may give it: without a letter, with another case, or with a word beside it."""
    at = draw(st.integers(0, len(surface) - 1))
    if surface[at] == " ":
        return surface
    return draw(st.sampled_from([surface, surface[:at] + surface[at + 1 :], surface.upper(), f"a {surface}"]))


@st.composite
def marked(draw: st.DrawFn, noisy: bool) -> str:
    order = draw(st.permutations(SURFACES))
    parts = [f"[{spoiled(draw, s) if noisy else s}]" for s in order if draw(st.booleans())]
    words = draw(st.lists(st.sampled_from(["vive", "en", ",", "con"]), min_size=4, max_size=4))
    return " ".join(word for pair in zip(words, [*parts, "", "", ""], strict=False) for word in pair if word)


@given(marked(noisy=False))
def test_clean_brackets_are_read_as_by_easyproject(text: str) -> None:
    assert ours(text, SURFACES) == easyproject(text, SURFACES)


@given(marked(noisy=True))
def test_noisy_brackets_are_read_as_by_easyproject(text: str) -> None:
    """As long as no bracketed text is like two entities, and no two of them like the same entity."""
    assert ours(text, SURFACES) == easyproject(text, SURFACES)


@pytest.mark.parametrize(
    ("text", "surfaces", "program", "here"),
    [
        # The last one over the threshold there, the largest sum of similarities here.
        ("[Ana Pardo] e [Ana Pérez]", ("Ana Pardo", "Ana Pérez"), [1, 1], [0, 1]),
        # A text may belong to two entities there; here each entity gets one, and each text one entity.
        ("[Vigo] e [Vigo]", ("Vigo", "Lugo"), [0, 0], [0]),
        # A bracket that is missing, or one too many.
        ("[Vigo e Ana Pardo]", ("Vigo", "Ana Pardo"), [1], [1]),
        ("en [Vigo e [Ana Pardo]", ("Vigo", "Ana Pardo"), [1], [0, 1]),
        ("en Vigo] e [Ana Pardo]", ("Vigo", "Ana Pardo"), [1], [0, 1]),
        ("en ]Vigo[ e [Ana Pardo]", ("Vigo", "Ana Pardo"), [1], [0, 1]),
        # Brackets that nobody wrote, and those of a lost entity.
        ("[sic] en [Vigo]", ("Vigo", "Ana Pardo"), [0], [0]),
        ("en Vigo", ("Vigo",), [], []),
    ],
)
def test_differences_from_easyproject(
    text: str, surfaces: tuple[str, ...], program: list[int], here: list[int]
) -> None:
    assert [k for _, k in easyproject(text, surfaces)] == program
    assert [k for _, k in ours(text, surfaces)] == here
