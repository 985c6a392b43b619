from __future__ import annotations

import gc
import importlib.util
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.test_projection import pair, pairs
from xlner import Alignment, Entity, Outcome, Pair, Projection, Reason, Sentence, ValidationError
from xlner.core.entity import overlaps
from xlner.errors import MissingExtraError
from xlner.projection.batch import Batch, BatchResult
from xlner.projection.candidates import aligned_words, merged_ranges
from xlner.projection.kernels import run
from xlner.projection.kernels.flat import SCALE, SOLVERS, Found
from xlner.projection.kernels.objects import Build, projections
from xlner.projection.matching_projector import MatchingProjector, greedy_projector
from xlner.projection.range_projectors import HeuristicProjector, HullProjector

RULES = [(c, n) for c in ("<=", "=", ">=") for n in (1, 2, 3)]
needs_numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="numba is not installed")


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Projectors of objects run compiled from the first pair on."""
    monkeypatch.setattr(run, "COMPILE_FROM", 0)


def batch_of(made: Sequence[Pair], *, compile: bool) -> Batch:
    sources = [p.source or Sentence(()) for p in made]
    links = [p.alignment.links if p.alignment else () for p in made]
    return Batch(
        [link for row in links for link in row],
        np.cumsum([0, *map(len, links)]),
        [e.span for s in sources for e in s.entities],
        np.cumsum([0, *(len(s.entities) for s in sources)]),
        [len(p.target) for p in made],
        compile=compile,
    )


def rows(found: BatchResult, i: int) -> list[tuple[int, int, int, float]]:
    part = slice(found.offsets[i], found.offsets[i + 1])
    return list(
        zip(*(column[part].tolist() for column in (found.entity, found.start, found.end, found.score)), strict=True)
    )


def rows_of(projection: Projection, score: str) -> list[tuple[int, int, int, float]]:
    made = []
    for k, outcome in enumerate(projection.outcomes):
        for e in outcome.projected:
            made.append((k, e.start, e.end, e.score if score == "alignment" else outcome.scores[score]))
    return sorted(made, key=lambda row: row[1])  # type: ignore[arg-type,return-value]


def some_pairs(n: int) -> list[Pair]:
    """Dense pairs with much competition."""
    rng = np.random.default_rng(n)
    made = []
    for _ in range(n):
        starts = np.sort(rng.choice(12, rng.integers(0, 6), replace=False))
        ends = [min(int(s + rng.integers(1, 4)), int(t)) for s, t in zip(starts, [*starts[1:], 14], strict=False)]
        entities = [Entity(int(s), int(t), "LOC") for s, t in zip(starts, ends, strict=True)]
        links = {(int(k), int(min(13, max(0, k + rng.normal(0, 2))))) for k in rng.integers(0, 14, 30)}
        made.append(pair(14, entities, 14, sorted(links)))
    return made


@pytest.mark.parametrize("matcher", ["exact", "greedy"])
@pytest.mark.parametrize("candidates", ["aligned", "ngrams", "merged"])
@given(st.lists(pairs(), min_size=1, max_size=3), st.sampled_from(RULES), st.sampled_from([None, 1, 3]))
@settings(max_examples=40)
def test_the_kernels_give_what_matching_all_options_gives(
    candidates: str, matcher: str, made: list[Pair], rule: tuple[str, int], max_length: int | None
) -> None:
    """`match` sees every candidate with its literal score; kernels prune while they make them."""
    constraint, n = rule
    projector = MatchingProjector(candidates, max_length=max_length, constraint=constraint, n=n, matcher=matcher)
    for one, projection in zip(made, projector.project(made), strict=True):
        best = projector.match(one)
        assert rows_of(projection, "alignment") == [(o.entity, *o.span, o.score) for o in best.chosen]


@needs_numba
@pytest.mark.parametrize(("constraint", "n"), RULES)
def test_compiled_is_uncompiled_is_the_objects(constraint: str, n: int) -> None:
    made = some_pairs(120)
    for candidates in ("aligned", "ngrams", "merged"):
        for matcher in ("exact", "greedy"):
            options = {"constraint": constraint, "n": n, "matcher": matcher, "max_length": 5, "threshold": 0.3}
            fast = batch_of(made, compile=True).match(candidates, **options)  # type: ignore[arg-type]
            slow = batch_of(made, compile=False).match(candidates, **options)  # type: ignore[arg-type]
            for one, other in zip(fast, slow, strict=True):
                assert one.dtype == other.dtype
                assert one.tolist() == other.tolist()
            objects = MatchingProjector(candidates, **options).project(made)  # type: ignore[arg-type]
            assert [rows(slow, i) for i in range(len(made))] == [rows_of(p, "alignment") for p in objects]


@needs_numba
def test_the_heuristic_compiled_is_uncompiled_is_the_objects() -> None:
    made = some_pairs(200)
    for options in ({}, {"gap": 0}, {"gap": 3, "ratio": 0.5, "top_k": 1, "keep_first": True}):
        fast = batch_of(made, compile=True).heuristic(**options)  # type: ignore[arg-type]
        slow = batch_of(made, compile=False).heuristic(**options)  # type: ignore[arg-type]
        assert all(one.tolist() == other.tolist() for one, other in zip(fast, slow, strict=True))
        objects = HeuristicProjector(**options).project(made)  # type: ignore[arg-type]
        assert [rows(slow, i) for i in range(len(made))] == [rows_of(p, "length_ratio") for p in objects]


@needs_numba
@pytest.mark.usefixtures("compiled")
def test_objects_from_compiled_kernels_are_those_from_python(monkeypatch: pytest.MonkeyPatch) -> None:
    made = some_pairs(100)
    for projector in (
        MatchingProjector(),
        MatchingProjector(constraint=">=", n=2),
        HeuristicProjector(),
        HullProjector(),
    ):
        fast = projector.project(made)
        monkeypatch.setattr(run, "COMPILE_FROM", 1 << 60)
        assert projector.project(made) == fast
        monkeypatch.setattr(run, "COMPILE_FROM", 0)


def revalidated(projection: Projection) -> Projection:
    """The same made by the constructors that check."""
    s = projection.sentence
    entities = tuple(Entity(e.start, e.end, e.label, e.score) for e in s.entities)
    sentence = Sentence(s.tokens, entities, s.text, s.offsets, s.language, s.id, s.meta)
    outcomes = tuple(Outcome(o.entity, o.projected, o.reason, o.scores) for o in projection.outcomes)
    return Projection(sentence, outcomes, projection.solver, projection.objective)


@given(pairs(), st.sampled_from(RULES))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_results_are_valid_objects(made: Pair, rule: tuple[str, int]) -> None:
    for projector in (MatchingProjector(constraint=rule[0], n=rule[1]), greedy_projector(), HeuristicProjector()):
        (projection,) = projector.project([made])
        assert revalidated(projection) == projection
        assert hash(revalidated(projection)) == hash(projection)
        assert repr(revalidated(projection)) == repr(projection)
        with pytest.raises(AttributeError):
            projection.sentence.tokens = ()  # type: ignore[misc]


def test_a_projection_says_how_it_was_found_and_what_it_is_worth() -> None:
    made = pair(2, [Entity(0, 1, "A"), Entity(1, 2, "B")], 2, [(0, 0), (1, 1)])
    for projector, solver in ((MatchingProjector(), "single"), (greedy_projector(), "greedy")):
        (projection,) = projector.project([made])
        assert (projection.solver, projection.objective) == (solver, 2.0)
    (projection,) = HeuristicProjector().project([made])
    assert (projection.solver, projection.objective) == (None, None)


@pytest.mark.parametrize("n", [1, run.COMPILE_FROM])
def test_the_search_for_garbage_goes_on_after_a_call(n: int) -> None:
    made = pair(2, [Entity(0, 1, "A")], 2, [(0, 0)])
    found = Found([0] * n, [0] * n, [1] * n, [1.0] * n, [*range(n + 1)], [1] * n, [SCALE] * n, [0] * n)
    before = gc.get_freeze_count()  # Python 3.12 starts with some
    assert projections([made] * n, found, Build("alignment"))[-1].objective == 1.0
    assert gc.isenabled()
    assert gc.get_freeze_count() == before


def test_the_target_sentence_is_kept_but_for_its_entities() -> None:
    target = Sentence.from_text("In Vigo", language="gl", id="7").with_entities([Entity(0, 1, "OLD")])
    made = Pair(target, Sentence(("Vigo",), (Entity(0, 1, "LOC"),)), Alignment(((0, 1),)))
    (projection,) = MatchingProjector().project([made])
    assert projection.sentence == target.with_entities([Entity(1, 2, "LOC", 1.0)])
    nothing = Pair(target, Sentence(("in", "Vigo")), Alignment(((0, 1),)))
    (projection,) = MatchingProjector().project([nothing])
    assert projection.sentence == target.with_entities([])


def test_reasons_where_a_number_is_required() -> None:
    entities = [Entity(k, k + 1, "A") for k in range(4)]
    made = pair(4, entities, 4, [(0, 0), (1, 0), (3, 1), (3, 2)])
    (projection,) = MatchingProjector(constraint="=").project([made])
    assert [o.reason for o in projection.outcomes] == [None, Reason.OVER_LIMIT, Reason.UNALIGNED, None]
    (projection,) = MatchingProjector(constraint="=", n=2).project([made])
    assert projection.outcomes[0].scores["missing"] == 1
    assert [e.span for e in projection.outcomes[3].projected] == [(1, 2), (2, 3)]
    assert "missing" not in projection.outcomes[3].scores


def test_no_candidate_contains_a_stop_token() -> None:
    made = Pair(
        Sentence(("Yahoo", "!", "Inc")),
        Sentence(("Yahoo", "Inc"), (Entity(0, 2, "ORG"),)),
        Alignment(((0, 0), (0, 1), (1, 2))),
    )
    found = {}
    for candidates in ("aligned", "ngrams", "merged"):
        for stops in ("", "!"):
            projector = MatchingProjector(candidates, stop_tokens=stops)
            (projection,) = projector.project([made])
            found[candidates, stops] = [(e.start, e.end) for e in projection.sentence.entities]
            assert [o.span for o in projector.match(made).chosen] == found[candidates, stops]
    assert found["aligned", ""] == found["merged", ""] == [(0, 3)]
    assert found["aligned", "!"] == found["ngrams", "!"] == [(0, 1)]
    assert found["merged", "!"] == []
    (projection,) = MatchingProjector("merged", stop_tokens="!").project([made])
    assert projection.outcomes[0].reason is Reason.NO_CANDIDATE


def test_what_proves_the_result() -> None:
    apart = pair(2, [Entity(0, 1, "A"), Entity(1, 2, "B")], 2, [(0, 0), (1, 1)])
    rivals = pair(2, [Entity(0, 1, "A"), Entity(1, 2, "B")], 2, [(0, 0), (1, 0)])
    found = batch_of([apart, rivals], compile=False).match()
    assert [SOLVERS[solver] for solver in found.solver] == ["single", "dp"]
    assert found.objective.tolist() == [2.0, 1.0]
    assert MatchingProjector(matcher="milp").project([apart, rivals]) == MatchingProjector().project([apart, rivals])
    assert [SOLVERS[s] for s in batch_of([rivals], compile=False).match(matcher="greedy").solver] == ["greedy"]


def test_sentences_that_are_too_wide_get_more_room_and_then_the_integer_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("scipy")
    made = some_pairs(25)
    expected = MatchingProjector().project(made)
    for rooms in (((1, 12), (8, 1 << 10)), ((1, 12), (2, 24))):
        monkeypatch.setattr("xlner.projection.kernels.flat.ROOMS", rooms)
        monkeypatch.setattr("xlner.projection.kernels.run.ROOMS", rooms)
        assert MatchingProjector().project(made) == expected


@pytest.mark.parametrize(
    ("links", "entities", "message"),
    [
        ([[0, 5]], [[0, 1]], "sentence 0: links"),
        ([[0, -1]], [[0, 1]], "sentence 0: links"),
        ([[1, 0], [0, 0]], [[0, 1]], "sentence 0: links"),
        ([[0, 0], [0, 0]], [[0, 1]], "sentence 0: links"),
        ([[0, 0]], [[0, 2], [1, 3]], "sentence 0: entities overlap"),
        ([[0, 0]], [[2, 2]], "sentence 0: entities overlap"),
    ],
)
def test_arrays_that_break_the_rules(links: list[list[int]], entities: list[list[int]], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Batch(links, [0, len(links)], entities, [0, len(entities)], [5], compile=False)


def test_arrays_that_do_not_fit() -> None:
    with pytest.raises(ValidationError, match="link_offsets do not divide 1 rows into 1 sentences"):
        Batch([[0, 0]], [0, 2], [], [0, 0], [5], compile=False)
    with pytest.raises(ValidationError, match="sentence 0: stops"):
        Batch([], [0, 0], [], [0, 0], [5], stops=[3, 3], stop_offsets=[0, 2], compile=False)


def test_no_sentences() -> None:
    found = Batch([], [0], [], [0], [], compile=False).match()
    assert found.offsets.tolist() == [0]
    assert MatchingProjector().project([]) == []


def spans(projection: Projection) -> list[tuple[int, int]]:
    return [e.span for e in projection.sentence.entities]


def test_heuristic_options() -> None:
    made = pair(3, [Entity(0, 3, "ORG")], 9, [(1, 0), (2, 1), (0, 3), (1, 4)])
    assert spans(HeuristicProjector().project([made])[0]) == [(0, 5)]
    (projection,) = HeuristicProjector(ratio=0.5, keep_first=True).project([made])
    assert spans(projection) == [(0, 2)]
    rivals = pair(5, [Entity(0, 3, "ORG"), Entity(4, 5, "PER")], 8, [(0, 0), (1, 1), (2, 2), (4, 1), (4, 2), (4, 6)])
    (projection,) = HeuristicProjector(top_k=1).project([rivals])
    assert [o.reason for o in projection.outcomes] == [None, Reason.OVERLAP]
    with pytest.raises(ValidationError, match="leaves no range to try"):
        HeuristicProjector(top_k=0)


def test_top_k_keeps_the_longest_not_the_shortest_range() -> None:
    made = pair(2, [Entity(0, 2, "ORG")], 9, [(0, 0), (0, 4), (1, 5), (1, 6)])
    assert spans(HeuristicProjector(ratio=0.4, top_k=1).project([made])[0]) == [(4, 7)]


def test_hull_filters() -> None:
    entities = [Entity(0, 2, "A"), Entity(2, 3, "B"), Entity(3, 4, "C")]
    made = pair(4, entities, 9, [(0, 0), (0, 2), (2, 4), (3, 5), (3, 6), (3, 7)])

    def found(**options: float) -> list[tuple[int, int]]:
        (projection,) = HullProjector(**options).project([made])  # type: ignore[arg-type]
        assert all(o.reason is Reason.NO_CANDIDATE for o in projection.outcomes if o.dropped)
        return spans(projection)

    assert found() == [(0, 3), (4, 5), (5, 8)]
    assert found(comp_src=True) == [(4, 5), (5, 8)]
    assert found(comp_tgt=True) == [(4, 5), (5, 8)]
    assert found(max_ratio=1.5) == [(0, 3), (4, 5)]
    assert found(max_ratio=1.5, comp_ins=True) == []
    assert found(comp_ins=True) == [(0, 3), (4, 5), (5, 8)]
    with pytest.raises(ValidationError, match="leaves no hull"):
        HullProjector(max_ratio=0)
    assert "comp_ins=True" in HullProjector(comp_ins=True).fingerprint


def test_the_longer_hull_wins_and_the_other_overlaps() -> None:
    made = pair(3, [Entity(0, 1, "A"), Entity(1, 3, "B")], 5, [(0, 2), (1, 1), (2, 3)])
    (projection,) = HullProjector().project([made])
    assert spans(projection) == [(1, 4)]
    assert projection.outcomes[0].reason is Reason.OVERLAP


def test_fingerprints_hold_every_option() -> None:
    assert MatchingProjector(constraint="=", n=2).fingerprint != MatchingProjector().fingerprint
    assert MatchingProjector(stop_tokens="! ?").fingerprint == MatchingProjector(stop_tokens="? !").fingerprint
    assert greedy_projector().fingerprint.startswith("greedy?candidates=aligned&")
    assert HeuristicProjector(top_k=2).fingerprint != HeuristicProjector().fingerprint


def test_options_that_make_no_sense() -> None:
    with pytest.raises(ValidationError, match="gap -1 is negative"):
        MatchingProjector("merged", gap=-1)
    with pytest.raises(ValidationError, match="has no source sentence"):
        MatchingProjector().match(Pair(Sentence(("a",))))


def literal_ranges(made: Pair, gap: int, ratio: float, top_k: int | None) -> list[tuple[int, int]]:
    """The heuristic word for word."""
    assert made.source is not None
    assert made.alignment is not None
    entities = made.source.entities
    words = aligned_words(entities, made.alignment)
    taken: list[tuple[int, int]] = []
    for k in sorted(range(len(entities)), key=lambda k: (-len(entities[k]), entities[k].start)):
        ranges = [r for r in merged_ranges(words[k], gap) if (r[1] - r[0]) / len(entities[k]) > ratio]
        ranges.sort(key=lambda r: (r[0] - r[1], r[0]))
        free = [r for r in ranges[:top_k] if not any(overlaps(r, t) for t in taken)]
        taken += free[:1]
    return sorted(taken)


@given(pairs(), st.integers(0, 3), st.sampled_from([0.0, 0.5, 0.8]), st.sampled_from([None, 1, 2]))
def test_the_heuristic_is_its_definition(made: Pair, gap: int, ratio: float, top_k: int | None) -> None:
    (projection,) = HeuristicProjector(gap=gap, ratio=ratio, top_k=top_k).project([made])
    assert spans(projection) == literal_ranges(made, gap, ratio, top_k)


@given(pairs())
def test_the_hull_is_its_definition(made: Pair) -> None:
    (projection,) = HullProjector().project([made])
    assert spans(projection) == literal_ranges(made, 1000, 0.0, 1)


def test_a_missing_solver_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    made = pair(1, [Entity(0, 1, "A")], 1, [(0, 0)])
    with pytest.raises(MissingExtraError, match=r"pip install 'xlner\[milp\]'"):
        MatchingProjector(matcher="milp").project([made])


def test_the_example_of_the_documentation() -> None:
    page = (Path(__file__).parent.parent / "docs" / "projection.md").read_text(encoding="utf-8")
    code, *_ = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["outcome"].projected == (Entity(2, 5, "LOC", 0.8),)
    assert (names["best"].solver, names["best"].objective) == ("single", 0.8)
