"""What cannot be read costs only its own sentence, and its error says which one."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlner import InputError, Sentence, read_sentences
from xlner.formats import jsonl

NAMED = "sentence,token,tag\n1,Ana,B-PER\n{}3,Vigo,B-LOC\n"
FIRST_ONLY = "Sentence #,Word,Tag\nSentence: 1,Ana,B-PER\n,vive,O\n{}Sentence: 3,Vigo,B-LOC\n"
BLANK = "token,tag\nAna,B-PER\n\n{}\nVigo,B-LOC\n"


def read(path: Path, data: str) -> list[Sentence | InputError]:
    """The sentences of a file; ñ is written in ISO 8859-1."""
    path.write_bytes(data.encode("latin-1"))
    return list(read_sentences(path))


def kinds(items: list[Sentence | InputError]) -> str:
    return "".join("E" if isinstance(item, InputError) else "S" for item in items)


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (NAMED, "2,Coruña,O\n"),
        (NAMED, '2,"a"b,O\n'),
        (NAMED, '2,",O\n'),
        (NAMED, '2,O,"\n'),
        (NAMED, '2,a,O\n2,",O\n2,b,O\n2,",O\n'),
        (NAMED, "2,Ourense,Coruña\n2,a,O\n"),
        (FIRST_ONLY, "Sentence: 2,Coruña,O\n,a,O\n"),
        (FIRST_ONLY, "Sentence: 2,a,O\n,Coruña,O\n"),
        (FIRST_ONLY, 'Sentence: 2,a,O\n,",O\n,",O\n'),
        (BLANK, "Coruña,O\n"),
        (BLANK, '"a"b,O\n'),
        (BLANK, 'a,O\n",O\n'),
    ],
)
def test_a_row_that_cannot_be_read_costs_only_its_sentence(table: str, row: str, tmp_path: Path) -> None:
    first, bad, last = read(tmp_path / "a.csv", table.format(row))
    assert kinds([first, bad, last]) == "SES"
    assert "(sentence 2)" in str(bad)
    assert isinstance(last, Sentence)
    assert (last.tokens, last.tags()) == (("Vigo",), ["B-LOC"])


def test_a_row_of_an_unknown_sentence_is_in_the_errors_of_both(tmp_path: Path) -> None:
    first, second, third = read(tmp_path / "a.csv", NAMED.format("ñ,a,O\n2,b,O\n"))
    assert kinds([first, second, third]) == "EES"
    assert ["(sentence 1)" in str(first), "(sentence 2)" in str(second)] == [True, True]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ('"Ana\nvive",a\n"Coruña\nA",b\nVigo,c\n', "SES"),
        ('"Ana,\nvive, y",a\n"a"b,b\nVigo,c\n', "SES"),
        ('Ana,a\n"Vigo,b\nLugo,c\n', "SES"),
        ('"Ana","a\nb, c"\n"Vigo","c"\n', "SS"),
        ('"She said ""hi"", and\nleft",a\nVigo,b\n', "SS"),
    ],
)
def test_texts_over_several_lines_are_one_sentence(rows: str, expected: str, tmp_path: Path) -> None:
    assert kinds(read(tmp_path / "a.csv", f"text,topic\n{rows}")) == expected


@pytest.mark.parametrize("name", ["a.txt", "a.conll", "a.jsonl", "a.csv"])
def test_an_error_of_a_line_says_which_sentence_it_is(name: str, tmp_path: Path) -> None:
    data = {
        "a.txt": "Ana\nCoruña\n",
        "a.conll": "Ana O\n\nCoruña O\n",
        "a.jsonl": '{"text": "Ana"}\n\n{"text": "Coruña"}\n',
        "a.csv": "text\nAna\nCoruña\n",
    }
    path = tmp_path / name
    path.write_bytes(data[name].encode("latin-1"))
    _, bad = read_sentences(path)
    assert "(sentence 2): byte" in str(bad)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        ('[{"text": "a"},\n{"text": "ñ"},\n{"text": "b"}]', "SES"),
        ('[\n{"text": "a"},\n{"id": 2,\n"text":\n"ñ"\n},\n{"text": "b"}]', "SES"),
        ('[{"text": "a"},\n{"text": "ñ"}, {"text": "ñ"}, {"text": "b"}\n]', "SEES"),
        ('[\n["ñ", {"entities": []}],\n["b", {"entities": []}]\n]', "ES"),
        ('[Applause]\n{"text": "ñ"}\n{"text": "b"}', "EES"),
    ],
)
def test_an_object_of_an_array_that_cannot_be_decoded_costs_no_other(array: str, expected: str, tmp_path: Path) -> None:
    items = read(tmp_path / "a.jsonl", array)
    assert kinds(items) == expected
    errors = [str(item) for item in items if isinstance(item, InputError)]
    at = [k for k, kind in enumerate(expected, start=1) if kind == "E"]
    assert all(f"(sentence {k})" in error for k, error in zip(at, errors, strict=True))


def test_a_line_that_is_too_long_says_which_sentence_it_is() -> None:
    bad = InputError("a line of more than 64 MiB", path="x", line=2)
    assert str(list(jsonl.read([(1, '{"text": "a"}'), (2, bad)], "x"))[1]).startswith("x:2 (sentence 2): a line")
