"""Symmetrization methods compared with transcriptions of the original programs."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from xlner import Alignment
from xlner.alignment import symmetrize
from xlner.alignment.symmetrization import ALIASES, METHODS
from xlner.errors import UnknownNameError

Links = set[tuple[int, int]]
LINKS = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12)
AROUND = [(-1, 0), (0, -1), (1, 0), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)]


def moses(forward: Links, reverse: Links, final: str) -> Links:
    """The grow method of Moses' symal: points are (target, source), and a pass also visits points added ahead."""
    there, back = ({(t, s) for s, t in links} for links in (forward, reverse))
    current = there & back
    covered_target, covered_source = {t for t, _ in current}, {s for _, s in current}

    def add(point: tuple[int, int], *, both: bool) -> bool:
        t, s = point[0] in covered_target, point[1] in covered_source
        if point in current or ((t or s) if both else (t and s)):
            return False
        current.add(point)
        covered_target.add(point[0])
        covered_source.add(point[1])
        return True

    added = True
    while added:
        added = False
        for point in product(range(6), range(6)):
            if point in current:
                for down, right in AROUND:
                    near = (point[0] + down, point[1] + right)
                    if near in there | back:
                        added |= add(near, both=False)
    if final:
        for links in (there, back):
            for point in sorted(links):
                add(point, both=final == "and")
    return {(s, t) for t, s in current}


def published(forward: Links, reverse: Links, *, final: bool) -> Links:
    """The scripts of Zenkel et al. Their neighbors are in the order of a set of tuples in older Python versions."""
    around = [(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, 0), (1, -1), (1, 1)]
    links, pool = forward & reverse, forward | reverse

    def free(link: tuple[int, int]) -> bool:
        return link[0] not in {s for s, _ in links} and link[1] not in {t for _, t in links}

    finished = False
    while not finished:
        finished = True
        for s, t in product(range(6), range(6)):
            if (s, t) in links:
                for new in [(s + ds, t + dt) for ds, dt in around]:
                    if new in pool and free(new):
                        links.add(new)
                        finished = False
    if final:
        for direction in (forward, reverse):
            for link in product(range(6), range(6)):
                if link in direction and free(link):
                    links.add(link)
    return links


@given(LINKS, LINKS)
def test_growing_as_in_moses(forward: Links, reverse: Links) -> None:
    assert METHODS["grow-diag"](forward, reverse) == moses(forward, reverse, "")
    assert METHODS["grow-diag-final"](forward, reverse) == moses(forward, reverse, "or")
    assert METHODS["grow-diag-final-and"](forward, reverse) == moses(forward, reverse, "and")


@given(LINKS, LINKS)
def test_growing_as_in_the_published_scripts(forward: Links, reverse: Links) -> None:
    assert METHODS["grow-diagonal"](forward, reverse) == published(forward, reverse, final=False)
    assert METHODS["grow-diagonal-final"](forward, reverse) == published(forward, reverse, final=True)


@given(LINKS, LINKS)
def test_from_the_intersection_to_the_union(forward: Links, reverse: Links) -> None:
    before = (forward.copy(), reverse.copy())
    links = {name: set(method(forward, reverse)) for name, method in METHODS.items()}
    assert links["intersection"] == forward & reverse
    assert links["union"] == forward | reverse
    chain = ["intersection", "grow-diag", "grow-diag-final-and", "union"]
    for smaller, larger in [*pairwise(chain), ("grow-diagonal", "grow-diagonal-final")]:
        assert links[smaller] <= links[larger]
    assert links["grow-diag"] <= links["grow-diag-final"] <= links["union"]
    assert (forward, reverse) == before
    for name in METHODS:
        assert METHODS[name](forward, forward) == forward


def test_neighbors_that_are_added_count_in_the_same_pass() -> None:
    forward, reverse = {(0, 0), (0, 1), (0, 2)}, {(0, 0)}
    assert METHODS["grow-diag"](forward, reverse) == forward
    assert METHODS["grow-diagonal"](forward, reverse) == reverse


def test_weights_are_means_over_both_directions() -> None:
    forward, reverse = Alignment(((0, 0), (1, 1)), (0.8, 0.6)), Alignment(((0, 0), (2, 2)), (0.4, 0.5))
    assert symmetrize(forward, reverse, "union").weights == pytest.approx((0.6, 0.3, 0.25))
    assert symmetrize(forward, reverse, "forward") is forward
    assert symmetrize(forward, reverse, "reverse") is reverse
    without = Alignment(reverse.links)
    assert symmetrize(forward, without, "union").weights == pytest.approx((0.9, 0.3, 0.5))
    assert symmetrize(Alignment(forward.links), without, "union").weights is None
    assert symmetrize(Alignment(()), Alignment(()), "union") == Alignment(())
    similarity = np.eye(3, dtype=np.float32)
    assert symmetrize(Alignment(()), Alignment((), None, similarity)).similarity is similarity


def test_names() -> None:
    forward, reverse = Alignment(((0, 0), (0, 1), (4, 4))), Alignment(((0, 0),))
    assert symmetrize(forward, reverse) == symmetrize(forward, reverse, "gdfa") == forward
    assert set(ALIASES.values()) < set(METHODS)
    with pytest.raises(
        UnknownNameError, match=r"unknown symmetrization method 'grow'.*known: forward, gd, gdf, gdfa, grow-diag"
    ):
        symmetrize(forward, reverse, "grow")


def test_from_the_command_line(xlner: Command, tmp_path: Path) -> None:
    forward, reverse, out = (tmp_path / f"{name}.talp" for name in ("forward", "reverse", "out"))
    forward.write_text("0-0 1-1 2-1\n\n", encoding="utf-8")
    reverse.write_text("1-1 0-0 3-4\n0-5\n", encoding="utf-8")
    assert xlner("symmetrize", forward, reverse).out == "0-0 1-1 2-1 3-4\n0-5\n"
    swapped = xlner("symmetrize", forward, reverse, "--swap", "--method", "union", "-o", out)
    assert (swapped.code, swapped.err) == (0, "xlner: links of 2 pairs\n")
    assert out.read_text(encoding="utf-8") == "0-0 1-1 2-1 4-3\n5-0\n"


def test_files_that_count_in_different_ways(xlner: Command, tmp_path: Path) -> None:
    forward, reverse = tmp_path / "forward.talp", tmp_path / "reverse.talp"
    forward.write_text("1-1 2-2\n1-2\n", encoding="utf-8")
    reverse.write_text("0-0 1-1\n0-1\n", encoding="utf-8")
    for files, option in (((forward, reverse), "forward"), ((reverse, forward), "reverse")):
        refused = xlner("symmetrize", *files)
        assert refused.code == 2
        assert f"{forward}: no word has the number 0" in refused.err
        assert f"give --one-based-{option}, or --zero-based" in " ".join(refused.err.split())
        assert xlner("symmetrize", *files, f"--one-based-{option}").out == "0-0 1-1\n0-1\n"
    assert "give --one-based, or" in " ".join(xlner("symmetrize", forward, forward).err.split())
    assert xlner("symmetrize", forward, forward, "--one-based").out == "0-0 1-1\n0-1\n"
    assert xlner("symmetrize", forward, forward, "--zero-based").out == "1-1 2-2\n1-2\n"


def test_bad_input_from_the_command_line(xlner: Command, tmp_path: Path) -> None:
    forward, reverse = tmp_path / "forward.talp", tmp_path / "reverse.talp"
    forward.write_text("0-0\n1-1\n", encoding="utf-8")
    reverse.write_text("0-0\n", encoding="utf-8")
    ran = xlner("symmetrize", forward, reverse)
    assert ran.code == 2
    assert f"{reverse}: ends after 1 sentence, but {forward} goes on" in ran.err
    reverse.write_text("0-0\n0;0\n", encoding="utf-8")
    assert f"{reverse}:2 (sentence 2): '0;0' is not a link" in xlner("symmetrize", forward, reverse).err
    assert "unknown symmetrization method 'x'" in xlner("symmetrize", forward, reverse, "--method", "x").err
    assert "would replace its own input" in xlner("symmetrize", forward, reverse, "-o", forward).err
