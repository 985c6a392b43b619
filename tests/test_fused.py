from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.strategies import disjoint_entities
from xlner import Alignment, Entity, Pair, Reason, Sentence, ValidationError, load
from xlner.core.entity import Span, overlaps
from xlner.errors import UnknownNameError, UsageError
from xlner.projection.candidate_sets import CandidateOptions
from xlner.projection.fused import FusedProjector
from xlner.projection.matching.match import ScoredSpan
from xlner.projection.matching_projector import MatchingProjector
from xlner.projection.ner_candidates import NerCandidatesProjector, assign_spans
from xlner.projection.scores.ner import NerScore
from xlner.stages import Projector

WORDS = st.sampled_from(["Ana", "Pardo", "Vigo", "Vigu", "na", "!"])


def made(source: str, entities: Sequence[Entity], target: str, links: Sequence[tuple[int, int]] = ()) -> Pair:
    words = Sentence(tuple(source.split()), tuple(entities))
    return Pair(Sentence(tuple(target.split())), words, Alignment(tuple(links)))


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Pairs with links, words to compare, and entities on both sides."""
    entities, length = draw(disjoint_entities(6))
    found, n = draw(disjoint_entities(6))
    link = st.tuples(st.integers(0, max(length - 1, 0)), st.integers(0, max(n - 1, 0)))
    links = draw(st.lists(link, max_size=12)) if length and n else []
    source = Sentence(tuple(draw(WORDS) for _ in range(length)), tuple(entities))
    return Pair(Sentence(tuple(draw(WORDS) for _ in range(n)), tuple(found)), source, Alignment(tuple(links)))


def labeled(projector: Projector, pair: Pair) -> list[tuple[int, int, str]]:
    (projection,) = projector.project([pair])
    return [(e.start, e.end, e.label) for e in projection.sentence.entities]


PROJECTORS = [
    FusedProjector(),
    FusedProjector("coverage+surface", candidates="aligned+ner", threshold=0.5),
    FusedProjector(constraint="=", n=2, matcher="milp"),
    FusedProjector("weighted-coverage+surface", constraint=">=", matcher="greedy", stop_tokens="na !", keep_label=True),
    FusedProjector("align", candidates="merged"),
    NerCandidatesProjector(),
    NerCandidatesProjector(weights="surface:1", keep_label=True, threshold=0.3),
]


@settings(deadline=None, max_examples=50)
@given(pairs(), st.sampled_from(PROJECTORS))
def test_every_source_entity_has_an_outcome(pair: Pair, projector: FusedProjector) -> None:
    (projection,) = projector.project([pair])
    assert pair.source is not None
    assert [o.entity for o in projection.outcomes] == list(pair.source.entities)
    projected = [e for o in projection.outcomes for e in o.projected]
    assert sorted(projected, key=lambda e: e.start) == list(projection.sentence.entities)
    for outcome in projection.outcomes:
        if outcome.reason is not None:
            assert not outcome.scores
            continue
        terms = {t.name: t for t in projector.options.terms}
        assert set(outcome.scores) - {"missing"} == {*terms, "total"}
        total = sum(t.weight * outcome.scores[n] for n, t in terms.items() if outcome.scores[n] >= t.threshold)
        assert outcome.scores["total"] == pytest.approx(total)
        assert outcome.projected[0].score == outcome.scores["total"] >= projector.options.threshold


@settings(deadline=None, max_examples=50)
@given(pairs(), st.sampled_from(["aligned", "ngrams"]))
def test_alignment_alone_is_the_exact_projector(pair: Pair, candidates: str) -> None:
    assert labeled(FusedProjector("align", candidates=candidates), pair) == labeled(MatchingProjector(), pair)
    (fused,) = FusedProjector("align", candidates="aligned").project([pair])
    (exact,) = MatchingProjector().project([pair])
    assert [o.reason for o in fused.outcomes] == [o.reason for o in exact.outcomes]


def brute_force(options: Sequence[ScoredSpan]) -> float:
    """The largest total of disjoint options, one for each entity or none."""
    entities = sorted({o.entity for o in options})
    rows = [[None, *(o for o in options if o.entity == e)] for e in entities]
    best = 0.0
    for choice in product(*rows):
        taken = [o for o in choice if o]
        if not any(overlaps(a.span, b.span) for a, b in permutations(taken, 2)):
            best = max(best, sum(o.score for o in taken))
    return best


@settings(deadline=None, max_examples=50)
@given(pairs())
def test_the_total_is_the_largest_there_is(pair: Pair) -> None:
    projector = FusedProjector("coverage+surface", max_length=2)
    options = projector.score(pair).scored_spans(projector.options.terms, 0.0)
    by_entity = [o for o in options if o.entity < 2]
    if len(by_entity) == len(options):
        assert projector.match(pair).objective == pytest.approx(brute_force(options), abs=1e-6)


def test_spelling_decides_where_links_are_lost_or_wrong() -> None:
    entities = [Entity(0, 1, "PER"), Entity(3, 4, "LOC")]
    pair = made("Ana lives in Vigo", entities, "Ana akaa Vigo", [(3, 1)])
    assert labeled(MatchingProjector(), pair) == [(1, 2, "LOC")]
    assert labeled(FusedProjector("surface"), pair) == [(0, 1, "PER"), (2, 3, "LOC")]
    assert labeled(FusedProjector(weights="alignment:0.5,surface:1:0.7"), pair) == [(0, 1, "PER"), (2, 3, "LOC")]


def test_punctuation_in_a_name_is_reachable() -> None:
    pair = made("Yahoo ! grows", [Entity(0, 2, "ORG")], "di Yahoo ! ne", [(0, 1), (1, 2)])
    assert labeled(FusedProjector(), pair) == [(1, 3, "ORG")]
    assert labeled(FusedProjector(stop_tokens="!"), pair) == [(1, 2, "ORG")]


@pytest.mark.parametrize(
    ("projector", "pair", "reasons"),
    [
        (FusedProjector(), made("Ana", [Entity(0, 1, "PER")], "x y"), [Reason.UNALIGNED]),
        (FusedProjector(), made("Ana", [Entity(0, 1, "PER")], ""), [Reason.UNALIGNED]),
        (
            FusedProjector(stop_tokens="x"),
            made("Ana", [Entity(0, 1, "PER")], "x", [(0, 0)]),
            [Reason.NO_CANDIDATE],
        ),
        (
            FusedProjector(threshold=2.5),
            made("Ana", [Entity(0, 1, "PER")], "Ana", [(0, 0)]),
            [Reason.BELOW_THRESHOLD],
        ),
        (FusedProjector(weights="surface:1:0.9"), made("Ana", [Entity(0, 1, "PER")], "An"), [Reason.BELOW_THRESHOLD]),
        (
            FusedProjector(),
            made("Ana Ana", [Entity(0, 1, "PER"), Entity(1, 2, "PER")], "Ana", [(1, 0)]),
            [Reason.OVERLAP, None],
        ),
        (
            FusedProjector(constraint="="),
            made("Ana Ana", [Entity(0, 1, "PER"), Entity(1, 2, "PER")], "Ana", [(1, 0)]),
            [Reason.OVER_LIMIT, None],
        ),
    ],
    ids=["unaligned", "empty", "stop", "low-sum", "low-part", "overlap", "over-limit"],
)
def test_reasons(projector: FusedProjector, pair: Pair, reasons: list[Reason | None]) -> None:
    assert [o.reason for o in projector.project([pair])[0].outcomes] == reasons


def test_what_is_missing_to_a_required_number_is_told() -> None:
    pair = made("Ana", [Entity(0, 1, "PER")], "Ana x", [(0, 0)])
    (outcome,) = FusedProjector(constraint="=", n=2, max_length=1).project([pair])[0].outcomes
    assert outcome.scores["missing"] == 1
    twice = made("Ana", [Entity(0, 1, "PER")], "Ana na Ana")
    (outcome,) = FusedProjector("surface", constraint="=", n=2).project([twice])[0].outcomes
    assert [e.span for e in outcome.projected] == [(0, 1), (2, 3)]
    assert "missing" not in outcome.scores


def test_scores_with_a_model_are_passed_in() -> None:
    p = np.array([[0.1, 0.9, 0.0], [0.1, 0.0, 0.9], [1.0, 0.0, 0.0]])
    ner = NerScore(("O", "B-PER", "I-PER"), lambda _: p)
    pair = made("Ana met ONU", [Entity(0, 1, "PER"), Entity(2, 3, "ORG")], "Ana Pardo x", [(0, 0), (0, 1), (2, 2)])
    found = FusedProjector("align+ner", ner=ner).project([pair])[0]
    assert [(e.start, e.end, e.label) for e in found.sentence.entities] == [(0, 2, "PER"), (2, 3, "ORG")]
    assert found.outcomes[1].scores == {"alignment": 1.0, "ner": 0.0, "total": 0.5}


def test_specs_say_the_same_as_options() -> None:
    spec = "fused?weights=alignment:1,surface:0.5:0.7&threshold=0.1&candidates=aligned+ngrams&max_length=4"
    options: dict[str, Any] = {"candidates": "aligned+ngrams", "max_length": 4, "threshold": 0.1}
    by_options = FusedProjector(weights="alignment:1,surface:0.5:0.7", **options)
    assert load("projector", spec).fingerprint == by_options.fingerprint
    assert load("projector", "fused:align+surface").fingerprint == FusedProjector().fingerprint
    assert (
        load("projector", "ner-candidates:surface?keep_label=true").fingerprint != NerCandidatesProjector().fingerprint
    )


def test_fingerprints_tell_options_apart() -> None:
    def flat(pair: Pair, entities: Sequence[Entity], candidates: Sequence[Span]) -> NDArray[np.float64]:
        return np.ones((len(entities), len(candidates)))

    made = [
        FusedProjector(),
        FusedProjector("align"),
        FusedProjector(stop_tokens="!"),
        FusedProjector(keep_label=True),
        FusedProjector(threshold=0.1),
        FusedProjector(matcher="greedy"),
        FusedProjector("ner", ner=flat),
        FusedProjector("ner", ner=NerScore(("O",), lambda s: np.ones((len(s), 1)))),
    ]
    assert len({p.fingerprint for p in made}) == len(made)
    assert FusedProjector(matcher="milp").fingerprint == FusedProjector().fingerprint
    assert "flat" in made[-2].fingerprint


@pytest.mark.parametrize(
    "options",
    [
        {"preset": "align", "weights": "alignment:1"},
        {"candidates": "words"},
        {"candidates": "aligned+"},
        {"max_length": 0},
        {"threshold": -1.0},
        {"n": 0},
        {"constraint": "<"},
        {"matcher": "best"},
        {"thresold": 0.1},
        {"preset": "nmt"},
    ],
    ids=str,
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises((UnknownNameError, UsageError, ValidationError)):
        FusedProjector(**options)


def test_what_is_needed_of_a_pair() -> None:
    bare = Pair(Sentence(("Ana",)), Sentence(("Ana",), (Entity(0, 1, "PER"),)))
    assert labeled(FusedProjector("surface"), bare) == [(0, 1, "PER")]
    for projector in (FusedProjector(), FusedProjector("surface", candidates="aligned")):
        with pytest.raises(ValidationError, match="alignment"):
            projector.project([bare])
    with pytest.raises(ValidationError, match="alignment"):
        CandidateOptions("aligned").find(bare, bare.source.entities)  # type: ignore[union-attr]
    with pytest.raises(ValidationError, match="source"):
        FusedProjector("surface").project([Pair(Sentence(("Ana",)))])


def test_recognized_spans_carry_the_source_label_unless_labels_are_kept() -> None:
    target = Sentence(("Ana", "Pardo", "na", "Vigo"), (Entity(0, 2, "ORG"), Entity(3, 4, "LOC")))
    source = Sentence(("Ana", "in", "Vigo"), (Entity(0, 1, "PER"), Entity(2, 3, "LOC")))
    pair = Pair(target, source, Alignment(((0, 0), (2, 3))))
    assert labeled(NerCandidatesProjector(), pair) == [(0, 2, "PER"), (3, 4, "LOC")]
    kept = NerCandidatesProjector(keep_label=True)
    assert labeled(kept, pair) == [(3, 4, "LOC")]
    assert kept.project([pair])[0].outcomes[0].reason is Reason.NO_CANDIDATE


@settings(deadline=None, max_examples=50)
@given(pairs())
def test_assignment_is_as_good_as_the_exact_matcher(pair: Pair) -> None:
    projector = NerCandidatesProjector("coverage+surface")
    options = projector.score(pair).scored_spans(projector.options.terms, 0.0)
    chosen = assign_spans(options)
    assert len({o.entity for o in chosen}) == len({o.span for o in chosen}) == len(chosen)
    assert sum(o.score for o in chosen) == pytest.approx(projector.match(pair).objective, abs=1e-6)


def test_a_copied_name_outweighs_links() -> None:
    source = Sentence(("Vigo", "canta"), (Entity(0, 1, "LOC"),))
    target = Sentence(("imba", "Viga", "ku", "Vigo"))
    for found, surface in (((3, 4), target), ((1, 2), Sentence(("imba", "Viga", "ku", "Lugo")))):
        pair = Pair(surface, source, Alignment(((0, 1), (1, 0))))
        assert FusedProjector("copied-surface").project([pair])[0].sentence.entities[0].span == found
        assert FusedProjector("align+surface").project([pair])[0].sentence.entities[0].span == (1, 2)
