from __future__ import annotations

import math
import random
import sys
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlner import Alignment, Entity, Pair, Sentence, ValidationError
from xlner.errors import UnknownNameError
from xlner.projection.fused import FusedProjector
from xlner.projection.kernels.flat import SCALE
from xlner.projection.kernels.words import units
from xlner.projection.matching.match import Matching, ScoredSpan, match_spans
from xlner.projection.matching_projector import MatchingProjector, greedy_projector
from xlner.projection.ner_candidates import NerCandidatesProjector

RULES = [(c, n) for c in ("<=", "=", ">=") for n in (1, 2, 3)]
Key = tuple[int, int, int, int, tuple[int, ...], tuple[int, ...]]


def key(chosen: Sequence[ScoredSpan], length: int, constraint: str, n: int) -> Key:
    """What a choice is worth, larger is better: the objective and the tie rule, word for word."""
    counts = Counter(o.entity for o in chosen)
    by_start = sorted(chosen, key=lambda o: o.span)
    return (
        0 if constraint == "<=" else sum(min(c, n) for c in counts.values()),
        sum(units(o.score) for o in chosen),
        sum(o.span[1] - o.span[0] for o in chosen),
        sum(1 << (length - o.span[0]) for o in chosen),
        tuple(-o.entity for o in by_start),
        tuple(o.span[1] for o in by_start),
    )


def brute_force(options: Sequence[ScoredSpan], length: int, constraint: str, n: int) -> tuple[Key, list[ScoredSpan]]:
    """The best of all choices."""
    choices: list[list[ScoredSpan]] = [[]]
    for option in options:
        for chosen in list(choices):
            clash = any(o.span[0] < option.span[1] and option.span[0] < o.span[1] for o in chosen)
            full = constraint != ">=" and sum(o.entity == option.entity for o in chosen) >= n
            if not clash and not full:
                choices.append([*chosen, option])
    return max((key(c, length, constraint, n), c) for c in choices)


def random_options(rng: random.Random, length: int, n_entities: int, n_options: int, ties: bool) -> list[ScoredSpan]:
    found = {}
    for _ in range(n_options):
        start = rng.randrange(length)
        end = rng.randint(start + 1, min(length, start + 4))
        score = rng.choice([0.25, 1 / 3, 0.5, 2 / 3, 1.0]) if ties else rng.random()
        entity = rng.randrange(n_entities)
        found[entity, start, end] = ScoredSpan(entity, (start, end), score)
    return list(found.values())


def check(found: Matching, options: Sequence[ScoredSpan], length: int, constraint: str, n: int, best: Key) -> None:
    assert key(found.chosen, length, constraint, n) == best
    assert set(found.chosen) <= set(options)
    assert list(found.chosen) == sorted(found.chosen, key=lambda o: o.span)
    assert found.objective == sum(units(o.score) for o in found.chosen) / SCALE


@pytest.mark.parametrize(("constraint", "n"), RULES)
def test_exact_is_brute_force_with_the_tie_rule(constraint: str, n: int) -> None:
    rng = random.Random(f"{constraint}{n}")
    solvers = set()
    for k in range(250):
        length, n_entities = rng.randint(1, 9), rng.randint(1, 5)
        options = random_options(rng, length, n_entities, rng.randint(0, 10), ties=k % 3 > 0)
        best, _ = brute_force(options, length, constraint, n)
        found = match_spans(options, length, constraint=constraint, n=n)
        check(found, options, length, constraint, n, best)
        solvers.add(found.solver)
    assert solvers == ({"single", "dp"} if (constraint, n) in {("<=", 1), ("=", 1)} else {"dp"})


@pytest.mark.parametrize(("constraint", "n"), RULES)
def test_the_integer_program_is_brute_force_with_the_tie_rule(constraint: str, n: int) -> None:
    pytest.importorskip("scipy")
    rng = random.Random(f"milp{constraint}{n}")
    for _ in range(6):
        options = random_options(rng, 7, 3, 9, ties=True)
        best, _ = brute_force(options, 7, constraint, n)
        found = match_spans(options, 7, matcher="milp", constraint=constraint, n=n)
        check(found, options, 7, constraint, n, best)
        assert found.solver == "milp"


@pytest.mark.parametrize(("constraint", "n"), RULES)
def test_exact_has_the_objective_of_the_integer_program(constraint: str, n: int) -> None:
    pytest.importorskip("scipy")
    from benchmarks.exact_against_milp import compare, instance

    rng = random.Random(f"large{constraint}{n}")
    for k in range(25):
        options, length = instance(rng, k)
        _, exact, milp = compare(options, length, constraint, n)
        assert exact == milp


@pytest.mark.parametrize(("constraint", "k"), [("=", 7638), (">=", 959)])
def test_the_integer_program_ends_with_the_optimum(constraint: str, k: int) -> None:
    """Two of 90,000 instances for which HiGHS called a worse choice optimal, with presolve or with large numbers."""
    pytest.importorskip("scipy")
    from benchmarks.exact_against_milp import compare, instance

    options, length = instance(random.Random(f"{constraint}1 {k}"), k)
    _, exact, milp = compare(options, length, constraint, 1)
    assert exact == milp


@given(st.data())
@settings(max_examples=60)
def test_equal_fractions_tie_whatever_their_order(data: st.DataObject) -> None:
    """1/3 + 2/3 and 1 are the same objective, so the longer total span wins."""
    size = data.draw(st.integers(2, 24))
    part = data.draw(st.integers(1, size - 1))
    options = [
        ScoredSpan(0, (0, 1), part / size),
        ScoredSpan(1, (1, 2), (size - part) / size),
        ScoredSpan(2, (0, 3), 1.0),
    ]
    assert [o.entity for o in match_spans(options, 3).chosen] == [2]


def test_ties_in_words() -> None:
    longer = [ScoredSpan(0, (0, 1), 1.0), ScoredSpan(0, (2, 4), 1.0)]
    assert match_spans(longer, 4).chosen == (longer[1],)
    left = [ScoredSpan(0, (2, 3), 1.0), ScoredSpan(0, (0, 1), 1.0)]
    assert match_spans(left, 3).chosen == (left[1],)
    first = [ScoredSpan(1, (0, 1), 1.0), ScoredSpan(0, (0, 1), 1.0)]
    assert match_spans(first, 3).chosen == (first[1],)


@given(st.permutations(range(12)))
@settings(max_examples=40)
def test_the_order_of_options_does_not_matter(order: Sequence[int]) -> None:
    options = random_options(random.Random(5), 6, 3, 40, ties=True)[:12]
    assert match_spans([options[k] for k in order], 6).chosen == match_spans(options, 6).chosen


@pytest.mark.parametrize(("constraint", "n"), RULES)
def test_the_gap_is_brute_force_without_the_option(constraint: str, n: int) -> None:
    rng = random.Random(f"gap{constraint}{n}")
    for _ in range(25):
        options = random_options(rng, 7, 3, 8, ties=False)
        found = match_spans(options, 7, constraint=constraint, n=n)
        for option in found.chosen:
            rest = [o for o in options if o != option]
            best, _ = brute_force(rest, 7, constraint, n)
            less_met = best[0] < key(found.chosen, 7, constraint, n)[0]
            expected = math.inf if less_met else found.objective - best[1] / SCALE
            assert found.gap(option) == pytest.approx(expected)
            assert found.gap(option) >= 0 or constraint != "<="


def test_the_gap_of_an_option_that_was_not_chosen() -> None:
    with pytest.raises(ValidationError, match="was not chosen"):
        match_spans([], 3).gap(ScoredSpan(0, (0, 1), 1.0))


def test_a_requirement_that_cannot_be_met_costs_nobody_else() -> None:
    options = [ScoredSpan(0, (0, 1), 1.0), ScoredSpan(1, (0, 1), 0.5), ScoredSpan(2, (2, 3), 0.25)]
    for constraint in ("=", ">="):
        found = match_spans(options, 3, constraint=constraint)
        assert [o.entity for o in found.chosen] == [0, 2]
        assert found.missing == 1
    assert match_spans(options, 3).missing == 0


def test_a_requirement_is_worth_more_than_any_score() -> None:
    options = [ScoredSpan(0, (0, 2), 1.0), ScoredSpan(0, (0, 1), 0.1), ScoredSpan(1, (1, 2), 0.1)]
    assert [o.score for o in match_spans(options, 2).chosen] == [1.0]
    assert [o.score for o in match_spans(options, 2, constraint="=").chosen] == [0.1, 0.1]


def test_exactly_two_stays_two_where_more_would_score_more() -> None:
    options = [ScoredSpan(0, (k, k + 1), 1.0) for k in range(4)]
    assert len(match_spans(options, 4, constraint="=", n=2).chosen) == 2
    assert len(match_spans(options, 4, constraint=">=", n=2).chosen) == 4


def test_a_state_that_is_too_wide_goes_to_the_integer_program(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("scipy")
    options = random_options(random.Random(1), 12, 4, 40, ties=False)
    swept = match_spans(options, 12)
    assert swept.solver == "dp"
    for rooms in (((1, 1 << 10),), ((8, 4),), ((8, 9),)):
        monkeypatch.setattr("xlner.projection.kernels.flat.ROOMS", rooms)
        monkeypatch.setattr("xlner.projection.matching.match.ROOMS", rooms)
        solved = match_spans(options, 12)
        assert solved.solver == "milp"
        assert solved.chosen == swept.chosen


def all_to_all(n: int) -> Pair:
    """As many entities as target words, all linked to all of them."""
    entities = tuple(Entity(k, k + 1, "X") for k in range(n))
    links = Alignment(tuple((s, t) for s in range(n) for t in range(n)))
    return Pair(Sentence(tuple("t" * n)), Sentence(tuple("s" * n), entities), links)


def test_too_many_rivals_are_matched_greedily_and_the_result_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    rivals = all_to_all(9)
    exact, greedy = MatchingProjector(), MatchingProjector(matcher="greedy")
    assert exact.project([rivals])[0].solver == "dp"
    monkeypatch.setattr("xlner.projection.kernels.sweep.MOST_STEPS", 1000)
    monkeypatch.setattr("xlner.projection.kernels.milp.EXACT_BUDGET", 100)
    apart = all_to_all(1)
    one, other, last = exact.project([apart, rivals, apart])
    assert [one.solver, other.solver, last.solver] == ["single", "greedy", "single"]
    assert other.sentence == greedy.project([rivals])[0].sentence
    best = exact.match(rivals)
    assert (best.solver, best.chosen) == ("greedy", greedy.match(rivals).chosen)
    assert best.gap(best.chosen[0]) == greedy.match(rivals).gap(best.chosen[0])
    (fused,) = FusedProjector("align").project([rivals])
    assert fused.solver == "greedy"


def test_forty_rivals_are_matched_greedily() -> None:
    (made,) = MatchingProjector(constraint="=", n=2).project([all_to_all(40)])
    assert made.solver == "greedy"


def test_without_scipy_the_exact_matcher_is_greedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xlner.projection.kernels.sweep.MOST_STEPS", 10)
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    assert MatchingProjector().project([all_to_all(4)])[0].solver == "greedy"


def test_options_that_make_no_sense() -> None:
    with pytest.raises(ValidationError, match=r"candidate \[1, 5\) of entity 0 is outside the 3 words"):
        match_spans([ScoredSpan(0, (1, 5), 1.0)], 3)
    for score in (-1.0, math.nan, math.inf):
        with pytest.raises(ValidationError, match="negative or not finite"):
            match_spans([ScoredSpan(0, (0, 1), score)], 3)
    with pytest.raises(UnknownNameError, match="known: <=, =, >="):
        match_spans([], 3, constraint="==")
    with pytest.raises(UnknownNameError, match="known: exact, greedy, milp"):
        match_spans([], 3, matcher="gurobi")
    with pytest.raises(ValidationError, match="n 0 is not a number of projections"):
        match_spans([], 3, n=0)


def test_nothing_comes_from_nothing() -> None:
    assert match_spans([ScoredSpan(0, (0, 1), 0.0)], 3).chosen == ()
    assert match_spans([], 0, matcher="greedy").objective == 0.0


def test_greedy_takes_up_to_n_and_is_never_better() -> None:
    rng = random.Random(3)
    for _ in range(100):
        options = random_options(rng, 9, 4, 12, ties=True)
        for n in (1, 2):
            greedy = match_spans(options, 9, matcher="greedy", n=n)
            assert greedy.solver == "greedy"
            assert max(Counter(o.entity for o in greedy.chosen).values(), default=0) <= n
            assert greedy.objective <= match_spans(options, 9, n=n).objective


def test_projectors_say_how_sure_each_choice_is_and_what_proves_it() -> None:
    """With all n-grams as candidates the second entity has a span to fall back on, the third word's, for 2/3."""
    entities = (Entity(0, 1, "A"), Entity(1, 2, "B"))
    pair = Pair(
        Sentence(("a", "b", "c"), (Entity(0, 1, "A"),)), Sentence(("A", "B"), entities), Alignment(((0, 0), (1, 1)))
    )
    for projector, solver in (
        (MatchingProjector(gaps=True), "single"),
        (greedy_projector(gaps=True), "greedy"),
        (MatchingProjector(gaps=True, constraint="="), "single"),
        (FusedProjector("align", gaps=True), "single"),
    ):
        assert isinstance(projector, MatchingProjector | FusedProjector)
        (projection,) = projector.project([pair])
        assert (projection.solver, projection.objective) == (solver, 2.0)
        wanted = [2.0, 2.0] if projector.options.constraint == "=" else [1.0, 1.0]
        if isinstance(projector, FusedProjector):
            wanted = [1.0, 1 - 2 / 3]
        assert [o.scores["gap"] for o in projection.outcomes] == pytest.approx(wanted)
        assert "gaps=True" in projector.fingerprint
    (projection,) = NerCandidatesProjector().project([pair])
    assert (projection.solver, projection.objective) == ("assignment", 1.0)
