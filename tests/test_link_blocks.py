"""Blocks of links give what the links of each pair give one by one."""

from __future__ import annotations

import gzip
from itertools import chain, islice
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from xlner.alignment import symmetrize, symmetrize_block
from xlner.alignment.symmetrization import METHODS
from xlner.core.alignment import Alignment, GoldAlignment, Link
from xlner.core.lines import read_lines
from xlner.core.link_block import LIMIT, LinkBlock, matching_blocks
from xlner.errors import InputError
from xlner.evaluation import evaluate_alignments
from xlner.formats import pharaoh, read_alignment_blocks, read_gold_alignment_blocks
from xlner.formats.bulk import LinksFile
from xlner.formats.link_files import LinksReader

WORD = st.integers(0, 5) | st.sampled_from((9, 10, 99, 100, 999, 1000, LIMIT - 2, LIMIT - 1))
PAIRS = st.lists(st.tuples(*[st.lists(st.tuples(WORD, WORD), max_size=9)] * 2), max_size=6)
ODD = ("0-0:0.5", "1p0", "x", "0-0 ", " 1-0", "0,0", "[[0, 0]]", "12345-0", "0--1", "3\t0-0", "\x00", "\ufeff0-0", "")


def block_of(pairs: list[list[Link]]) -> LinkBlock:
    links = np.array(list(chain.from_iterable(pairs)), np.int64).reshape(-1, 2)
    return LinkBlock(links[:, 0], links[:, 1], np.cumsum([0, *map(len, pairs)]))


@given(PAIRS, st.sampled_from(sorted(METHODS)))
def test_pairs_are_symmetrized_at_once(pairs: list[tuple[list[Link], list[Link]]], method: str) -> None:
    forward, reverse = ([side[k] for side in pairs] for k in (0, 1))
    expected = [symmetrize(Alignment(tuple(f)), Alignment(tuple(r)), method) for f, r in pairs]
    found = symmetrize_block(block_of(forward), block_of(reverse), method)
    assert list(found.alignments()) == expected
    assert found.text() == "".join(f"{pharaoh.text_of(alignment)}\n" for alignment in expected)


@given(PAIRS, st.integers(0, 6))
def test_parts_of_blocks(pairs: list[tuple[list[Link], list[Link]]], count: int) -> None:
    links = [side[0] for side in pairs]
    block, count = block_of(links), min(count, len(pairs))
    parts = block.cut(count)
    assert [list(part.links()) for part in parts] == [[*map(tuple, links[:count])], [*map(tuple, links[count:])]]
    assert list(block.reversed().alignments()) == [alignment.reversed() for alignment in block.alignments()]
    assert list(block.distinct().links()) == [alignment.links for alignment in block.alignments()]


@given(PAIRS, st.lists(st.integers(1, 3), min_size=1), st.lists(st.integers(1, 3), min_size=1))
def test_scores_do_not_depend_on_blocks(
    pairs: list[tuple[list[Link], list[Link]]], first: list[int], second: list[int]
) -> None:
    sides = [[side[k] for side in pairs] for k in (0, 1)]
    gold = [GoldAlignment(frozenset(links)) for links in sides[0]]
    predicted = [Alignment(tuple(links)) for links in sides[1]]

    def mixed(side: int, sizes: list[int]) -> list[object]:
        made: list[object] = []
        at = 0
        for k in range(len(pairs)):
            size = sizes[k % len(sizes)]
            made += (gold, predicted)[side][at : at + 1] if size == 1 else [block_of(sides[side][at : at + size])]
            at += size
        return made

    expected = evaluate_alignments(gold, predicted)
    assert evaluate_alignments(mixed(0, first), mixed(1, second)) == expected  # type: ignore[arg-type]
    assert evaluate_alignments([block_of(sides[0])], [block_of(sides[1])]) == expected


def test_a_side_that_ends_first_is_told_with_its_pair() -> None:
    blocks = [block_of([[(0, 0)]] * count) for count in (3, 5)]
    with pytest.raises(InputError, match="the gold data ends before it") as raised:
        evaluate_alignments(blocks[:1], blocks[1:])
    assert raised.value.sentence == 4
    assert [type(row[0]).__name__ for row in matching_blocks(blocks[:1], blocks[1:])] == [
        "LinkBlock",
        *["NoneType"] * 2,
    ]


def lines_of(random: Random, pairs: int, odd: float, first: int = 0) -> list[str]:
    """Lines of links, of which some are not plain."""
    lines = []
    for _ in range(pairs):
        at = random.choice((first, 3_000))
        links = [f"{random.randrange(at, at + 9)}-{random.randrange(at, at + 9)}" for _ in range(random.randrange(9))]
        if random.random() < odd:
            links.append(random.choice(ODD))
        lines.append(" ".join(links))
    return lines


@pytest.mark.parametrize("seed", range(20))
def test_files_are_read_in_blocks_as_pair_by_pair(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    odd, one_based = random.choice((0, 0.005, 0.02)), random.random() < 0.3
    path, end = tmp_path / "a.talp", random.choice(("\n", "\n", "\r\n"))
    lines = lines_of(random, random.randrange(90, 180), odd, first=int(one_based and random.random() < 0.7))
    path.write_text(end.join(lines) + random.choice(("", end)), encoding="utf-8", newline="")
    careful = [
        str(item) if isinstance(item, InputError) else item.alignment
        for item in LinksReader(str(path), one_based).read(read_lines(path))
    ]
    found: list[object] = []
    for item in LinksFile.of(path, one_based=one_based).read(7):
        if isinstance(item, LinkBlock):
            found += item.alignments()
        else:
            found.append(str(item) if isinstance(item, InputError) else item.alignment)
    assert found == careful


@pytest.mark.parametrize("odd", ["1p0", "x"])
def test_the_commands_give_the_same_with_blocks_and_without(
    xlner: Command, tmp_path: Path, odd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xlner.formats.link_blocks._LARGE", 100_000)
    random = Random(odd)
    for name in ("a", "b"):
        lines = lines_of(random, 6_000, 0)
        lines[5_000] = odd
        data = "".join(f"{line}\n" for line in lines).encode()
        (tmp_path / f"{name}.talp").write_bytes(data)
        (tmp_path / f"{name}.talp.gz").write_bytes(gzip.compress(data, 1))  # smaller, and so read without blocks
    in_blocks, careful = ([tmp_path / f"{name}.talp{end}" for name in "ab"] for end in ("", ".gz"))
    for side in (read_alignment_blocks, read_gold_alignment_blocks):
        kinds = [[type(item) for item in islice(side(path), 101)] for path in (in_blocks[0], careful[0])]
        assert [LinkBlock in found for found in kinds] == [True, False]
    for command, *options in (
        ("symmetrize", "--swap", "-o", "-"),
        ("symmetrize", "--one-based-reverse", "-o", "-"),
        ("evaluate-alignment", "--json"),
    ):
        found, expected = xlner(command, *in_blocks, *options), xlner(command, *careful, *options)
        assert (found.code, found.out) == (expected.code, expected.out)
        assert found.err == expected.err.replace(".talp.gz", ".talp")
        assert (found.code == 0) == (odd != "x" and "--one-based-reverse" not in options)
