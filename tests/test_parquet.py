"""Parquet files with anything in them: read, or an error on the row or on the file."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Command
from xlner import Entity, InputError, Sentence, raise_errors, read_sentences, write_sentences
from xlner.errors import DataWarning
from xlner.formats.parquet.writer import COLUMNS

arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

TOKENS, TAGS = [["Ana"], ["Vigo"], ["a"]], [["B-PER"], ["B-LOC"], ["O"]]


def write(path: Path, columns: dict[str, Any], metadata: dict[str, str] | None = None) -> Path:
    table = arrow.table(columns)
    parquet.write_table(table if metadata is None else table.replace_schema_metadata(metadata), path)
    return path


def test_what_json_has_no_form_for_is_replaced_and_said_once_for_each_column(xlner: Command, tmp_path: Path) -> None:
    columns = {
        "tokens": TOKENS,
        "ner_tags": TAGS,
        "day": [datetime.date(2020, 1, 2), None, datetime.date(2020, 1, 3)],
        "when": [datetime.datetime(2020, 1, 2, 3), None, None],
        "price": [Decimal("1.50"), None, None],
        "image": [{"bytes": b"\xff\xd8", "path": "a.png"}, None, None],
        "rating": [0.5, float("nan"), float("inf")],
        "kept": ["x", "y", "z"],
    }
    path = write(tmp_path / "a.parquet", columns)
    with pytest.warns(DataWarning) as warned:
        found = list(raise_errors(read_sentences(path)))
    assert found[0].meta == {
        "day": "2020-01-02",
        "when": "2020-01-02T03:00:00",
        "price": "1.50",
        "image": {"bytes": "/9g=", "path": "a.png"},
        "rating": 0.5,
        "kept": "x",
    }
    assert found[1].meta == {"kept": "y"}
    said = [str(w.message) for w in warned]
    assert f"{path}: 'day' has values that JSON has no form for, which were replaced: date" in said
    assert len(said) == 6  # the column rating has two kinds
    ran = xlner("convert", path, tmp_path / "out.jsonl")
    assert ran.code == 0
    assert ran.err.count("note:") == 6
    assert [s.meta for s in raise_errors(read_sentences(tmp_path / "out.jsonl"))] == [s.meta for s in found]


def test_a_column_of_texts_with_a_gap_or_as_bytes(tmp_path: Path) -> None:
    first, gap, last = read_sentences(write(tmp_path / "a.parquet", {"text": ["Ana", None, "Eva"]}))
    assert [s.tokens for s in raise_errors([first, last])] == [("Ana",), ("Eva",)]
    assert 'a.parquet:2 (sentence 2): neither "tokens" nor "text"' in str(gap)
    nothing, number = read_sentences(write(tmp_path / "b.parquet", {"text": [float("nan"), 5.0]}))
    assert '"text" is nan, not a string' in str(nothing)
    assert '"text" is 5.0, not a string' in str(number)
    for name in ("tokens", "words", "tokenized_text"):
        (sentence,) = read_sentences(write(tmp_path / "c.parquet", {name: [[b"\xc3\xa9"]]}))
        assert isinstance(sentence, Sentence)
        assert sentence.tokens == ("é",)
    good, bad = read_sentences(write(tmp_path / "c.parquet", {"text": [b"\xc3\xa9", b"\xff"]}))
    assert isinstance(good, Sentence)
    assert good.tokens == ("é",)
    assert "\"text\" is b'\\xff', not a string" in str(bad)


def test_null_labels_are_said(tmp_path: Path) -> None:
    columns = {"tokens": TOKENS, "entities": arrow.nulls(3), "ner_tags": [TAGS[0], None, []]}
    with pytest.warns(DataWarning, match='"entities" is null in a record with words, which is read without entities'):
        found = list(read_sentences(write(tmp_path / "a.parquet", columns)))
    assert [s.tags() if isinstance(s, Sentence) else "error" for s in found] == [["B-PER"], ["O"], "error"]
    assert all(s.meta == {} for s in found if isinstance(s, Sentence))


def test_a_row_that_cannot_be_decoded_is_an_error_and_the_rest_is_read(tmp_path: Path) -> None:
    text = arrow.array([b"Ana", b"\xff", b"Eva"]).cast(arrow.binary()).view(arrow.binary())
    broken = arrow.Array.from_buffers(arrow.string(), 3, text.buffers())
    path = write(tmp_path / "a.parquet", {"text": broken})
    first, bad, last = read_sentences(path)
    assert [s.tokens for s in raise_errors([first, last])] == [("Ana",), ("Eva",)]
    assert "a.parquet:2 (sentence 2): cannot be read: 'utf-8' codec can't decode" in str(bad)


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "5", '{"info": 5}', '{"info": {"features": []}}', '{"info": {"features": {"ner_tags": 5}}}', "\xff"],
)
def test_metadata_of_any_kind(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "a.parquet", {"tokens": TOKENS, "ner_tags": TAGS}, {"huggingface": text})
    assert [s.tags() for s in raise_errors(read_sentences(path))] == TAGS


@pytest.mark.parametrize("field", ["ner_tags", "tags", "labels"])
@pytest.mark.parametrize("kind", ["Sequence", "List", None])
def test_names_of_tags_in_the_metadata(tmp_path: Path, field: str, kind: str | None) -> None:
    names = {"names": ["O", "B-X", "I-X"], "_type": "ClassLabel"}
    feature = [names] if kind is None else {"feature": names, "_type": kind}
    metadata = {"huggingface": json.dumps({"info": {"features": {field: feature}}})}
    path = write(tmp_path / "a.parquet", {"tokens": [["a", "b"]], field: [[1, 2]]}, metadata)
    assert [s.tags() for s in raise_errors(read_sentences(path))] == [["B-X", "I-X"]]


def test_damaged_files(xlner: Command, tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", {"tokens": [["Ana", "Vigo"]] * 5000, "x": [f"{k}" * 50 for k in range(5000)]})
    data = path.read_bytes()
    for k in range(40):
        position = len(data) * k // 40
        path.write_bytes(data[:position] + b"\xff\x00\xaa" * 20 + data[position + 60 :])
        ran = xlner("convert", path, "-", "--on-error", "skip")
        assert ran.code in (0, 1, 2)
        assert "unexpected" not in ran.err
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match="cannot be read as parquet"):
        read_sentences(path)


def test_standard_input(xlner: Command) -> None:
    with pytest.raises(InputError, match="parquet cannot be read from standard input"):
        read_sentences("-", format="parquet")


def test_entities_of_files_from_xlner_count_words(tmp_path: Path) -> None:
    entities = (Entity(2, 4, "PER"),)  # words begin and end at these characters, too
    written = Sentence(("a", "b", "c", "Ana"), entities, "a bc Ana", ((0, 1), (2, 3), (3, 4), (5, 8)))
    write_sentences([written], tmp_path / "a.parquet")
    assert list(read_sentences(tmp_path / "a.parquet")) == [written]


def test_rows_of_others_with_the_columns_of_xlner(tmp_path: Path) -> None:
    columns = {**dict.fromkeys(COLUMNS, [None] * 2), "tokens": [["Vigo"]] * 2}

    def read(*entities: object) -> list[Any]:
        return list(read_sentences(write(tmp_path / "a.parquet", {**columns, "entities": [[e] for e in entities]})))

    whole = {"start": 0.0, "end": 1.0, "label": "LOC", "score": None}
    found, nothing = read(whole, None)
    assert found.entities == (Entity(0, 1, "LOC"),)
    assert isinstance(nothing, InputError)
    (text, _) = read({"start": "0", "end": "1", "label": "LOC", "score": None}, None)
    assert "{'start': '0', 'end': '1', 'label': 'LOC'}, whose start is not a whole number" in str(text)
