"""Everything that a record can hold: an error on its sentence, in one line, and the rest goes on."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from xlner import (
    InputError,
    Pair,
    RecognitionPipeline,
    Sentence,
    raise_errors,
    read_pairs,
    read_sentences,
    write_pairs,
    write_sentences,
)
from xlner.errors import DataWarning
from xlner.fakes import DictionaryRecognizer
from xlner.formats import ReadOptions, jsonl, masakhaner_x
from xlner.formats.parquet import plain_row

GOOD = '{"tokens": ["a"], "ner_tags": ["O"]}'
HALF = "\\ud800"

BAD = [
    ('{"text": "a", "source": "BBC News"}', "\"source\" is 'BBC News', not a sentence; rename this field"),
    ('{"text": "a", "source": {"text": 5}}', '"text" is 5, not a string'),
    ('{"text": 5}', '"text" is 5, not a string'),
    ('{"tokens": ["a"], "text": 5}', '"text" is 5, not a string'),
    ('{"text": NaN}', "NaN is not JSON; write null"),
    ('{"text": "a", "rating": -Infinity}', "-Infinity is not JSON; write null"),
    ('{"text": "a", "rating": 1e400}', '"rating" has the number inf, which JSON has no form for; write null'),
    ('{"text": "a", "deep": [{"x": -1e400}]}', '"deep" has the number -inf'),
    ('{"text": "' + HALF + '"}', "a lone surrogate, \\ud800; remove it"),
    ('{"text": "a", "x": {"' + HALF.upper().replace("U", "u") + '": 1}}', "a lone surrogate"),
    ('{"tokens": ["a"], "source": {"tokens": ["a"]}, "alignment": [[0, 0]]}', '"alignment" is [[0, 0]], not a string'),
    ('{"tokens": ["a"], "source": {"tokens": ["a"]}, "alignment": "0:0"}', "'0:0', which is not a link"),
    ('{"tokens": ["a"], "source": {"tokens": ["a"]}, "alignment": "0-' + "9" * 5000 + '"}', "which is not a link"),
    ('{"tokens": ["a"], "source": {"tokens": ["a"]}, "alignment": "0-0", "weights": [1e400]}', "list of numbers"),
    ('{"tokens": ["a"], "source": {"tokens": ["a"]}, "alignment": "0-0", "weights": 5}', "list of numbers"),
    ('{"tokens": ["a"], "alignment": "0-0"}', "needs a source sentence"),
    ('{"tokens": ["a"], "error": 5}', '"error" is 5, not a string'),
    ('{"tokens": ["a"], "outcomes": 5}', '"outcomes" is not a list'),
    ('{"tokens": ["a"], "outcomes": [5]}', "5 is not an outcome"),
    ('{"tokens": ["a"], "outcomes": [{"entity": 5}]}', "5 is not an entity"),
    ('{"tokens": ["a"], "outcomes": [{"entity": {"start": "0", "end": 1, "label": "A"}}]}', "is not an entity"),
    ('{"tokens": ["a"], "outcomes": [{"entity": {"start": 0, "end": 1, "label": "A"}, "reason": "x"}]}', "'x'"),
    (
        '{"tokens": ["a"], "outcomes": [{"entity": {"start": 0, "end": 1, "label": "A"}, "reason": "unaligned", '
        '"scores": {"x": 1e400}}]}',
        "are not scores",
    ),
    ('{"tokens": ["a"], "outcomes": [], "matching": {"objective": 1e400}}', '"matching" is'),
    ('{"tokens": ["a"], "lang": 5}', '"lang" is 5, not the code of a language'),
    ('{"text": "a", "lang": "Klingonish"}', "not a language code"),
    ('{"tokens": [5]}', '"tokens" is not a list of strings'),
    ('{"tokens": {"a": 1}}', '"tokens" is not a list of strings'),
    ('{"tokens": [{"start": "x", "end": {}}], "text": "a"}', "malformed record"),
    ('{"tokens": ["a"], "text": "a", "offsets": [0]}', "malformed record"),
    ('{"tokens": ["a"], "text": "a", "offsets": [[1e400, 2]]}', "malformed record"),
    ('{"tokens": ["a"], "text": "a", "offsets": [[5, 9]]}', "out of order or beyond the text"),
    ('{"tokens": ["a"], "ner_tags": 5}', '"ner_tags" is 5, not a list'),
    ('{"tokens": ["a"], "ner_tags": [null]}', "None is not a tag"),
    ('{"tokens": ["a"], "ner_tags": [' + "9" * 4000 + "]}", "has no name"),
    ('{"tokens": ["a"], "entities": [{"start": 0, "end": 1, "label": "A", "score": 1e400}]}', "not finite"),
    ('{"text": "a", "x": ' + "9" * 5000 + "}", "an integer of too many digits; write it as a string"),
    ("[" * 100_000, "nested too deeply"),
    ('{"text": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
    ('{"text": "a", "x": ' + "[" * 500 + "]" * 500 + "}", '"x" is nested too deeply'),
    ("5", "not a JSON object"),
    ("[1]", "not a JSON object"),
    ('["a"]', "not a JSON object"),
    ('["a", 5]', "not a JSON object"),
    ("{", "not JSON"),
    ('{"text": "a"} {"text": "b"}', "not JSON"),
]


@pytest.mark.parametrize(("line", "message"), BAD, ids=[str(k) for k in range(len(BAD))])
def test_an_error_on_the_sentence(line: str, message: str) -> None:
    first, bad, last = jsonl.read_pairs(enumerate([GOOD, line, GOOD], start=1), "x.jsonl")
    assert isinstance(bad, InputError)
    assert message in str(bad)
    assert str(bad).startswith("x.jsonl:2 (sentence 2): ")
    assert "\n" not in str(bad)
    assert len(str(bad)) < 300
    assert first == last == Pair(Sentence(("a",)))


def test_the_rest_goes_on_with_skip(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join([GOOD, *(line for line, _ in BAD), GOOD]) + "\n", encoding="utf-8")
    for command in (["convert", path, "-"], ["label", path, "--lang", "es", *fakes]):
        ran = xlner(*command, "--on-error", "skip", "--output-format", "jsonl")
        assert ran.code == 1
        records = [json.loads(line) for line in ran.out.splitlines()]
        assert len(records) == len(BAD) + 2
        lang = 2 * (command[0] == "label")  # the option is taken instead of the two bad ones in records
        assert sum("error" in record for record in records) == len(BAD) - lang


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(["B-PER", "O", 10**4200, [[0, 1, "PER"]], {"start": 0, "end": 1, "label": "PER"}, "0-0"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["start", "end", "label", "text", "tokens"]), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        *("id", "text", "tokens", "words", "lang", "offsets", "ner_tags", "tags", "entities", "labels", "label", "ner"),
        *(
            "spans",
            "source",
            "alignment",
            "weights",
            "outcomes",
            "matching",
            "error",
            "data",
            "annotations",
            "x",
            "gold",
        ),
    ]
)


@given(st.lists(st.dictionaries(FIELDS, VALUES, max_size=5), max_size=4))
@pytest.mark.filterwarnings("ignore::xlner.errors.DataWarning")
def test_no_record_breaks_the_reader_and_what_is_read_can_be_written(records: list[dict[str, Any]]) -> None:
    items = list(jsonl.read_records(enumerate(records, start=1), "x", ReadOptions()))
    assert len(items) == len(records)
    sentences = [item for item in items if isinstance(item, Sentence)]
    import io

    stream = io.StringIO()
    for sentence in sentences:
        jsonl.write_sentence(stream, sentence)
    again = list(raise_errors(jsonl.read(enumerate(stream.getvalue().split("\n"), start=1))))
    assert [(s.tokens, s.entities) for s in again] == [(s.tokens, s.entities) for s in sentences]


def test_what_json_has_no_form_for_is_replaced_and_said(tmp_path: Path) -> None:
    import numpy as np

    meta = {
        "day": datetime.date(2020, 1, 2),
        "raw": b"\xff",
        "price": Decimal("0.10"),
        "gap": float("nan"),
        "scores": np.array([1.0, np.inf]),
        "labels seen": {"PER"},
        "digits": 10**5000,
        (1, 2): "a key",
        "fine": {"x": [1, None, True, "é"]},
    }
    deep: list[Any] = []
    for _ in range(2000):
        deep = [deep]
    path = tmp_path / "out.jsonl"
    with pytest.warns(DataWarning) as warned:
        write_sentences([Sentence(("a",), meta=meta), Sentence(("b",), meta={"deep": deep})], path)  # type: ignore[arg-type]
    assert (
        "JSON has no form for these values, which were replaced: Decimal, an integer of too many digits, bytes, date, "
        "inf, key of type tuple, nan, ndarray, set" in [str(w.message) for w in warned]
    )
    first, second = raise_errors(read_sentences(path))
    assert first.meta == {
        "day": "2020-01-02",
        "raw": "/w==",
        "price": "0.10",
        "gap": None,
        "scores": [1.0, None],
        "labels seen": "{'PER'}",
        "digits": None,
        "(1, 2)": "a key",
        "fine": {"x": [1, None, True, "é"]},
    }
    assert second.tokens == ("b",)


@pytest.mark.filterwarnings("ignore::xlner.errors.DataWarning")
@pytest.mark.parametrize(("levels", "kept"), [(100, 100), (101, 99), (300, 99)])
def test_what_readers_find_too_deep_is_cut_when_it_is_written(levels: int, kept: int, tmp_path: Path) -> None:
    deep: list[Any] = []
    for _ in range(levels - 1):
        deep = [deep]
    path = tmp_path / "out.jsonl"
    source = Sentence(("a",), meta={"deep": deep})
    write_pairs([Pair(Sentence(("b",), meta={"deep": deep}), source)], path)
    (pair,) = raise_errors(read_pairs(path))
    assert pair.source is not None
    for sentence in (pair.source, pair.latest):
        assert str(sentence.meta["deep"]).count("[") == kept


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("[" * 100_000, "a.csv:2 (sentence 1): JSON that is nested too deeply, in a cell of ner"),
        ('[""\\ud800""]', "a.csv:2 (sentence 1): a lone surrogate, \\ud800, in a cell of ner; remove it"),
        ("[1" + "0" * 5000 + "]", "a.csv:2 (sentence 1): an integer of too many digits, in a cell of ner; write it"),
        ("['LOC']", "a.csv:2 (sentence 1): not JSON: Expecting value at column 2, in a cell of ner; write lists"),
    ],
)
def test_json_in_a_table_is_as_strict_as_elsewhere(cell: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'text,ner\nVigo,"{cell}"\nAna,\n', encoding="utf-8")
    bad, good = read_sentences(path)
    assert isinstance(bad, InputError)
    assert message in str(bad)
    assert isinstance(good, Sentence)


@pytest.mark.parametrize("text", ["json:[", "json:" + "[" * 100_000, "json:NaN"])
def test_text_in_argilla_that_looks_like_json_stays_text(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    labels: dict[str, object] = {"suggestions": {"spans": {"value": [], "agent": "gold"}}}
    path.write_text(json.dumps([{"fields": {"text": "Vigo"}, "metadata": {"note": text}, **labels}]), encoding="utf-8")
    (sentence,) = raise_errors(read_sentences(path, format="argilla"))
    assert sentence.meta["note"] == text
    write_sentences([sentence], path, format="argilla")
    assert list(read_sentences(path, format="argilla")) == [sentence]


@pytest.mark.parametrize(
    ("format", "bad"),
    [
        ("argilla", {"fields": {"text": "Vigo"}, "responses": [1]}),
        ("argilla", {"fields": {"text": "Vigo"}, "suggestions": "x"}),
        ("label-studio", {"data": {"text": "Vigo"}, "annotations": [{"result": 5}]}),
    ],
)
def test_a_malformed_record_of_a_tool_costs_only_itself(format: str, bad: dict[str, object], tmp_path: Path) -> None:
    good = {"fields": {"text": "Ana"}, "data": {"text": "Ana"}, "suggestions": {}, "annotations": []}
    good = {
        name: good[name] for name in (("fields", "suggestions") if format == "argilla" else ("data", "annotations"))
    }
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in (good, bad, good)), encoding="utf-8")
    first, second, third = read_sentences(path, format=format)
    assert isinstance(second, InputError)
    assert second.line == 2
    assert "malformed record: " in str(second)
    assert isinstance(first, Sentence)
    assert first == third


@pytest.mark.parametrize("number", ["Infinity", "1e400"])
def test_a_comment_that_is_not_ours_stays_a_comment(number: str, tmp_path: Path) -> None:
    comment = f'# xlner = {{"offsets": [[{number}, 1]]}}'
    (tmp_path / "a.conll").write_text(f"{comment}\nVigo\tB-LOC\n\n", encoding="utf-8")
    (sentence,) = raise_errors(read_sentences(tmp_path / "a.conll"))
    assert (sentence.tokens, sentence.meta["comments"]) == (("Vigo",), (comment,))


def test_a_column_of_parquet_that_is_nested_too_deeply() -> None:
    assert isinstance(plain_row({"tokens": ["Vigo"], "meta": "[" * 100_000}), InputError)


def test_arrays_and_pairs_of_text_and_labels(tmp_path: Path) -> None:
    records = [{"text": "Ana", "label": [[0, 3, "PER"]]}, {"tokens": ["Vigo"], "ner_tags": ["B-LOC"]}]
    path = tmp_path / "a.json"
    for text in (
        json.dumps(records),
        json.dumps(records, indent=2),
        "\n\n " + json.dumps(records).replace("},", "},\n"),
    ):
        path.write_text(text + "\n", encoding="utf-8")
        assert [s.tags() for s in raise_errors(read_sentences(path))] == [["B-PER"], ["B-LOC"]]
    path.write_text(json.dumps([["Ana", {"entities": [[0, 3, "PER"]]}]], indent=1), encoding="utf-8")
    assert [s.tags() for s in raise_errors(read_sentences(path))] == [["B-PER"]]


@pytest.mark.parametrize(
    ("text", "kinds", "message"),
    [
        ('[\n{"text": "a"},\n5,\n{"text": "b"}]', "SES", "x:3: not an object"),
        ('[\n{"text": "a"},\n{"text": 5},\n{"text": "b"}\n]\n', "SES", 'x:3 (sentence 2): "text" is 5'),
        ('[\n{"text": "a"},\n{"text": "b"}\n', "SSE", "x:3: not JSON: the array has no end, in an array"),
        ('[\n{"text": "a"}\n{"text": "b"}]', "SE", "not JSON: the array has no end"),
        ('[\n{"text": "a"}\n{"text": "b"},\n{"text": "c"}]', "SES", "x:3: not JSON: the array has no end"),
        ('[{"text": "a"},\n{"text": "b},\n{"id": 1 "text": "c"},\n{"text": "d"}\n]', "SEES", "x:3: not JSON: Expect"),
        (
            '[\n{"text": "a"},\n{"text": "b},\n{"text": "c"}\n]',
            "SES",
            "not JSON: Invalid control character, in an array",
        ),
        ('[\n  {"text": "a"},\n  {"text":\n    "b",},\n  {\n  "text": "c"}\n]', "SES", "x:4: not JSON: "),
        ('[\n["a", {"entities": []}],\n["b" {"entities": []}],\n["c", {"entities": []}]\n]', "SES", "x:3: not JSON: "),
        ('[\n{"text": "a",\n"x":\n{}},\n{"text": "b"\n"x":\n{}},\n{"text": "c"}\n]', "SE", "x:6: not JSON: "),
        ('[\n{"text": "a"}, {"text": }, {"text": "c"},\n{"text": "d"}\n]', "SE", "x:2: not JSON: Expecting value"),
        ('[\n{"text": "a"}]\nmore', "SE", "something follows the array"),
        ('[Applause]\n{"text": "a"}', "ES", "x:1 (sentence 1): not JSON"),
        ("[]", "E", "not a JSON object"),
        ('["a", 5]', "E", "not a JSON object"),
        ('[{"text": "a"}, 5, {"text": "b"}]', "SES", "x:1: not an object"),
        ('[\n{"text": "a"},\n{"text": "b", "p": NaN},\n{"text": "c"}]', "SES", "x:3: NaN is not JSON; write null"),
        ('[\n{"text": "a"},\n{"text": "b", "text": "c"},\n{"text": "d"}]', "SES", "x:3: the key 'text' comes twice in"),
        (
            '{"text": "a"}\n{"text": "b", "meta": {"k": 1, "k": 2}}\n{"text": "c"}',
            "SES",
            "the key 'k' comes twice in an",
        ),
        ('[{"text": "a"}, {"text": "\\ud800"}, {"text": "b"}]', "SES", "x:1: a lone surrogate, \\ud800; remove it"),
        (f'[\n{{"n": 1{"0" * 5000}}},\n{{"text": "b"}}]', "ES", "x:2: an integer of too many digits; write it as a"),
        ('[\n{"text": "a"},\n{"text": }\n,\n{"text": "b"}]', "SES", "x:3: not JSON: Expecting value, in an array"),
        ('[\n{"text": "a"}\n]\n\nmore\n', "SE", "x:5: not JSON: something follows the array, in an array"),
        ('[\n{"text": "a"},\n' + '{"a":' * 100_000 + "\n]", "SE", "x:3: not JSON: nested too deeply, in an array"),
    ],
)
def test_damaged_arrays(text: str, kinds: str, message: str) -> None:
    items = list(jsonl.read(list(enumerate(text.split("\n"), start=1)), "x"))
    assert "".join("E" if isinstance(item, InputError) else "S" for item in items) == kinds
    errors = {k: item for k, item in enumerate(items, start=1) if isinstance(item, InputError)}
    said = [(str(error), str(error).replace(f" (sentence {k})", "")) for k, error in errors.items()]
    assert any(message in text for texts in said for text in texts)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ('[\n{"text": "a"},\nBAD\n{"text": "b"}\n]', "SE"),
        ('[\n{"text": "a"},\n{"text":\nBAD\n}, {"text": "b"}\n]', "SE"),
        ('[\n{"text": "a"}\n]\nBAD', "SE"),
        ('["a", {"entities": []}]\nBAD\n{"text": "b"}', "SES"),
        ('[Applause]\nBAD\n{"text": "b"}', "EES"),
    ],
)
def test_a_line_that_cannot_be_read_in_an_array(text: str, kinds: str) -> None:
    bad = InputError("not UTF-8", path="x", line=3)
    lines = [(n, bad if line == "BAD" else line) for n, line in enumerate(text.split("\n"), start=1)]
    items = list(jsonl.read(lines, "x"))
    assert "".join("E" if isinstance(item, InputError) else "S" for item in items) == kinds
    assert items[-1 if kinds == "SE" else 1] is bad


def test_objects_over_several_lines_are_refused_with_the_way_out() -> None:
    with pytest.raises(InputError, match="x:1: an object over several lines; write one per line: jq -c . x > NEW"):
        list(jsonl.read([(1, "{"), (2, '"text": "a"}')], "x"))


def test_texts_of_a_column_with_gaps() -> None:
    pipeline = RecognitionPipeline(DictionaryRecognizer({"Vigo": "LOC"}), lang="gl")
    first, gap, none, last = pipeline.run_texts(["Vigo", float("nan"), None, "Lugo"])  # type: ignore[list-item]
    assert (first.labeled.tags(), last.labeled.tags()) == (["B-LOC"], ["O"])
    assert (gap.error, none.error) == (
        "(sentence 2): a float is not a text; give a string",
        "(sentence 3): nothing is not a text; give a string",
    )


@pytest.mark.parametrize(
    "line", ["[" * 100_000, "5", '["a"]', '{"text": NaN}', '{"text": 5, "spans": []}', '{"text": "a"}']
)
def test_malformed_records_of_masakhaner_x(line: str) -> None:
    (bad,) = masakhaner_x.read([(1, line)], "x")
    assert str(bad).startswith("x:1 (sentence 1): not a record of MasakhaNER-X: ")
    assert len(str(bad)) < 200
