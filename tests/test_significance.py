"""Intervals and tests: exact where they can be, and statistically right on synthetic data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from xlner import Entity, InputError, Sentence, evaluate
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
    with pytest.raises(InputError, match="scores cannot be compared: mode:strict.*of the same data"):
        compare(first, second)


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


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_helps_and_keeps_the_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(a >= p for a, p in zip(adjusted, p_values, strict=True))
    order = np.argsort(p_values, kind="stable")
    ordered: NDArray[np.float64] = np.array(adjusted)[order]
    assert (np.diff(ordered) >= 0).all()
    assert max(adjusted, default=0) <= 1
