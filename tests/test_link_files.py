"""Word links as the tools of the field write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner import Alignment, InputError, raise_errors, read_alignments
from xlner.core import GoldAlignment
from xlner.formats import link_files, read_gold_alignments
from xlner.formats.link_files import Links

LINKS = ((0, 0), (1, 2), (2, 1))


def read(text: str, *, one_based: bool = False) -> list[Links | InputError]:
    return list(link_files.read(enumerate(text.split("\n"), start=1), path="x.al", one_based=one_based))


@pytest.mark.parametrize(
    "text",
    [
        "0-0 1-2 2-1\n",
        "0-0,1-2,2-1\n",
        "0-0, 1-2, 2-1\n",
        "0-0:0.5 1-2:1 2-1:1e-3\n0-0:1",
        "0-0 1-2 2-1\t-45.15\t-75.6\n0-0\t-1\t-2",
        "0-0 1-2 2-1 ||| -12.5\n ||| -3",
        "Ana vive alí ||| Ana lives there ||| 0-0 1-2 2-1 ||| -3.2\na ||| b ||| 0-0 ||| -1",
        "0\t0-0 1-2 2-1\n1\t0-0\n2\t\n3",
        "7\t0-0 1-2 2-1\n8\t",
        "Ana vive alí\tAna lives there\t0-0 1-2 2-1\n",
        "1 1 1 S\n1 2 3 S\n1 3 2 S\n2 1 1 S",
        "0001 1 1\n0001 2 3\n0001 3 2",
        "[(0, 0), (1, 2), (2, 1)]\n[]",
        "[[0,0],[1,2],[2,1]]\n[[0, 0]]",
        "# Sentence pair (1) source length 3 target length 3 alignment score : 0.1\nAna there lives\n"
        "NULL ({ }) Ana ({ 1 }) vive ({ 3 }) alí ({ 2 })\n",
        "1p1,2-3 3?2".replace("1p1,2-3 3?2", "0-0 1-2 2p1"),
    ],
)
def test_what_tools_write(text: str) -> None:
    first = read(text)[0]
    assert isinstance(first, Links)
    assert first.alignment.links == LINKS


def test_weights_are_kept_and_scores_of_sentences_are_not() -> None:
    weighted, scored = read("0-0:0.98 1-1:0.5\n0-0:1")[0], read("0-0 1-1\t-45.15\t-75.6")[0]
    assert isinstance(weighted, Links)
    assert weighted.alignment == Alignment(((0, 0), (1, 1)), (0.98, 0.5))
    assert isinstance(scored, Links)
    assert scored.alignment == Alignment(((0, 0), (1, 1)))


def test_naacl_files_have_sure_and_possible_links_and_pairs_without_any(tmp_path: Path) -> None:
    path = tmp_path / "x.naacl"
    path.write_text("1 2 1 P\n1 1 1 S\n4 3 3 S 0.5\n", encoding="utf-8")
    assert [a.links for a in raise_errors(read_alignments(path))] == [((0, 0), (1, 0)), (), (), ((2, 2),)]
    gold = next(raise_errors(read_gold_alignments(path)))
    assert gold == GoldAlignment(frozenset({(0, 0)}), frozenset({(1, 0)}))


def test_giza_states_the_words() -> None:
    (links,) = read(
        "# Sentence pair (5) source length 2 target length 3 alignment score : 1e-5\na casa vermella\n"
        "NULL ({ 1 }) the ({ }) house ({ 2 3 })\n"
    )
    assert isinstance(links, Links)
    assert links.sure == ((1, 1), (1, 2))
    assert links.lengths == (2, 3)
    assert links.words == (("the", "house"), ("a", "casa", "vermella"))


def test_blank_lines_are_pairs_without_links() -> None:
    assert [links.sure for links in raise_errors(read("\n0-0\n\n"))] == [(), ((0, 0),), (), ()]
    assert [links.sure for links in raise_errors(read("\n0-0\t-1\n"))] == [(), ((0, 0),), ()]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0-0 1:1", "x.al:1 (sentence 1): '1:1' is not a link"),
        ("0-0 " + "9" * 5000 + "-1", f"x.al:1 (sentence 1): '{'9' * 40}…' is not a link"),
        ("0 0 1 1 2 2", "x.al:1 (sentence 1): '0' is not a link"),
        ("0-0:nan", "'0-0:nan' is not a link"),
        ("0-0:1e400", "'0-0:1e400' is not a link; write a number after the colon"),
        ("0-0:1 1-1", "some links have a weight and some have none"),
        ("٣-٣", "'٣-٣' is not a link"),
        ("0-0\t1-1", "2 columns, and none or several of them are links"),
        ("a\tb", "2 columns, and none or several of them are links"),
        ("1 0 1 S", "link 0-1 has a 0, but words are numbered from 1"),
        ("# Sentence pair (1) x\na\nb", "no line 'NULL ({ … }) …' with links"),
        ("# Sentence pair (1) x\na\nNULL ({ }) b ({ 2 })", "a link is out of range for 1 target word"),
        ("# Sentence pair (1) x", "0 lines after '# Sentence pair'"),
    ],
)
def test_what_cannot_be_read_is_told_in_its_place(text: str, message: str) -> None:
    (bad,) = read(text)
    assert isinstance(bad, InputError)
    assert message in str(bad)


def test_bad_links_of_naacl_are_told_with_their_own_lines() -> None:
    first, second = read("1 1 1 S\n1 0 1 S\n1 2 0 S\n1 2 2 S\n2 1 1 S")
    assert str(first) == "x.al:2 (sentence 1): link 0-1 has a 0, but words are numbered from 1"
    assert isinstance(second, Links)
    lines = [f"{pair} 1 1 S" for pair in range(1, 101)]
    *_, hundredth, bad, last = read("\n".join([*lines, "101 x 3 S", "101 1 1 S", "102 1 1"]))
    assert isinstance(hundredth, Links)
    assert "x.al:101 (sentence 101): not a link of the NAACL format; write pair," in str(bad)
    assert isinstance(last, Links)
    for stray in ("remark", "4000 remarks"):
        *_, bad, last = read("\n".join([*lines, stray, "101 1 1 S"]))
        assert "x.al:101 (sentence 100): not a link" in str(bad)
        assert isinstance(last, Links)


def test_pairs_in_another_order_are_refused() -> None:
    with pytest.raises(InputError, match="x.al:2: pair 1 follows pair 3; sort the links"):
        read("3 1 1 S\n1 1 1 S")
    giza = "# Sentence pair ({}) x\na\nNULL ({{ }}) a ({{ 1 }})\n"
    assert "sentence pair 3 follows where 2 is expected" in str(read(giza.format(1) + giza.format(3))[1])


GIZA = "# Sentence pair ({0}) source length 1 target length 1\nt{0}\nNULL ({{ }}) s{0} ({{ 1 }})\n"
DAMAGED_PAIRS = {
    "no links": "# Sentence pair (3) x\nt3\n",
    "other links": "# Sentence pair (3) x\nt3\ns3\n",
    "a line too many": "# Sentence pair (3) x\nt3\nt3\nNULL ({ }) s3 ({ 1 })\n",
    "no first line": "t3\nNULL ({ }) s3 ({ 1 })\n",
    "another first line": "Sentence 3\nt3\nNULL ({ }) s3 ({ 1 })\n",
    "a link out of range": "# Sentence pair (3) x\nt3\nNULL ({ }) s3 ({ 2 })\n",
    "nothing but the first line": "# Sentence pair (3) x\n",
    "nothing": "",
}


@pytest.mark.parametrize("damaged", DAMAGED_PAIRS.values(), ids=DAMAGED_PAIRS)
@pytest.mark.parametrize("before", [1, 2])
def test_a_damaged_pair_of_giza_costs_no_other(damaged: str, before: int) -> None:
    whole = [GIZA.format(number) for number in range(3 - before, 3)]
    *first, bad, last = read("".join([*whole, damaged, GIZA.format(4)]))
    assert [links.words for links in first if isinstance(links, Links)] == [
        ((f"s{number}",), (f"t{number}",)) for number in range(3 - before, 3)
    ]
    assert f"(sentence {before + 1})" in str(bad)
    assert isinstance(last, Links)
    assert last.words == (("s4",), ("t4",))


def test_a_pair_of_giza_may_have_an_empty_target() -> None:
    empty = "# Sentence pair (2) source length 1 target length 0\n\nNULL ({ }) s2 ({ })\n"
    assert [links.lengths for links in raise_errors(read(GIZA.format(1) + empty + GIZA.format(3)))] == [
        (1, 1),
        (1, 0),
        (1, 1),
    ]


def test_a_line_of_giza_that_is_not_text_is_told_with_its_pair() -> None:
    bad = InputError("byte 1 is not UTF-8", path="x.al", line=2)
    lines = list(enumerate((GIZA.format(1) + GIZA.format(2) + GIZA.format(3)).splitlines(), start=1))
    for broken in range(9):
        items = list(link_files.read([(n, bad if n == broken + 1 else text) for n, text in lines], path="x.al"))
        assert [isinstance(item, InputError) for item in items] == [k == broken // 3 for k in range(3)]
        assert f"(sentence {broken // 3 + 1}): byte 1 is not UTF-8" in str(items[broken // 3])


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ("0 1 3 4", "0 1 ! 3 4"),
        ("5 7 10", "5 ! 7 ! ! 10"),
        ("0 1 22 3 4", "0 1 ! 3 4"),
        ("0 2", "0 ! 2"),
        ("0 1 1 2", "0 1 ! !"),
        ("0 1 999999999 3", "0 1 ! 3"),
        (f"0 {'9' * 5000}", "0 !"),
    ],
)
def test_a_missing_line_of_numbered_links_costs_no_other(numbers: str, expected: str) -> None:
    items = read("\n".join(f"{number}\t{number[:2]}-0" for number in numbers.split()))
    shown = ["!" if isinstance(item, InputError) else str(item.sure[0][0]) for item in items]
    assert " ".join(shown) == expected
    errors = {k: str(item) for k, item in enumerate(items, start=1) if isinstance(item, InputError)}
    assert all(f"(sentence {k}): pair " in error and "is expected; give" in error for k, error in errors.items())


def test_a_number_that_is_none_is_told_in_its_place() -> None:
    lines = [f"{k}\t{k}-0\n" for k in range(150)]
    items = read("".join([*lines[:120], "x\t120-0\n", *lines[121:]]))
    assert [k for k, item in enumerate(items) if isinstance(item, InputError)] == [120]
    assert "x.al:121 (sentence 121): 'x' is not the number of a pair" in str(items[120])


PAIRS = st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=5), min_size=1, max_size=6)


@given(PAIRS)
def test_every_format_gives_the_same_links(pairs: list[list[tuple[int, int]]]) -> None:
    plain = [" ".join(f"{s}-{t}" for s, t in links) for links in pairs]
    expected = [tuple(links) for links in pairs]
    written = {
        "pharaoh": "\n".join(plain),
        "weights": "\n".join(" ".join(f"{s}-{t}:0.5" for s, t in links) for links in pairs),
        "simalign": "\n".join(f"{k}\t{line}" for k, line in enumerate(plain)),
        "force_align": "\n".join(f"a b ||| c ||| {line} ||| -1.5" for line in plain),
        "lists": "\n".join(map(str, pairs)),
    }
    if any(pairs):
        written["scores"] = "\n".join(f"{line}\t-1\t-2" for line in plain)
    for text in written.values():
        assert [links.sure for links in raise_errors(read(text))] == expected
    one_based = "\n".join(" ".join(f"{s + 1}-{t + 1}" for s, t in links) for links in pairs)
    assert [links.sure for links in raise_errors(read(one_based, one_based=True))] == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{'mwmf': [(0, 0)], 'inter': [(0, 0)]}", "alignments['inter']"),
        ("Ana<sep>Ana vive<sep>lives", "--output_file"),
        ("0 0 1 1 2 2", "write a hyphen in each link"),
        ("0 0 1 1", "links without hyphens"),
        ("0\N{EN DASH}0 1\N{EN DASH}1", "write 0-0: sed 's|\N{EN DASH}|-|g'"),
        ("0->0", "write 0-0: sed 's|->|-|g'"),
        ('{"alignment":"0-0"}', "jq -rc '.[\"alignment\"]' FILE > NEW"),
        ("[[[0,0],[3,3]],[[0,0]]]", "jq -c '.[]' FILE > NEW"),
        ('["0-0", "1-1"]', "join"),
        ("2 1 1 S\n1 1 1 S", "sort -n FILE > NEW"),
    ],
)
def test_other_forms_name_the_way_out(text: str, hint: str) -> None:
    with pytest.raises(InputError, match=r"^x\.al:\d") as error:
        list(raise_errors(read(text)))
    assert hint in str(error.value.hint)


@given(st.text(st.sampled_from("0 1-2:|\t\n#()[],pS ."), max_size=40))
def test_anything_is_links_or_an_error(text: str) -> None:
    try:
        found = read(text)
    except InputError:
        return
    for links in found:
        assert isinstance(links, InputError) or links.alignment is not None
