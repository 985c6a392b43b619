"""Which sentences a recognizer is trained on."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner import Entity, InputError, Sentence, ValidationError
from xlner.errors import UnknownNameError
from xlner.transfer.sampling import counts, drawn
from xlner.transfer.training_sets import TrainingSet, checked

SIZES = st.dictionaries(st.sampled_from(["da", "de", "en", "es", "fi"]), st.integers(0, 10_000), min_size=1).filter(
    lambda sizes: sum(sizes.values()) > 0
)
TEMPERATURES = st.one_of(st.just(1.0), st.just(math.inf), st.floats(1, 50))


@given(SIZES, st.integers(1, 20_000), TEMPERATURES)
def test_counts_add_up_and_follow_the_sizes(sizes: dict[str, int], total: int, temperature: float) -> None:
    made = counts(sizes, total, temperature)
    assert sum(made.values()) == total
    assert made.keys() == sizes.keys()
    ordered = sorted(sizes.items(), key=lambda item: item[1])
    assert all(made[code] == 0 for code, size in ordered if size == 0)
    assert all(made[less] <= made[more] + 1 for (less, _), (more, _) in pairwise(ordered))


@given(SIZES, st.integers(1, 20_000), TEMPERATURES)
def test_counts_are_the_shares_rounded(sizes: dict[str, int], total: int, temperature: float) -> None:
    weights = {code: size ** (1 / temperature) if size else 0.0 for code, size in sizes.items()}
    for code, made in counts(sizes, total, temperature).items():
        assert abs(made - total * weights[code] / sum(weights.values())) < 1 + 1e-6


@given(SIZES)
def test_by_default_everything_is_taken_once(sizes: dict[str, int]) -> None:
    assert counts(sizes) == sizes


@given(SIZES, st.integers(1, 20_000))
def test_with_infinity_all_languages_are_the_same(sizes: dict[str, int], total: int) -> None:
    made = [n for code, n in counts(sizes, total, math.inf).items() if sizes[code]]
    assert max(made) - min(made) <= 1


def test_bad_samples() -> None:
    for sizes, total, temperature, message in [
        ({"en": 3}, 2, 0.5, "temperature 0.5 is not at least 1"),
        ({"en": 3}, 2, math.nan, "temperature nan"),
        ({"en": 0}, 2, 1.0, "no sentences"),
        ({}, 2, 1.0, "no sentences"),
        ({"en": 3}, 0, 1.0, "total of 0"),
    ]:
        with pytest.raises(ValidationError, match=message):
            counts(sizes, total, temperature)


@given(st.integers(1, 30), st.integers(0, 100), st.integers(0, 9))
def test_none_is_drawn_twice_before_all_are_drawn_once(size: int, count: int, seed: int) -> None:
    sentences = [Sentence((str(k),)) for k in range(size)]
    made = [s.tokens[0] for s in drawn(sentences, count, np.random.default_rng(seed))]
    assert len(made) == count
    often = [made.count(str(k)) for k in range(size)]
    assert max(often) - min(often) <= 1


def test_fewer_are_the_first_of_more() -> None:
    sentences = [Sentence((str(k),)) for k in range(20)]
    assert drawn(sentences, 30, np.random.default_rng(1))[:7] == drawn(sentences, 7, np.random.default_rng(1))


def sentence(*labels: str) -> Sentence:
    return Sentence(("x",) * len(labels), tuple(Entity(k, k + 1, label) for k, label in enumerate(labels)))


def test_sets_are_checked() -> None:
    english = TrainingSet("eng", [sentence("PER", "DATE")], [sentence("DATE")])
    assert english.language == "en"
    german = TrainingSet("de", [sentence("LOC")])
    found = checked([english, german], ("LOC", "PER"))
    assert [s.language for s in found] == ["de", "en"]
    assert [e.label for s in found for x in (*s.train, *s.dev) for e in x.entities] == ["LOC", "PER"]
    assert checked([english]) == [english]
    with pytest.raises(ValidationError, match="two training sets of language en"):
        checked([english, TrainingSet("en", [])])
    with pytest.raises(InputError, match="no sentences"):
        checked([TrainingSet("en", [])])
    with pytest.raises(InputError, match="no training sentence has an entity; "):
        checked([TrainingSet("en", [sentence()])])
    with pytest.raises(InputError, match=r"with label PRE; labels: DATE, PER"):
        checked([english], ("PRE",))
    with pytest.raises(UnknownNameError):
        TrainingSet("xx-nonsense-", [])
