"""Scores of word links, and the formats of gold links."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from xlner import Alignment, InputError, ValidationError, evaluate_alignments, raise_errors, read_alignments
from xlner.core import GoldAlignment
from xlner.formats import read_gold_alignments

LINKS = st.frozensets(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=6)


def gold(sure: set[tuple[int, int]], possible: set[tuple[int, int]] | None = None) -> GoldAlignment:
    return GoldAlignment(frozenset(sure), frozenset(possible or ()))


def test_the_formulas_of_och_and_ney() -> None:
    scores = evaluate_alignments(
        [gold({(0, 0)}, {(1, 1), (1, 2)}), gold({(0, 0), (1, 1)})],
        [Alignment(((0, 0), (1, 1), (3, 3))), Alignment(((1, 1),))],
    )
    assert (scores.predicted, scores.sure, scores.possible) == (4, 3, 5)
    assert (scores.correct_sure, scores.correct_possible, scores.pairs) == (2, 3, 2)
    assert scores.precision == 3 / 4
    assert scores.recall == 2 / 3
    assert scores.f1 == pytest.approx(2 * (3 / 4) * (2 / 3) / (3 / 4 + 2 / 3))
    assert scores.aer == pytest.approx(1 - (2 + 3) / (4 + 3))


@given(st.lists(st.tuples(LINKS, LINKS, LINKS), min_size=1, max_size=4))
def test_the_formulas_literally(pairs: list[tuple[frozenset, frozenset, frozenset]]) -> None:
    scores = evaluate_alignments([gold(set(s), set(p)) for s, p, _ in pairs], [Alignment(tuple(a)) for *_, a in pairs])
    predicted = {(k, link) for k, (_, _, links) in enumerate(pairs) for link in links}
    sure = {(k, link) for k, (links, _, _) in enumerate(pairs) for link in links}
    possible = sure | {(k, link) for k, (_, links, _) in enumerate(pairs) for link in links}
    precision = len(predicted & possible) / len(predicted) if predicted else 0.0
    recall = len(predicted & sure) / len(sure) if sure else 0.0
    assert (scores.precision, scores.recall) == (precision, recall)
    assert scores.f1 == pytest.approx(2 * precision * recall / (precision + recall) if precision + recall else 0.0)
    n_links = len(predicted) + len(sure)
    error_rate = 1 - (len(predicted & sure) + len(predicted & possible)) / n_links if n_links else 0.0
    assert scores.aer == pytest.approx(error_rate)
    assert 0 <= scores.aer <= 1 or scores.aer == pytest.approx(0)


@given(st.lists(st.tuples(LINKS, LINKS), max_size=4))
def test_without_possible_links_the_error_rate_is_what_f1_lacks(pairs: list[tuple[frozenset, frozenset]]) -> None:
    scores = evaluate_alignments([gold(set(g)) for g, _ in pairs], [Alignment(tuple(p)) for _, p in pairs])
    assert scores.aer == pytest.approx(1 - scores.f1 if scores.predicted + scores.sure else 0)
    perfect = evaluate_alignments([gold(set(g)) for g, _ in pairs], [Alignment(tuple(g)) for g, _ in pairs])
    assert perfect.aer == 0


def test_nothing_to_count() -> None:
    scores = evaluate_alignments([], [])
    assert (scores.precision, scores.recall, scores.f1, scores.aer, scores.pairs) == (0, 0, 0, 0, 0)
    assert evaluate_alignments([gold({(0, 0)})], [Alignment(())]).aer == 1


def test_the_signature_tells_gold_data_apart() -> None:
    def signature(g: GoldAlignment) -> str:
        return str(evaluate_alignments([g], [Alignment(())]).signature)

    assert signature(gold({(0, 0)})).startswith("mode:links|pairs:1|sure:1|possible:1|data:")
    assert len({signature(g) for g in (gold({(0, 0)}), gold({(0, 1)}), gold(set(), {(0, 0)}))}) == 3


def test_sides_must_fit() -> None:
    with pytest.raises(InputError, match=r"\(sentence 2\): the gold data has this pair, but the predicted data ends"):
        evaluate_alignments([gold(set())] * 2, [Alignment(())])
    with pytest.raises(InputError, match=r"\(sentence 1\): the predicted data has this pair"):
        evaluate_alignments([], [Alignment(())])
    with pytest.raises(InputError, match=r"\(sentence 1\): link 0-2 is out of range for 1 source and 2 target words"):
        evaluate_alignments([GoldAlignment(frozenset(), lengths=(1, 2))], [Alignment(((0, 2),))])
    with pytest.raises(ValidationError, match="link 0-2 is out of range"):
        GoldAlignment(frozenset({(0, 2)}), lengths=(1, 2))


def test_gold_formats(tmp_path: Path) -> None:
    path = tmp_path / "x.gold"
    path.write_text("0-0 1p2 2?2\n\na b\tA B C\t0-0 1p2\n", encoding="utf-8")
    first, second, third = raise_errors(read_gold_alignments(path))
    assert first == gold({(0, 0)}, {(1, 2), (2, 2)})
    assert second == gold(set())
    assert third == GoldAlignment(frozenset({(0, 0)}), frozenset({(1, 2)}), (2, 3))
    path.write_text("1-1 2p3\n", encoding="utf-8")
    assert list(read_gold_alignments(path, one_based=True)) == [gold({(0, 0)}, {(1, 2)})]
    path.write_text("2-1 1-1\n", encoding="utf-8")
    assert list(read_alignments(path, one_based=True)) == [Alignment(((1, 0), (0, 0)))]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0-0 1:1", ":2 (sentence 2): '1:1' is not a link; write source-target"),
        ("0-0 -1-1", ":2 (sentence 2): '-1-1' is not a link"),
        ("a\tb", ":2 (sentence 2): 2 columns, and none or several of them are links; write only links"),
        ("a\tb\t0-1", " (sentence 2): link 0-1 is out of range for 1 source and 1 target words"),
    ],
)
def test_bad_gold_lines_are_told_in_their_place(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "x.gold"
    path.write_text(f"0-0\n{line}\n1-1\n", encoding="utf-8")
    before, bad, after = read_gold_alignments(path)
    assert (before, after) == (gold({(0, 0)}), gold({(1, 1)}))
    assert isinstance(bad, InputError)
    assert str(bad).startswith(f"{path}{message}")


def test_a_zero_where_counting_begins_at_one(tmp_path: Path) -> None:
    path = tmp_path / "x.gold"
    path.write_text("0-1\n", encoding="utf-8")
    for read in (read_gold_alignments, read_alignments):
        (bad,) = read(path, one_based=True)
        assert "link 0-1 has a 0, but words are numbered from 1" in str(bad)


def test_bytes_that_are_not_utf8_are_told_in_their_place(tmp_path: Path) -> None:
    path = tmp_path / "x.gold"
    path.write_bytes(b"0-0\n\xff\n")
    _, bad = read_gold_alignments(path)
    assert "not UTF-8" in str(bad)


def test_from_the_command_line(xlner: Command, tmp_path: Path) -> None:
    wanted, found = tmp_path / "a.gold", tmp_path / "a.talp"
    wanted.write_text("1-1 2p2\n1-1 2-2\n", encoding="utf-8")
    found.write_text("0-0 1-1 3-3\n1-1\n", encoding="utf-8")
    ran = xlner("evaluate-alignment", wanted, found, "--one-based-gold")
    assert ran.code == 0
    assert "0.7500" in ran.out
    assert "0.6667" in ran.out
    assert "mode:links|pairs:2|sure:3|possible:4|data:" in ran.out
    record = json.loads(xlner("evaluate-alignment", wanted, found, "--one-based-gold", "--json").out)
    assert record["precision"] == 0.75
    assert record["aer"] == pytest.approx(1 - (2 + 3) / (4 + 3))
    assert (record["correct_sure"], record["correct_possible"], record["pairs"]) == (2, 3, 2)
    found.write_text("1-1 2-2 4-4\n2-2\n", encoding="utf-8")
    both = xlner("evaluate-alignment", wanted, found, "--one-based-gold", "--one-based-pred", "--json")
    assert json.loads(both.out) == record


def test_mistakes_on_the_command_line_name_the_line(xlner: Command, tmp_path: Path) -> None:
    wanted, found = tmp_path / "a.tsv", tmp_path / "a.talp"
    wanted.write_text("a b\tA\t0-0\nc\tC\t0-0\n", encoding="utf-8")
    found.write_text("0-0\n0-1\n", encoding="utf-8")
    ran = xlner("evaluate-alignment", wanted, found)
    assert ran.code == 2
    assert f"{wanted} and {found}:2: link 0-1 is out of range" in ran.err
    found.write_text("0-0\n", encoding="utf-8")
    assert f"{found}:2: the gold data has this pair" in xlner("evaluate-alignment", wanted, found).err
    found.write_text("0-0\nx\n", encoding="utf-8")
    assert f"{found}:2 (sentence 2): 'x' is not a link" in xlner("evaluate-alignment", wanted, found).err
