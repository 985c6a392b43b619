from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import disjoint_entities
from xlner import Alignment, Entity, Pair, Reason, Sentence, ValidationError
from xlner.errors import UnknownNameError
from xlner.projection.candidates import aligned_words, between_aligned, merged_ranges, ngrams
from xlner.projection.matching.match import ScoredSpan, match_spans
from xlner.projection.matching_projector import MatchingProjector, greedy_projector
from xlner.projection.range_projectors import HeuristicProjector
from xlner.projection.scores.alignment import alignment_score


def pair(source: int, entities: list[Entity], target: int, links: list[tuple[int, int]]) -> Pair:
    return Pair(
        Sentence(tuple(f"t{k}" for k in range(target))),
        Sentence(tuple(f"s{k}" for k in range(source)), tuple(entities)),
        Alignment(tuple(links)),
    )


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    entities, length = draw(disjoint_entities())
    target = draw(st.integers(0, 12))
    link = st.tuples(st.integers(0, max(length - 1, 0)), st.integers(0, max(target - 1, 0)))
    links = draw(st.lists(link, max_size=15)) if length and target else []
    return pair(length, entities, target, links)


def spans(made: Pair, projector: HeuristicProjector | MatchingProjector) -> list[tuple[int, int, str]]:
    (projection,) = projector.project([made])
    return [(e.start, e.end, e.label) for e in projection.sentence.entities]


@given(pairs(), st.sampled_from([HeuristicProjector(), greedy_projector(), greedy_projector("ngrams", max_length=4)]))
def test_every_source_entity_has_an_outcome_and_spans_are_disjoint(
    made: Pair, projector: HeuristicProjector | MatchingProjector
) -> None:
    (projection,) = projector.project([made])
    assert made.source is not None
    assert [o.entity for o in projection.outcomes] == list(made.source.entities)
    projected = [e for o in projection.outcomes for e in o.projected]
    assert sorted(projected, key=lambda e: e.start) == list(projection.sentence.entities)
    words = aligned_words(made.source.entities, made.alignment or Alignment(()))
    for outcome, linked in zip(projection.outcomes, words, strict=True):
        assert (outcome.reason is Reason.UNALIGNED) == (not linked)


@given(pairs())
def test_alignment_score_counts_links_literally(made: Pair) -> None:
    assert made.source is not None
    assert made.alignment is not None
    candidates = ngrams(len(made.target), 5)
    scores = alignment_score(made, made.source.entities, candidates)
    assert scores.shape == (len(made.source.entities), len(candidates))
    for k, e in enumerate(made.source.entities):
        for j, (start, end) in enumerate(candidates):
            links = sum(e.start <= s < e.end and start <= t < end for s, t in made.alignment.links)
            assert np.isclose(scores[k, j], 2 * links / (len(e) + end - start))


@given(pairs())
def test_aligned_candidates_and_all_ngrams_give_the_same_spans(made: Pair) -> None:
    assert spans(made, greedy_projector()) == spans(made, greedy_projector("ngrams"))


def greedy(options: list[ScoredSpan], length: int) -> tuple[ScoredSpan, ...]:
    return match_spans(options, length, matcher="greedy").chosen


def literal_greedy(options: list[ScoredSpan]) -> list[ScoredSpan]:
    """One pass of the definition: the best free option, again and again."""
    left, chosen = list(options), []
    while left:
        best = max(left, key=lambda o: (o.score, o.span[1] - o.span[0], -o.span[0], -o.entity))
        chosen.append(best)
        left = [o for o in left if o.entity != best.entity and (o.span[1] <= best.span[0] or best.span[1] <= o.span[0])]
    return chosen


@given(st.data())
def test_greedy_is_its_definition(data: st.DataObject) -> None:
    span = st.tuples(st.integers(0, 6), st.integers(1, 3)).map(lambda s: (s[0], s[0] + s[1]))
    option = st.builds(ScoredSpan, st.integers(0, 3), span, st.sampled_from([0.25, 0.5, 1.0]))
    options = data.draw(st.lists(option, max_size=12, unique_by=lambda o: (o.entity, o.span)))
    assert list(greedy(options, 10)) == sorted(literal_greedy(options), key=lambda o: o.span)


def test_ties_go_to_the_longer_then_the_leftmost_span() -> None:
    assert greedy([ScoredSpan(0, (3, 4), 1.0), ScoredSpan(0, (0, 1), 1.0), ScoredSpan(0, (1, 3), 1.0)], 4)[0].span == (
        1,
        3,
    )
    assert greedy([ScoredSpan(0, (3, 4), 1.0), ScoredSpan(0, (0, 1), 1.0)], 4)[0].span == (0, 1)


def test_candidates() -> None:
    assert merged_ranges([1, 2, 4, 7], max_gap=0) == [(1, 3), (4, 5), (7, 8)]
    assert merged_ranges([1, 2, 4, 7], max_gap=2) == [(1, 8)]
    assert between_aligned([0, 2, 5], max_length=3) == [(0, 1), (0, 3), (2, 3), (5, 6)]
    assert ngrams(0, 3) == []


def test_heuristic_joins_ranges_across_a_gap_and_keeps_the_longest() -> None:
    made = pair(3, [Entity(0, 3, "ORG")], 9, [(0, 0), (1, 2), (2, 3), (2, 7)])
    assert spans(made, HeuristicProjector(gap=1)) == [(0, 4, "ORG")]
    assert spans(made, HeuristicProjector(gap=0, ratio=0.5)) == [(2, 4, "ORG")]


def test_heuristic_drops_what_is_much_shorter_than_the_entity() -> None:
    made = pair(3, [Entity(0, 3, "ORG")], 5, [(0, 0)])
    (projection,) = HeuristicProjector().project([made])
    assert projection.outcomes[0].reason is Reason.BELOW_THRESHOLD
    assert spans(made, HeuristicProjector(ratio=0.3)) == [(0, 1, "ORG")]


def test_heuristic_takes_the_long_entity_first_so_that_a_stray_link_cannot_kill_it() -> None:
    made = pair(5, [Entity(0, 1, "PER"), Entity(2, 5, "ORG")], 4, [(0, 2), (2, 1), (3, 2), (4, 3)])
    assert spans(made, HeuristicProjector()) == [(1, 4, "ORG")]


def test_heuristic_tries_the_next_range_where_the_first_is_taken() -> None:
    made = pair(5, [Entity(0, 3, "ORG"), Entity(4, 5, "PER")], 8, [(0, 0), (1, 1), (2, 2), (4, 1), (4, 2), (4, 6)])
    assert spans(made, HeuristicProjector()) == [(0, 3, "ORG"), (6, 7, "PER")]


def test_reasons_of_greedy_matching() -> None:
    made = pair(
        4, [Entity(0, 1, "A"), Entity(1, 2, "B"), Entity(2, 3, "C"), Entity(3, 4, "D")], 3, [(0, 0), (1, 0), (3, 1)]
    )
    (projection,) = greedy_projector().project([made])
    assert [o.reason for o in projection.outcomes] == [None, Reason.OVERLAP, Reason.UNALIGNED, None]
    (projection,) = greedy_projector(threshold=1.5).project([made])
    assert projection.outcomes[0].reason is Reason.BELOW_THRESHOLD
    wide = pair(2, [Entity(0, 2, "A")], 0, [])
    (projection,) = greedy_projector("ngrams").project([wide])
    assert projection.outcomes[0].reason is Reason.UNALIGNED


def test_more_links_than_words_do_not_change_the_choice() -> None:
    made = pair(2, [Entity(0, 2, "LOC")], 4, [(0, 0), (0, 1), (1, 0), (1, 1), (1, 3)])
    assert spans(made, greedy_projector()) == [(0, 2, "LOC")]


def test_punctuation_inside_a_name_can_be_reached() -> None:
    made = Pair(
        Sentence(("Yahoo", "!", "compra")),
        Sentence(("Yahoo", "!", "buys"), (Entity(0, 2, "ORG"),)),
        Alignment(((0, 0), (1, 1), (2, 2))),
    )
    assert spans(made, greedy_projector("ngrams")) == [(0, 2, "ORG")]


def test_projectors_check_their_options_and_pairs() -> None:
    with pytest.raises(UnknownNameError, match="known: aligned, ngrams"):
        greedy_projector("all")
    with pytest.raises(ValidationError, match="leaves no candidate"):
        greedy_projector(max_length=0)
    with pytest.raises(ValidationError, match="gap -1 or ratio 0.8 is negative"):
        HeuristicProjector(gap=-1)
    with pytest.raises(ValidationError, match="has no source sentence"):
        greedy_projector().project([Pair(Sentence(("a",)))])
