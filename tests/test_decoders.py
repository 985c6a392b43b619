"""The decoders against slow references, and what must hold of any decoder."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xlner._errors import UnknownNameError, ValidationError
from xlner.alignment.decoders import (
    DECODERS,
    canonical_name,
    distorted,
    forward,
    intersection,
    itermax,
    make_decoder,
    reverse,
    softmax,
    union,
    unsure,
)

SHAPES = st.tuples(st.integers(1, 7), st.integers(1, 7))


def grid(low: int, high: int) -> st.SearchStrategy[np.ndarray]:
    """Matrices of hundredths: ties are frequent, and no two values are the same but for rounding."""
    return SHAPES.flatmap(lambda shape: arrays(np.int64, shape, elements=st.integers(low, high))).map(lambda a: a / 100)


COSINES = st.one_of(grid(-100, 100), grid(1, 5))


def first_best(values: list[float]) -> int | None:
    """The index of the largest value, the first of equals, None where every value is NaN or -inf."""
    best = None
    for i, value in enumerate(values):
        if value == value and value > -float("inf") and (best is None or value > values[best]):
            best = i
    return best


def mutual(s: list[list[float]]) -> set[tuple[int, int]]:
    columns = [[row[j] for row in s] for j in range(len(s[0]))]
    return {
        (i, j) for i in range(len(s)) for j in range(len(s[0])) if first_best(s[i]) == j and first_best(columns[j]) == i
    }


def literal_itermax(s: list[list[float]], alpha: float, rounds: int) -> set[tuple[int, int]]:
    """Algorithm 1 of the SimAlign paper, word by word."""
    n, m = len(s), len(s[0])
    links = mutual(s)
    if min(n, m) <= 2:
        return links
    for _ in range(rounds - 1):
        sources, targets = {i for i, _ in links}, {j for _, j in links}
        if len(sources) == n or len(targets) == m:
            break
        scores = [[-float("inf")] * m for _ in range(n)]
        for i in range(n):
            for j in range(m):
                if i not in sources and j not in targets:
                    scores[i][j] = (1 + s[i][j]) / 2
                elif i not in sources or j not in targets:
                    scores[i][j] = alpha * ((1 + s[i][j]) / 2)
        links |= mutual(scores)
    return links


def simalign_program(s: np.ndarray, max_count: int = 2, alpha: float = 0.9) -> np.ndarray:
    """How SimAlign 0.4 computes itermax: whole-matrix masks on similarities that are never negative."""
    m, n = s.shape
    links = np.eye(n)[s.argmax(axis=1)] * np.eye(m)[s.argmax(axis=0)].T
    for _ in range(max_count - 1 if min(m, n) > 2 else 0):
        free_x = np.repeat(1 - links.sum(1)[:, None].clip(0, 1), n, axis=1)
        free_y = np.repeat(1 - links.sum(0)[None].clip(0, 1), m, axis=0)
        mask = (alpha * free_x + alpha * free_y).clip(0, 1)
        allowed = 1 - (1 - free_x) * (1 - free_y)
        if free_x.sum() < 1 or free_y.sum() < 1:
            mask, allowed = mask * 0, allowed * 0
        masked = s * mask
        links = links + np.eye(n)[masked.argmax(axis=1)] * np.eye(m)[masked.argmax(axis=0)].T * allowed
    result: np.ndarray = links > 0
    return result


def pairs(matrix: np.ndarray) -> set[tuple[int, int]]:
    return {(i, j) for i, j in np.argwhere(matrix).tolist()}


@given(COSINES)
def test_intersection_is_what_a_loop_finds(s: np.ndarray) -> None:
    assert pairs(intersection(s)) == mutual(s.tolist())


@given(COSINES)
def test_intersection_is_symmetric(s: np.ndarray) -> None:
    assert np.array_equal(intersection(s.T), intersection(s).T)


@given(COSINES, st.sampled_from([0.5, 0.9, 1.0]), st.integers(1, 4))
def test_itermax_is_what_a_loop_finds(s: np.ndarray, alpha: float, rounds: int) -> None:
    assert pairs(itermax(s, alpha=alpha, iterations=rounds)) == literal_itermax(s.tolist(), alpha, rounds)


@given(COSINES, st.integers(1, 4))
def test_itermax_is_simaligns_program(s: np.ndarray, rounds: int) -> None:
    assert np.array_equal(itermax(s, iterations=rounds), simalign_program((s + 1) / 2, max_count=rounds))


@given(COSINES)
def test_itermax_is_symmetric_and_holds_the_intersection(s: np.ndarray) -> None:
    assert np.array_equal(itermax(s.T), itermax(s).T)
    assert not (intersection(s) & ~itermax(s)).any()


@given(COSINES)
def test_the_union_is_forward_and_reverse(s: np.ndarray) -> None:
    assert np.array_equal(union(s), forward(s) | reverse(s))
    assert np.array_equal(intersection(s), forward(s) & reverse(s))
    assert np.array_equal(reverse(s), forward(s.T).T)
    assert pairs(forward(s)) == {(i, first_best(row)) for i, row in enumerate(s.tolist())}


@given(COSINES, st.sampled_from([-0.5, 0.1, 0.5]))
def test_a_threshold_leaves_links_out(s: np.ndarray, threshold: float) -> None:
    for name in ("forward", "intersection", "itermax", "reverse", "union"):
        kept = make_decoder(name, threshold=threshold)(s).links
        assert np.array_equal(kept, make_decoder(name)(s).links & (s >= threshold)), name


@pytest.mark.parametrize("name", sorted(DECODERS))
@given(
    s=COSINES,
    rows=st.sets(st.integers(0, 6)),
    columns=st.sets(st.integers(0, 6)),
    hole=st.sampled_from([np.nan, -np.inf]),
)
def test_forbidden_pairs_are_never_linked(
    name: str, s: np.ndarray, rows: set[int], columns: set[int], hole: float
) -> None:
    allowed = np.zeros(s.shape, dtype=bool)
    keep = np.ix_([i not in rows for i in range(s.shape[0])], [j not in columns for j in range(s.shape[1])])
    allowed[keep] = True
    links, weights = make_decoder(name, null_threshold=0.999)(np.where(allowed, s, hole))
    assert not links[~allowed].any()
    assert np.isfinite(weights[links]).all()


@pytest.mark.parametrize("name", sorted(DECODERS))
@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (1, 1), (1, 5), (5, 1), (2, 5), (3, 3)])
def test_small_sizes(name: str, shape: tuple[int, int]) -> None:
    s = np.linspace(0.1, 0.9, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    for decode in (make_decoder(name), make_decoder(name, distortion=0.1, null_threshold=0.9999)):
        links, weights = decode(s)
        assert links.shape == weights.shape == shape
        assert links.dtype == np.bool_
        if min(shape) > 0:
            assert links[-1, -1]


def test_ties_go_to_the_lower_index() -> None:
    assert pairs(intersection(np.zeros((3, 4)))) == {(0, 0)}
    assert pairs(itermax(np.full((3, 3), 0.5))) == {(0, 0), (1, 1)}
    assert pairs(forward(np.zeros((2, 3)))) == {(0, 0), (1, 0)}


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_input_is_left_alone(name: str) -> None:
    s = np.array([[0.5, np.nan, 0.1], [0.2, 0.3, 0.4], [0.3, 0.1, 0.2]])
    before = s.copy()
    make_decoder(name, distortion=0.5, null_threshold=0.5)(s)
    assert np.array_equal(s, before, equal_nan=True)


def test_names() -> None:
    assert {canonical_name(name) for name in ("inter", "argmax", "intersection")} == {"intersection"}
    assert canonical_name("itermax") == "itermax"
    with pytest.raises(UnknownNameError, match=r"unknown decoder 'viterbi'.*argmax, .*inter, intersection, itermax"):
        canonical_name("viterbi")
    with pytest.raises(ValidationError, match="2 dimensions"):
        intersection(np.zeros(3))


# --- Options ---


def test_options_are_converted_and_refused() -> None:
    assert make_decoder("itermax", iterations="3", alpha=1).options == {"iterations": 3, "alpha": 1.0}
    with pytest.raises(UnknownNameError, match=r"decoder 'intersection' has no option 'alpha'; options: distortion, "):
        make_decoder("argmax", alpha=1)
    with pytest.raises(UnknownNameError, match="iterations of decoder 'itermax' is not of type int: 'x'"):
        make_decoder("itermax", iterations="x")
    for option in ("distortion", "null_threshold"):
        with pytest.raises(ValidationError, match=f"{option} 1.5 must be between 0 and 1"):
            make_decoder("itermax", **{option: 1.5})


def test_fingerprints_hold_what_is_not_as_it_comes() -> None:
    assert make_decoder("itermax").fingerprint == "itermax"
    assert make_decoder("itermax", alpha=0.9, distortion=0.0).fingerprint == "itermax"
    assert (
        make_decoder("argmax", distortion=0.5, threshold=0.1).fingerprint == "intersection?distortion=0.5&threshold=0.1"
    )


@given(COSINES)
def test_weights_are_similarities_unless_the_decoder_has_its_own(s: np.ndarray) -> None:
    for name in ("forward", "intersection", "itermax", "reverse", "union"):
        assert make_decoder(name, distortion=0.3)(s).weights is s
    there = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    back = np.exp(s) / np.exp(s).sum(axis=0)
    assert softmax(s).weights == pytest.approx(2 / (1 / there + 1 / back))


# --- What is known before and after ---


@given(COSINES, st.sampled_from([0.1, 0.5, 1.0]))
def test_distortion_is_simaligns(s: np.ndarray, strength: float) -> None:
    n, m = s.shape
    wanted = (1 + s) / 2
    if min(n, m) > 1:
        for i in range(n):
            for j in range(m):
                wanted[i, j] *= 1 - strength * (j / (m - 1) - i / (n - 1)) ** 2
    assert (1 + distorted(s, strength)) / 2 == pytest.approx(wanted)
    assert np.array_equal(make_decoder("itermax", distortion=strength)(s).links, itermax(distorted(s, strength)))


def literal_entropy(values: list[float]) -> float:
    shares = [v / sum(values) for v in values if v > 0]
    return -sum(p * math.log(p) for p in shares) / math.log(len(values)) if shares else 1.0


@given(COSINES, st.sampled_from([0.8, 0.95, 0.99]))
def test_unsure_pairs_are_those_of_simaligns_null_extension(s: np.ndarray, threshold: float) -> None:
    positive = ((1 + s) / 2).tolist()
    found = unsure(s, threshold)
    for i in range(s.shape[0]):
        for j in range(s.shape[1]):
            entropy = 0.0
            if min(s.shape) > 2:
                entropy = min(literal_entropy(positive[i]), literal_entropy([row[j] for row in positive]))
            if abs(entropy - threshold) > 1e-9:
                assert found[i, j] == (entropy > threshold)
    assert np.array_equal(make_decoder("itermax", null_threshold=threshold)(s).links, itermax(s) & ~found)


def test_a_word_that_is_similar_to_all_gets_no_link() -> None:
    s = np.full((4, 4), 0.5)
    s[0, 0] = s[1, 1] = s[2, 2] = 1.0
    s[:3, 3] = s[3, :3] = s[0, 1] = s[1, 0] = s[0, 2] = s[2, 0] = s[1, 2] = s[2, 1] = -1.0
    s[3, 3] = 0.0
    s[3, :3] = s[:3, 3] = -0.01
    assert intersection(s)[3, 3]
    assert pairs(make_decoder("inter", null_threshold=0.97)(s).links) == {(0, 0), (1, 1), (2, 2)}


# --- Probabilities ---


def test_softmax_takes_dot_products_unless_it_has_a_temperature() -> None:
    cosines = np.array([[0.9, 0.8], [0.8, 0.9]])
    norms = (np.array([10.0, 9.0]), np.array([10.0, 11.0]))
    dots = cosines * np.outer(*norms)
    by_dots = make_decoder("softmax")(cosines, norms)
    assert np.array_equal(by_dots.links, softmax(dots).links)
    assert by_dots.weights == pytest.approx(softmax(dots).weights)
    with_temperature = make_decoder("softmax", temperature=0.1)(cosines, norms)
    assert with_temperature.weights == pytest.approx(softmax(cosines / 0.1).weights)
    assert np.array_equal(make_decoder("inter")(cosines, norms).links, intersection(cosines))


def test_softmax_takes_large_numbers() -> None:
    links, weights = softmax(np.array([[1e6, 0.0], [0.0, -1e6]], dtype=np.float32))
    assert pairs(links) == {(0, 0)}
    assert np.isfinite(weights).all()
