"""Decoders compared with slow reference implementations, and properties of all decoders."""

from __future__ import annotations

import itertools
import math
import pickle
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xlner.alignment.decoders import (
    DECODERS,
    apply_distortion,
    canonical_name,
    entmax,
    forward,
    high_entropy_pairs,
    intersection,
    itermax,
    make_decoder,
    match,
    reverse,
    softmax,
    transport,
    union,
)
from xlner.alignment.decoders.probabilities import entmax_of_rows
from xlner.alignment.decoders.transport import sinkhorn
from xlner.errors import MissingExtraError, UnknownNameError, UsageError, ValidationError

SHAPES = st.tuples(st.integers(1, 7), st.integers(1, 7))


def grid(low: int, high: int) -> st.SearchStrategy[np.ndarray]:
    """Matrices of hundredths: ties are frequent, and no two values differ only by rounding."""
    return SHAPES.flatmap(lambda shape: arrays(np.int64, shape, elements=st.integers(low, high))).map(lambda a: a / 100)


NAMES = [
    pytest.param(name, marks=pytest.mark.skipif(find_spec("scipy") is None, reason="scipy is not installed"))
    if name == "match"
    else name
    for name in sorted(DECODERS)
]
needs_scipy = pytest.mark.skipif(find_spec("scipy") is None, reason="scipy is not installed")

COSINES = st.one_of(grid(-100, 100), grid(1, 5))


def first_best(values: list[float]) -> int | None:
    """The index of the first largest value; None if every value is NaN or -inf."""
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
    """The computation of itermax in SimAlign 0.4: masks over the whole matrix of non-negative similarities."""
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
def test_itermax_equals_simaligns_program(s: np.ndarray, rounds: int) -> None:
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


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)  # the first one imports scipy
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


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (1, 1), (1, 5), (5, 1), (2, 5), (3, 3)])
def test_small_sizes(name: str, shape: tuple[int, int]) -> None:
    s = np.linspace(0.1, 0.4, int(np.prod(shape)), dtype=np.float32).reshape(shape) + np.float32(0.5) * np.eye(*shape)
    for decode in (make_decoder(name), make_decoder(name, distortion=0.1, null_threshold=0.9999)):
        links, weights = decode(s)
        assert links.shape == weights.shape == shape
        assert links.dtype == np.bool_
        if min(shape) > 0:
            assert links.any()


def test_ties_go_to_the_lower_index() -> None:
    assert pairs(intersection(np.zeros((3, 4)))) == {(0, 0)}
    assert pairs(itermax(np.full((3, 3), 0.5))) == {(0, 0), (1, 1)}
    assert pairs(forward(np.zeros((2, 3)))) == {(0, 0), (1, 0)}


@pytest.mark.parametrize("name", NAMES)
def test_the_input_does_not_change(name: str) -> None:
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
    with pytest.raises(UsageError, match="iterations of decoder 'itermax' is not of type int: 'x'"):
        make_decoder("itermax", iterations="x")
    for option in ("distortion", "null_threshold"):
        with pytest.raises(UsageError, match=f"{option} 1.5 must be between 0 and 1"):
            make_decoder("itermax", **{option: 1.5})


def test_fingerprints_contain_options_that_differ_from_their_default() -> None:
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
    assert (1 + apply_distortion(s, strength)) / 2 == pytest.approx(wanted)
    assert np.array_equal(make_decoder("itermax", distortion=strength)(s).links, itermax(apply_distortion(s, strength)))


def literal_entropy(values: list[float]) -> float:
    shares = [v / sum(values) for v in values if v > 0]
    return -sum(p * math.log(p) for p in shares) / math.log(len(values)) if shares else 1.0


@given(COSINES, st.sampled_from([0.8, 0.95, 0.99]))
def test_high_entropy_pairs_are_those_of_simaligns_null_extension(s: np.ndarray, threshold: float) -> None:
    positive = ((1 + s) / 2).tolist()
    found = high_entropy_pairs(s, threshold)
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


def literal_entmax(row: list[float]) -> list[float]:
    """1.5-entmax by bisection: `p = max(x / 2 - tau, 0)²` with a sum of 1."""
    x = [value / 2 for value in row]
    low, high = max(x) - 1, max(x)
    for _ in range(100):
        tau = (low + high) / 2
        if sum(max(v - tau, 0) ** 2 for v in x) > 1:
            low = tau
        else:
            high = tau
    return [max(v - low, 0) ** 2 for v in x]


@given(grid(-500, 500))
def test_entmax_is_what_bisection_finds(s: np.ndarray) -> None:
    there = entmax_of_rows(s)
    assert there == pytest.approx(np.array([literal_entmax(row) for row in s.tolist()]), abs=1e-7)
    assert there.sum(axis=1) == pytest.approx(1)
    back = entmax_of_rows(s.T).T
    assert np.array_equal(entmax(s).links, (there > 0) & (back > 0))
    assert entmax_of_rows(s.astype(np.float32)) == pytest.approx(there, abs=1e-5)


def test_entmax_ignores_forbidden_pairs() -> None:
    s = np.array([[0.5, -np.inf, 0.1], [-np.inf] * 3])
    assert entmax_of_rows(s)[0, [0, 2]] == pytest.approx(entmax_of_rows(s[:1, [0, 2]])[0])
    assert not entmax_of_rows(s)[1].any()
    assert entmax_of_rows(np.array([[1e6, -1e6]], dtype=np.float32)).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("name", ["softmax", "entmax", "transport"])
@given(COSINES)
def test_probabilities_are_at_most_1_and_symmetric(name: str, s: np.ndarray) -> None:
    links, weights = make_decoder(name)(s)
    assert ((weights >= 0) & (weights <= 1 + 1e-9)).all()
    if name != "transport":  # a plan that is not quite there yet has one side done first
        turned = make_decoder(name)(s.T).weights.T
        assert turned == pytest.approx(weights)
    assert (weights[links] > 0).all()


def test_bad_numbers() -> None:
    for name in ("softmax", "entmax"):
        with pytest.raises(UsageError, match="temperature 0.0 must be positive"):
            make_decoder(name, temperature=0)
    with pytest.raises(UsageError, match="epsilon 0.001 must be at least 0.005"):
        make_decoder("ot", epsilon=0.001)
    with pytest.raises(UsageError, match="iterations 0"):
        make_decoder("ot", iterations=0)


# --- Transport ---


@given(COSINES)
def test_the_plan_is_the_best_one(s: np.ndarray) -> None:
    """The plan has the form exp((s - f - g) / epsilon) and the given sums. Only the optimal plan has both."""
    plan = sinkhorn(np.exp(s / 0.5), 500)
    assert plan.sum(axis=0) == pytest.approx(1 / s.shape[1])
    assert plan.sum(axis=1) == pytest.approx(1 / s.shape[0], abs=1e-6)
    rest = np.log(plan) - s / 0.5
    assert rest - rest[:1] - rest[:, :1] + rest[0, 0] == pytest.approx(0, abs=1e-6)


def test_words_compete_in_transport() -> None:
    s = np.array([[0.9, 0.89], [0.89, 0.7]])
    assert pairs(intersection(s)) == {(0, 0)}
    assert pairs(transport(s).links) == {(0, 1), (1, 0)}
    assert pairs(transport(np.full((1, 4), 0.5)).links) == {(0, j) for j in range(4)}


def test_transport_takes_what_softmax_would_overflow_on() -> None:
    links, weights = transport(np.array([[1.0, -1.0], [-1.0, -1.0]], dtype=np.float32), epsilon=0.005)
    assert np.isfinite(weights).all()
    assert pairs(links) == {(0, 0), (1, 1)}


# --- Matching ---


def best_sum(s: list[list[float]], threshold: float) -> float:
    """The largest sum of `s - threshold` over all matchings; over complete matchings without a threshold."""
    n, m = len(s), len(s[0])
    if n > m:
        return best_sum([list(column) for column in zip(*s, strict=True)], threshold)
    floor, cut = (0.0, threshold) if threshold > -math.inf else (-math.inf, 0.0)
    sums = (sum(max(s[i][j] - cut, floor) for i, j in enumerate(js)) for js in itertools.permutations(range(m), n))
    return max(sums)


@needs_scipy
@settings(deadline=None)
@given(
    st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
        lambda n: arrays(np.int64, n, elements=st.integers(-99, 99))
    )
)
def test_match_is_the_best_of_all_matchings(whole: np.ndarray) -> None:
    s = whole / 100
    for threshold in (-math.inf, 0.0, 0.3):
        links = match(s, threshold=threshold)
        assert links.sum(axis=0).max() <= 1
        assert links.sum(axis=1).max() <= 1
        if threshold == -math.inf:
            assert links.sum() == min(s.shape)
            assert s[links].sum() == pytest.approx(best_sum(s.tolist(), threshold))
        else:
            assert (s[links] > threshold).all()
            assert (s[links] - threshold).sum() == pytest.approx(best_sum(s.tolist(), threshold))


@needs_scipy
def test_only_a_threshold_keeps_dissimilar_words_from_being_matched() -> None:
    s = np.array([[0.9, 0.1], [0.1, 0.02]])
    assert pairs(match(s)) == {(0, 0), (1, 1)}
    assert pairs(match(s, threshold=0.05)) == {(0, 0)}
    assert make_decoder("mwmf")(s).weights[1, 1] == 0.02


@needs_scipy
def test_match_links_as_many_words_as_it_may() -> None:
    s = np.array([[0.9, 0.1, -1.0], [0.9, -np.inf, -np.inf], [np.nan, 0.5, -np.inf]])
    assert pairs(match(s)) == {(0, 2), (1, 0), (2, 1)}


def test_match_needs_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(MissingExtraError, match=r"scipy is not installed; pip install 'xlner\[offline\]'"):
        make_decoder("match")


# --- Documentation ---


def test_the_python_of_the_docs() -> None:
    page = Path(__file__).parent.parent / "docs" / "alignment-decoders.md"
    (code,) = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    assert pairs(names["links"]) == {(0, 0), (0, 1), (2, 2)}


# --- Pickling ---


@pytest.mark.parametrize("name", sorted(set(DECODERS) - {"match"}))
def test_a_decoder_pickles(name: str) -> None:
    decoder = make_decoder(name, threshold=0.2, distortion=0.1, null_threshold=0.95)
    again = pickle.loads(pickle.dumps(decoder))
    s = np.random.default_rng(0).uniform(-1, 1, (4, 5))
    assert (again, again.fingerprint) == (decoder, decoder.fingerprint)
    assert np.array_equal(again(s).links, decoder(s).links)
