"""From sub-words to words, against loops, and windows over sub-words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import mean, median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner.alignment.decoders import DecodedLinks, best_similarity, intersection, matched_similarity, word_links
from xlner.errors import UnknownNameError, ValidationError
from xlner.models.subwords import Subwords, compute_states

COUNTS = st.lists(st.integers(0, 3), min_size=0, max_size=4)


@st.composite
def sides(draw: st.DrawFn) -> tuple[np.ndarray, list[int], list[int]]:
    """A matrix of sub-words, and how many each word has on both sides."""
    source, target = draw(COUNTS), draw(COUNTS)
    size = sum(source) * sum(target)
    values = draw(st.lists(st.integers(-100, 100), min_size=size, max_size=size))
    return np.array(values, dtype=float).reshape(sum(source), sum(target)) / 100, source, target


def indices(counts: list[int]) -> np.ndarray:
    return np.repeat(np.arange(len(counts)), counts)


def places(counts: list[int], word: int) -> range:
    start = sum(counts[:word])
    return range(start, start + counts[word])


@given(sides())
def test_words_are_linked_by_any_of_their_sub_words(given_: tuple[np.ndarray, list[int], list[int]]) -> None:
    s, source, target = given_
    linked = s > 0.3
    links, weights = word_links(DecodedLinks(linked, s), indices(source), indices(target), (len(source), len(target)))
    for i in range(len(source)):
        for j in range(len(target)):
            found = [s[a, b] for a in places(source, i) for b in places(target, j) if linked[a, b]]
            assert links[i, j] == bool(found)
            assert weights[i, j] == max(found, default=0)


@given(sides(), st.sampled_from(["mean", "median", "max"]))
def test_word_similarities_are_what_loops_find(given_: tuple[np.ndarray, list[int], list[int]], reduction: str) -> None:
    s, source, target = given_
    reduce = {"mean": mean, "median": median, "max": max}[reduction]
    arguments = (s, indices(source), indices(target), (len(source), len(target)))
    matched, best = matched_similarity(*arguments, reduction), best_similarity(*arguments)
    assert matched.shape == best.shape == (len(source), len(target))
    for i in range(len(source)):
        for j in range(len(target)):
            rows, columns = places(source, i), places(target, j)
            if not (rows and columns):
                assert matched[i, j] == best[i, j] == -np.inf
                continue
            of_source = reduce([max(s[a, b] for b in columns) for a in rows])
            of_target = reduce([max(s[a, b] for a in rows) for b in columns])
            assert matched[i, j] == pytest.approx(max(of_source, of_target))
            assert best[i, j] == max(s[a, b] for a in rows for b in columns)


def test_a_word_without_sub_words_shifts_nobody_and_is_not_linked() -> None:
    s = np.eye(2)
    for similarity in (best_similarity, matched_similarity):
        words = similarity(s, np.array([0, 2]), np.array([0, 1]), (3, 2))
        assert np.argwhere(intersection(words)).tolist() == [[0, 0], [2, 1]]


def test_what_does_not_fit_is_refused() -> None:
    for source, lengths in [([0], (2, 2)), ([1, 0], (2, 2)), ([0, 2], (2, 2)), ([-1, 0], (2, 2))]:
        with pytest.raises(ValidationError, match="sub-words"):
            best_similarity(np.eye(2), np.array(source), np.array([0, 1]), lengths)
    with pytest.raises(
        UnknownNameError, match="unknown reduction 'min'; did you mean 'median'\\? known: mean, median, max"
    ):
        matched_similarity(np.eye(1), np.array([0]), np.array([0]), (1, 1), "min")


# --- Windows ---


@given(st.integers(8, 40), st.integers(0, 120))
def test_neighboring_windows_share_a_quarter_of_their_sub_words(max_length: int, length: int) -> None:
    text = Subwords.of([(k,) for k in range(length)], head=[0, 0], tail=[0])
    size = max_length - 3
    windows = text.windows(max_length)
    for (_, end), (start, _) in pairwise(windows.spans):
        assert end - start >= size // 4 > 0
    assert all(len(ids) <= max_length for ids in text.sequences(windows))


def test_all_states_of_a_word_come_from_the_same_window_which_contains_it() -> None:
    words = [(k, k) for k in range(1, 30)]
    text = Subwords.of(words, head=[0], tail=[0])

    def states(sequences: Sequence[Sequence[int]]) -> list[np.ndarray]:
        """Which window a state is from."""
        return [np.full((len(s), 1), k, dtype=np.float32) for k, s in enumerate(sequences)]

    (rows,) = compute_states([text], states, max_length=14)
    spans = text.windows(14).spans
    assert len(spans) > 2
    for start in range(0, len(rows), 2):
        (first,), (second,) = rows[start], rows[start + 1]
        assert first == second
        a, b = spans[int(first)]
        assert a <= start < start + 1 < b


def test_no_text_is_lost() -> None:
    texts = [Subwords.of([(k,) * 3 for k in range(n)], head=[9], tail=[]) for n in (0, 1, 4, 50)]

    def states(sequences: Sequence[Sequence[int]]) -> list[np.ndarray]:
        return [np.array(s, dtype=np.float32)[:, None] for s in sequences]

    found = compute_states(texts, states, max_length=8)
    assert [rows[:, 0].tolist() for rows in found] == [list(text.ids) for text in texts]
