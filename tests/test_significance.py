"""Intervals and tests: exact where they can be, and statistically right on synthetic data."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlner import Entity, InputError, Sentence, ValidationError, evaluate
from xlner.core.resampling import bootstrap, f1, percentiles, randomize
from xlner.evaluation import Scores, compare, confidence_intervals, holm

LABELS = ("LOC", "PER")


def system(random: np.random.Generator, gold: list[Sentence], right: float) -> list[Sentence]:
    """Finds each entity with a probability, and invents as many as it misses."""
    out = []
    for sentence in gold:
        entities = [e for e in sentence.entities if random.random() < right]
        entities += [Entity(k, k + 1, "LOC") for k in (8, 9) if random.random() > right]
        out.append(sentence.with_entities(entities))
    return out


def gold_data(random: np.random.Generator, n: int) -> list[Sentence]:
    tokens = tuple("abcdefghij")
    return [
        Sentence(tokens, tuple(Entity(2 * k, 2 * k + 1, LABELS[k % 2]) for k in range(random.integers(0, 4))))
        for _ in range(n)
    ]


def scored(seed: int, n: int, *rights: float) -> list[Scores]:
    random = np.random.default_rng(seed)
    gold = gold_data(random, n)
    return [evaluate(gold, system(random, gold, right)) for right in rights]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(2, 3), st.integers(2, 3)), min_size=1, max_size=8))
def test_f1_and_the_range_of_its_interval(rows: list[tuple[int, int, int]]) -> None:
    counts = np.array(rows)
    correct, predicted, gold = (sum(column) for column in zip(*rows, strict=True))
    precision, recall = correct / predicted, correct / gold
    expected = 2 * precision * recall / (precision + recall) if correct else 0.0
    assert float(f1(*counts.sum(axis=0))) == pytest.approx(expected)
    low, high = percentiles(f1(*bootstrap(counts, samples=50, seed=3).T), 0.95)
    singles = f1(*counts.T)
    assert min(singles) - 1e-9 <= low <= high <= max(singles) + 1e-9


def test_bootstrap_draws_as_sentences_are_drawn() -> None:
    """Drawing kinds of rows has the mean and variance of drawing the rows one by one."""
    rows = np.random.default_rng(0).integers(0, 3, size=(40, 2))
    totals = bootstrap(rows, samples=20_000, seed=1)
    assert totals.mean(axis=0) == pytest.approx(rows.sum(axis=0), rel=0.01)
    assert totals.var(axis=0) == pytest.approx(len(rows) * rows.var(axis=0), rel=0.05)
    assert (bootstrap(rows, samples=5, seed=1) == bootstrap(rows, samples=5, seed=1)).all()
    assert bootstrap(rows[:0], samples=3, seed=0).tolist() == [[0, 0]] * 3


def test_randomization_swaps_as_sentences_are_swapped() -> None:
    differences = np.random.default_rng(0).integers(-2, 3, size=(40, 2))
    totals = randomize(differences, trials=20_000, seed=1)
    assert totals.mean(axis=0) == pytest.approx(differences.sum(axis=0) / 2, abs=0.2)
    assert totals.var(axis=0) == pytest.approx((differences**2).sum(axis=0) / 4, rel=0.05)


def test_resampling_in_blocks_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.arange(6).reshape(-1, 1)
    monkeypatch.setattr("xlner.core.resampling._CELLS", 20)
    assert bootstrap(rows, samples=10, seed=0).shape == (10, 1)
    assert randomize(rows, trials=10, seed=0).shape == (10, 1)


def test_intervals_cover_the_true_score() -> None:
    """Of 200 samples, about 95 % have an interval that holds the F1 of endless data."""
    truth = scored(0, 20_000, 0.7)[0].micro.f1
    found = [confidence_intervals(scored(seed, 80, 0.7)[0], samples=300).micro for seed in range(1, 201)]
    covered = sum(i.low <= truth <= i.high for i in found)
    assert 180 <= covered <= 199


def test_p_values_of_equal_systems_are_uniform() -> None:
    p_values = np.array([compare(*scored(seed, 60, 0.7, 0.7), trials=300, samples=2).p for seed in range(300)])
    for limit in (0.05, 0.25, 0.5, 0.75):
        assert (p_values <= limit).mean() == pytest.approx(limit, abs=4 * np.sqrt(limit * (1 - limit) / 300))


def test_a_real_difference_is_found() -> None:
    found = compare(*scored(1, 300, 0.6, 0.8))
    assert found.p < 0.001
    assert found.interval.low > 0
    assert found.interval.low < found.f1 < found.interval.high
    back = compare(*scored(1, 300, 0.6, 0.8)[::-1])
    assert back.f1 == pytest.approx(-found.f1)


def test_no_difference_at_all() -> None:
    (scores,) = scored(1, 30, 0.6)
    same = compare(scores, scores)
    assert (same.f1, same.p, same.interval.low, same.interval.high) == (0, 1, 0, 0)


def test_what_cannot_be_compared_is_refused() -> None:
    (first,), (second,) = scored(1, 10, 0.5), scored(2, 10, 0.5)
    with pytest.raises(InputError, match="scores cannot be compared: mode:strict") as raised:
        compare(first, second)
    assert raised.value.hint == "compare scores of the same data, mode and ignored labels"


def test_intervals_of_types_and_their_mean() -> None:
    (scores,) = scored(4, 100, 0.7)
    found = confidence_intervals(scores, samples=500, seed=3)
    assert found.per_type.keys() == scores.per_type.keys()
    for label, interval in found.per_type.items():
        assert interval.low < scores.per_type[label].f1 < interval.high
    assert found.macro.low < scores.macro_f1 < found.macro.high
    assert "bootstrap:500|level:0.95|seed:3|numpy:" in str(found.signature)
    assert confidence_intervals(scores, samples=500, seed=3) == found
    assert confidence_intervals(scores, samples=500, seed=4) != found
    wider = confidence_intervals(scores, samples=500, seed=3, level=0.99).micro
    assert wider.low < found.micro.low < found.micro.high < wider.high


def test_intervals_of_nothing() -> None:
    nothing = confidence_intervals(evaluate([], []))
    assert (nothing.micro.low, nothing.macro.high, nothing.per_type) == (0, 0, {})


# Literal transcriptions of the formulas


def counts_by_sentence(scores: Scores) -> list[list[int]]:
    """Correct, predicted, gold and partial entities of each sentence."""
    rows: list[list[int]] = scores.by_sentence.sum(axis=1).tolist()
    return rows


def f1_by_hand(rows: list[list[int]]) -> float:
    correct, predicted, gold, partial = (sum(column) for column in zip(*rows, strict=True))
    return 2 * (correct + partial / 2) / (predicted + gold) if predicted + gold else 0.0


def difference_by_hand(first: list[list[int]], second: list[list[int]], swaps: tuple[bool, ...]) -> float:
    pairs = [(b, a) if swap else (a, b) for a, b, swap in zip(first, second, swaps, strict=True)]
    return f1_by_hand([b for _, b in pairs]) - f1_by_hand([a for a, _ in pairs])


@pytest.mark.parametrize("trials", [1, 9, 99])
def test_p_counts_the_observed_difference_as_one_more_trial(trials: int) -> None:
    """(r + 1) / (trials + 1): where no trial reaches the difference, and where all do."""
    gold = [Sentence(("Vigo",), (Entity(0, 1, "LOC"),))] * 60
    nothing = [s.with_entities(()) for s in gold]
    worst, best = evaluate(gold, nothing), evaluate(gold, gold)
    assert compare(worst, best, trials=trials, samples=2).p == 1 / (trials + 1)
    assert compare(best, worst, trials=trials, samples=2).p == 1 / (trials + 1)
    assert compare(best, best, trials=trials, samples=2).p == 1


@pytest.mark.parametrize("seed", range(4))
def test_p_is_the_share_of_all_swaps_that_reach_the_difference(seed: int) -> None:
    first, second = scored(seed, 8, 0.4, 0.9)
    rows = counts_by_sentence(first), counts_by_sentence(second)
    observed = abs(difference_by_hand(*rows, (False,) * 8))
    swapped = [abs(difference_by_hand(*rows, swaps)) for swaps in itertools.product((False, True), repeat=8)]
    exact = sum(value >= observed - 1e-9 for value in swapped) / len(swapped)
    trials = 20_000
    p = compare(first, second, trials=trials, samples=2).p
    assert p == pytest.approx((trials * exact + 1) / (trials + 1), abs=4 * np.sqrt(0.25 / trials))
    assert p * (trials + 1) == pytest.approx(round(p * (trials + 1)))  # a whole number of trials, and one


def test_the_difference_is_that_of_the_second_system_to_the_first() -> None:
    first, second = scored(1, 50, 0.5, 0.9)
    found = compare(first, second, trials=10, samples=10)
    assert found.f1 == pytest.approx(second.micro.f1 - first.micro.f1)
    facts = dict(found.signature.facts)
    assert {name: facts[name] for name in ("test", "trials", "bootstrap", "level", "seed", "numpy")} == {
        "test": "approximate-randomization",
        "trials": "10",
        "bootstrap": "10",
        "level": "0.95",
        "seed": "0",
        "numpy": np.__version__,
    }


def percentile_by_hand(values: list[float], share: float) -> float:
    """Linear interpolation between the two nearest of the sorted values."""
    ordered, position = sorted(values), share * (len(values) - 1)
    below = int(position)
    above = min(below + 1, len(values) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30), st.floats(0, 1))
def test_percentiles_by_hand(values: list[float], level: float) -> None:
    low, high = percentiles(np.array(values), level)
    assert low == pytest.approx(percentile_by_hand(values, (1 - level) / 2))
    assert high == pytest.approx(percentile_by_hand(values, 1 - (1 - level) / 2))


def test_percentiles_of_known_values() -> None:
    assert percentiles(np.arange(1001.0), 0.95) == pytest.approx((25, 975))
    assert percentiles(np.array([4.0, 1.0, 3.0, 2.0]), 0.5) == (1.75, 3.25)
    assert percentiles(np.array([1.0, 2.0]), 1.0) == (1.0, 2.0)
    assert percentiles(np.array([1.0, 2.0]), 0.0) == (1.5, 1.5)


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_intervals_are_the_percentiles_of_the_bootstrap_samples(level: float) -> None:
    first, second = scored(3, 40, 0.5, 0.8)
    both = np.hstack([np.array(counts_by_sentence(first)), np.array(counts_by_sentence(second))])
    totals = bootstrap(both, samples=60, seed=7).tolist()
    differences = [f1_by_hand([row[4:]]) - f1_by_hand([row[:4]]) for row in totals]
    interval = compare(first, second, trials=2, samples=60, level=level, seed=7).interval
    assert interval.low == pytest.approx(percentile_by_hand(differences, (1 - level) / 2))
    assert interval.high == pytest.approx(percentile_by_hand(differences, (1 + level) / 2))
    assert interval.level == level
    by_label = bootstrap(first.by_sentence.reshape(40, -1), samples=60, seed=7).reshape(60, -1, 4).tolist()
    scores = {
        "micro": [f1_by_hand(sample) for sample in by_label],
        "macro": [np.mean([f1_by_hand([row]) for row in sample if row[1] + row[2]]) for sample in by_label],
        "LOC": [f1_by_hand([sample[0]]) for sample in by_label],
    }
    found = confidence_intervals(first, samples=60, level=level, seed=7)
    for name, interval in (("micro", found.micro), ("macro", found.macro), ("LOC", found.per_type["LOC"])):
        assert interval.low == pytest.approx(percentile_by_hand(scores[name], (1 - level) / 2))
        assert interval.high == pytest.approx(percentile_by_hand(scores[name], (1 + level) / 2))


def test_defaults() -> None:
    first, second = scored(3, 40, 0.5, 0.8)
    assert compare(first, second) == compare(first, second, trials=10_000, samples=1000, level=0.95, seed=0)
    assert compare(first, second) == compare(first, second)
    assert confidence_intervals(first) == confidence_intervals(first, samples=1000, level=0.95, seed=0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a, b: compare(a, b, trials=0), "trials is 0 but must be at least 1"),
        (lambda a, b: compare(a, b, samples=0), "samples is 0 but must be at least 1"),
        (lambda a, b: compare(a, b, trials=2, samples=2, level=1.5), "level 1.5 is not between 0 and 1"),
        (lambda a, _: confidence_intervals(a, samples=0), "samples is 0 but must be at least 1"),
        (lambda a, _: confidence_intervals(a, samples=2, level=-0.5), "level -0.5 is not between 0 and 1"),
    ],
)
def test_bad_options(call: Callable[[Scores, Scores], object], message: str) -> None:
    with pytest.raises(ValidationError) as raised:
        call(*scored(1, 5, 0.5, 0.6))
    assert str(raised.value) == message


def holm_by_hand(p_values: list[float]) -> list[float]:
    """Adjusted p-values of Holm (1979): max over j <= k of min(1, (m - j + 1) p_(j)), where p_(1) <= p_(2) <= …"""
    m, ordered = len(p_values), sorted(p_values)
    adjusted = [max(min(1.0, (m - j) * ordered[j]) for j in range(k + 1)) for k in range(m)]
    return [adjusted[ordered.index(p)] for p in p_values]  # of equal p-values, the first has the largest factor


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_is_the_step_down_formula(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(holm_by_hand(p_values))


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.02, 0.03]) == pytest.approx([0.03, 0.04, 0.04])
    assert holm([0.03, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.01, 0.4, 0.6, 0.02]) == pytest.approx([0.04, 0.8, 0.8, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([0.04]) == [0.04]
    assert holm([]) == []
