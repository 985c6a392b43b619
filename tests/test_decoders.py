"""The decoders against slow references, and what must hold of any decoder."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xlner._errors import UnknownNameError, ValidationError
from xlner.alignment.decoders import DECODERS, canonical_name, intersection, itermax

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
    """How SimAlign computes itermax: whole-matrix masks on similarities that are never negative."""
    m, n = s.shape
    links = np.eye(n)[s.argmax(axis=1)] * np.eye(m)[s.argmax(axis=0)].T
    for _ in range(max_count - 1 if min(m, n) > 2 else 0):
        free_x = np.repeat(1 - links.sum(1)[:, None].clip(0, 1), n, axis=1)
        free_y = np.repeat(1 - links.sum(0)[None].clip(0, 1), m, axis=0)
        mask = (alpha * free_x + alpha * free_y).clip(0, alpha)
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


@given(grid(1, 100))
def test_itermax_without_discount_is_simaligns_program(s: np.ndarray) -> None:
    assert np.array_equal(itermax(s, alpha=1.0), simalign_program((s + 1) / 2))


@given(COSINES)
def test_itermax_is_symmetric_and_holds_the_intersection(s: np.ndarray) -> None:
    assert np.array_equal(itermax(s.T), itermax(s).T)
    assert not (intersection(s) & ~itermax(s)).any()


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
    links = DECODERS[name](np.where(allowed, s, hole))
    assert not links[~allowed].any()
    if allowed.any():
        assert np.array_equal(links[keep] & intersection(s[keep]), intersection(s[keep]))


@pytest.mark.parametrize("name", sorted(DECODERS))
@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (1, 1), (1, 5), (5, 1), (2, 5), (3, 3)])
def test_small_sizes(name: str, shape: tuple[int, int]) -> None:
    s = np.linspace(0.1, 0.9, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    links = DECODERS[name](s)
    assert links.shape == shape
    assert links.dtype == np.bool_
    if min(shape) > 0:
        assert links[-1, -1]
    if min(shape) == 1:
        assert links.sum() == 1


def test_ties_go_to_the_lower_index() -> None:
    assert pairs(intersection(np.zeros((3, 4)))) == {(0, 0)}
    assert pairs(itermax(np.full((3, 3), 0.5))) == {(0, 0), (1, 1)}


def test_input_is_left_alone() -> None:
    s = np.array([[0.5, np.nan, 0.1], [0.2, 0.3, 0.4], [0.3, 0.1, 0.2]])
    before = s.copy()
    for decode in DECODERS.values():
        decode(s)
    assert np.array_equal(s, before, equal_nan=True)


def test_names() -> None:
    assert {canonical_name(name) for name in ("inter", "argmax", "intersection")} == {"intersection"}
    assert canonical_name("itermax") == "itermax"
    with pytest.raises(UnknownNameError, match=r"unknown decoder 'mwmf'.*argmax, inter, intersection, itermax"):
        canonical_name("mwmf")
    with pytest.raises(ValidationError, match="2 dimensions"):
        intersection(np.zeros(3))
