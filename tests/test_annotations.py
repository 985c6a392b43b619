"""Labels in the forms of annotation tools and libraries: read right, or refused by their names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from xlner import Entity, InputError, Sentence, raise_errors, read_sentences, write_sentences
from xlner.errors import DataWarning
from xlner.formats import ReadOptions, ReadReport, jsonl
from xlner.formats.label_fields import LABEL_FIELDS

ANA = "Ana Pons vive en Vigo."
WORDS = ["Ana", "Pons", "vive", "en", "Vigo", "."]
BOTH = ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]
PER, LOC = {"start": 0, "end": 8, "label": "PER"}, {"start": 17, "end": 21, "label": "LOC"}


def read(*records: Any, **options: Any) -> list[Sentence | InputError]:
    lines = list(enumerate((json.dumps(r, ensure_ascii=False) for r in records), start=1))
    return list(jsonl.read(lines, "x.jsonl", ReadOptions(**options)))


def tags(record: Any) -> list[str]:
    (sentence,) = raise_errors(read(record, require_tags=True))
    assert sentence.tokens == tuple(WORDS)
    return sentence.tags()


def refused(record: Any, **options: Any) -> str:
    bad, good = read(record, {"tokens": ["a"], "ner_tags": ["O"]}, **options)
    assert isinstance(bad, InputError)
    assert isinstance(good, Sentence)
    assert "\n" not in str(bad)
    return str(bad)


@pytest.mark.parametrize(
    "record",
    [
        pytest.param({"text": ANA, "label": [[0, 8, "PER"], [17, 21, "LOC"]], "Comments": []}, id="doccano"),
        pytest.param({"text": ANA, "labels": [[17, 21, "LOC"], [0, 8, "PER"]]}, id="doccano, unordered"),
        pytest.param({"data": ANA, "label": [[0, 8, "PER"], [17, 21, "LOC"]]}, id="doccano with data"),
        pytest.param(
            {
                "text": ANA,
                "entities": [
                    {"id": 7, "label": "PER", "start_offset": 0, "end_offset": 8},
                    {"id": 8, "label": "LOC", "start_offset": 17, "end_offset": 21},
                ],
                "relations": [{"id": 1, "from_id": 7, "to_id": 8, "type": "lives in"}],
            },
            id="doccano with relations",
        ),
        pytest.param({"text": ANA, "spans": [PER, LOC], "answer": "accept", "_input_hash": 1}, id="Prodigy"),
        pytest.param(
            {
                "text": ANA,
                "spans": [{**PER, "token_start": 0, "token_end": 1}, {**LOC, "token_start": 4, "token_end": 4}],
                "tokens": [
                    {"text": w, "start": ANA.index(w), "end": ANA.index(w) + len(w), "id": k, "ws": True}
                    for k, w in enumerate(WORDS)
                ],
            },
            id="Prodigy with words",
        ),
        pytest.param({"text": ANA, "entities": [[0, 8, "PER"], [17, 21, "LOC"]]}, id="spaCy"),
        pytest.param([ANA, {"entities": [[0, 8, "PER"], [17, 21, "LOC"]]}], id="spaCy pair"),
        pytest.param(
            {
                "text": ANA,
                "ents": [PER, LOC],
                "tokens": [{"id": k, "start": ANA.index(w), "end": ANA.index(w) + len(w)} for k, w in enumerate(WORDS)],
            },
            id="spaCy to_json",
        ),
        pytest.param({"tokenized_text": WORDS, "ner": [[0, 1, "PER"], [4, 4, "LOC"]]}, id="GLiNER"),
        pytest.param({"tokens": WORDS, "ner": [[0, 1, "PER"], [4, 4, "LOC"]]}, id="last word included"),
        pytest.param({"words": WORDS, "ner": BOTH}, id="tags in ner"),
        pytest.param({"tokens": WORDS, "labels": BOTH}, id="tags in labels"),
        pytest.param(
            {
                "text": ANA,
                "entities": [
                    {"entity_group": "PER", "score": 0.9, "word": "Ana Pons", "start": 0, "end": 8},
                    {"entity_group": "LOC", "score": 0.9, "word": "Vigo", "start": 17, "end": 21},
                ],
            },
            id="Hugging Face pipeline",
        ),
        pytest.param(
            {
                "text": ANA,
                "labels": [],
                "entities": [
                    {"text": "Ana Pons", "start_pos": 0, "end_pos": 8, "labels": [{"value": "PER", "confidence": 1.0}]},
                    {"text": "Vigo", "start_pos": 17, "end_pos": 21, "labels": [{"value": "LOC", "confidence": 1.0}]},
                ],
            },
            id="Flair",
        ),
        pytest.param(
            {
                "text": ANA,
                "entities": [
                    {"text": "Ana Pons", "type": "PER", "start_char": 0, "end_char": 8},
                    {"text": "Vigo", "type": "LOC", "start_char": 17, "end_char": 21},
                ],
            },
            id="Stanza",
        ),
        pytest.param(
            {
                "id": 1,
                "data": {"text": ANA, "page": 3},
                "annotations": [
                    {"was_cancelled": True, "result": []},
                    {
                        "result": [
                            {"type": "labels", "value": {"start": 0, "end": 8, "text": "Ana Pons", "labels": ["PER"]}},
                            {"type": "labels", "value": {"start": 17, "end": 21, "text": "Vigo", "labels": ["LOC"]}},
                            {"type": "choices", "value": {"choices": ["news"]}},
                        ]
                    },
                ],
            },
            id="Label Studio",
        ),
        pytest.param(
            {
                "text": ANA,
                "label": [
                    {"start": 0, "end": 8, "text": "Ana Pons", "labels": ["PER"]},
                    {"start": 17, "end": 21, "text": "Vigo", "labels": ["LOC"]},
                ],
                "annotator": 1,
            },
            id="Label Studio, short",
        ),
        pytest.param({"text": ANA, "tokens": WORDS, "entities": [{**PER, "end": 2}, {**LOC, "start": 4, "end": 5}]}),
        pytest.param(
            {"text": ANA, "tokens": WORDS, "entities": [{**PER, "text": "Ana Pons"}, {**LOC, "text": "Vigo"}]},
            id="characters beside words, as the texts of the spans show",
        ),
        pytest.param(
            {"text": ANA, "tokens": WORDS, "entities": [PER, LOC]}, id="characters, as they end beyond the words"
        ),
        pytest.param({"tokens": WORDS, "tags": BOTH, "pos_tags": [1, 2, 3, 4, 5, 6], "chunk_tags": BOTH}),
        pytest.param({"tokens": WORDS, "ner_tags": BOTH, "entities": []}),
        pytest.param(
            {"tokens": WORDS, "ner": BOTH, "tags": ["NNP", "NNP", "VB", "IN", "NNP", "."]}, id="parts of speech"
        ),
    ],
)
def test_forms_that_are_read(record: Any) -> None:
    assert tags(record) == BOTH


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"text": ANA, "gold": [[0, 8, "PER"]]}, '"gold" could hold labels'),
        ({"text": ANA, "named_entities": [{"text": "Ana Pons", "type": "PER"}]}, '"named_entities" could hold labels'),
        ({"text": ANA, "annotations": [{"begin": 0, "end": 8, "tag": "PER"}]}, '"annotations" could hold labels'),
        ({"text": ANA, "entities_gold": {"PER": ["Ana Pons"]}}, '"entities_gold" could hold labels'),
        ({"text": ANA, "word_labels": "B-PER,I-PER,O,O,B-LOC,O"}, '"word_labels" could hold labels'),
        ({"tokens": WORDS, "fine_ner_tags": [1, 1, 0, 0, 2, 0]}, '"fine_ner_tags" could hold labels'),
        ({"tokens": WORDS, "bio": BOTH}, '"bio" could hold labels'),
        ({"tokens": WORDS, "xyz": BOTH}, '"xyz" could hold labels'),
        (
            {"text": ANA, "Entities": [{"BeginOffset": 0, "EndOffset": 8, "Type": "PER"}]},
            '"Entities" could hold labels',
        ),
        ({"text": ANA, "entities": {"PER": ["Ana"]}}, '"entities" is .*, not a list'),
        ({"text": ANA, "entities": [{"text": "Ana", "type": "PER"}]}, '"entities" has .*, which has no place'),
        ({"text": ANA, "entities": [["PER", 0, 3]]}, "which is not \\[start, end, label\\]"),
        ({"text": ANA, "entities": "Ana=PER"}, '"entities" is .*, not a list'),
        ({"text": ANA, "labels": BOTH}, '"labels" has no spans, and the record has no words for tags'),
        ({"text": ANA, "label": [[0, 3, "PER"]], "spans": [PER]}, 'both "label" and "spans" hold labels; remove one'),
        ({"tokens": WORDS, "spans": [{"start": 0, "end": 2, "label": "PER"}]}, "could count words or characters"),
        ({"tokens": WORDS, "entities": [[0, 2, "PER"]]}, "could count words or characters"),
        ({"tokens": WORDS, "labels": ["B-PER"]}, "6 tokens but 1 tag"),
        ({"text": ANA, "tokens": WORDS, "entities": [{**PER, "end": 3}]}, '"entities" could count words or characters'),
        (
            {"text": ANA, "spans": [PER], "answer": "reject"},
            "'reject'; export only the accepted ones from Prodigy: prodigy db-out DATASET --answer accept > NEW",
        ),
        ({"text": ANA, "entities": [{"entity": "B-PER", "start": 0, "end": 3}]}, "aggregation_strategy"),
        ({"text": ANA, "spans": [{"start": 0, "end": 3, "label": 4}]}, "the label 4, which is not a name"),
        ({"text": ANA, "spans": [{"start": 0, "end": 3}]}, "with no label"),
        ({"text": ANA, "spans": [{"start": 0.5, "end": 3, "label": "PER"}]}, "start is not a whole number"),
        ({"text": ANA, "spans": [{"start": None, "end": 3, "label": "PER"}]}, "start is not a whole number"),
        ({"text": ANA, "spans": [{"start": 0, "label": "PER"}]}, 'without "end"'),
        ({"text": ANA, "spans": [{**PER, "score": "high"}]}, "which is not a number"),
        ({"text": ANA, "spans": [PER, [17, 21, "LOC"]]}, None),
        ({"text": ANA, "spans": [PER, {"start_offset": 17, "end_offset": 21, "label": "LOC"}]}, "several forms"),
        ({"text": ANA, "spans": [PER, 5]}, '"spans" has 5 among spans'),
        ({"text": ANA, "spans": [{**PER, "end": 40}]}, "but the text has 22 characters"),
        ({"text": ANA, "spans": [{**PER, "start": 8}]}, "span \\(8, 8\\)"),
        ({"text": ANA, "spans": [{**PER, "start": -3}]}, "span \\(-3, 8\\)"),
        ({"text": ANA, "spans": [{"start": 3, "end": 4, "label": "PER"}]}, "span without words: characters 3 to 4"),
        ({"text": ANA, "spans": [PER, {"start": 4, "end": 8, "label": "LOC"}]}, "overlap at character 4; keep one"),
        (
            {"text": "Vigo-Lugo", "spans": [{**PER, "end": 4}, {**LOC, "start": 5, "end": 9}]},
            "share the word 'Vigo-Lugo'",
        ),
        (
            {"text": ANA, "spans": [{**PER, "text": "Vigo"}]},
            "a span of 'Vigo' at characters 0 to 8, where the text has",
        ),
        ({"data": {"a": "x", "b": "y"}, "annotations": []}, '"data" has no "text"'),
        ({"data": {"text": ANA}, "annotations": [{"result": []}, {"result": []}]}, "2 annotations of one text"),
        ({"tokens": [{"text": "Ana", "ner": "S-PER"}]}, 'has a label in "ner"'),
        (
            {"annotations": [[ANA, {"entities": []}]], "classes": []},
            "jq -c '.\\[\"annotations\"\\]\\[\\]' x.jsonl > NEW",
        ),
        ({"passages": [{"text": [ANA]}], "entities": [{"offsets": [[0, 8]], "type": "PER"}]}, 'neither "tokens" nor'),
    ],
)
def test_what_could_be_labels_is_refused_by_name(record: Any, name: str | None) -> None:
    if name is None:  # both forms count characters
        assert tags(record) == BOTH
    else:
        with pytest.raises(AssertionError, match=name):
            raise AssertionError(refused(record))


@pytest.mark.parametrize(
    "extra",
    [
        {"label": "news"},
        {"label": 3},
        {"label": 0, "tags": False, "labels": ""},
        {"labels": ["news", "sports"]},
        {"tags": ["news"]},
        {"tags": ["vitamin-B", "news"], "labels": ["i-phone"]},
        {"topics": ["a", "b"], "url": "http://x.org", "sents": [{"start": 0, "end": 22}]},
        {"hashtags": ["#Vigo"], "source_id": 7, "relations": [{"head": 0, "child": 4}]},
    ],
)
def test_other_fields_are_kept(extra: dict[str, Any]) -> None:
    (sentence,) = raise_errors(read({"text": ANA, **extra}))
    assert (sentence.meta, sentence.entities) == (extra, ())
    assert "neither" in refused({"text": ANA, **extra}, require_tags=True)


@pytest.mark.parametrize("tag", ["O", "B-PER", "b-PER", "PER-B", "E", "o"])
def test_tags_are_those_that_the_scheme_auto_reads(tag: str) -> None:
    assert '"gold_tags" could hold labels' in refused({"tokens": ["Ana", "Vigo"], "gold_tags": [tag, "O"]})


def test_ids_of_several_parts_are_json() -> None:
    records = [{"id": value, "text": ANA} for value in ({"$oid": "é"}, ["a", 1], 7, None)]
    assert [s.id for record in records for s in raise_errors(read(record))] == ['{"$oid": "é"}', '["a", 1]', "7", None]


@pytest.mark.parametrize("field", ["tokens", "words", "tokenized_text"])
@pytest.mark.parametrize("words", [["O"], ["E", "I"], ["B-52"]])
def test_words_that_look_like_tags_are_words(field: str, words: list[str]) -> None:
    (sentence,) = raise_errors(read({field: words}))
    assert (sentence.tokens, sentence.entities) == (tuple(words), ())


def test_tags_in_two_fields_have_the_same_variants() -> None:
    suffixed = ["PER-B", "PER-I", "O", "O", "LOC-B", "O"]
    assert tags({"tokens": WORDS, "ner_tags": BOTH, "tags": suffixed}) == BOTH
    other = refused({"tokens": WORDS, "ner_tags": BOTH, "tags": ["ORG-B", *suffixed[1:]]})
    assert 'both "ner_tags" and "tags" hold labels, which are not the same' in other


def test_labels_that_are_only_compared_are_not_counted() -> None:
    record = {"tokens": WORDS, "ner_tags": BOTH, "tags": ["I-PER", "I-PER", "O", "O", "I-LOC", "O"]}
    report = ReadReport()
    (sentence,) = jsonl.read([(1, json.dumps(record))], "x", report=report)
    assert isinstance(sentence, Sentence)
    assert sentence.tags() == BOTH
    assert report.repaired_tags == 0
    report = ReadReport()
    assert list(jsonl.read([(1, json.dumps({"tokens": WORDS, "tags": record["tags"]}))], "x", report=report))
    assert report.repaired_tags == 2


def test_other_tags_of_words_are_no_labels() -> None:
    extra = {"pos_tags": [1, 2, 3, 4, 5, 6], "chunk_tags": BOTH, "upos": BOTH}
    (sentence,) = raise_errors(read({"tokens": WORDS, **extra}))
    assert (sentence.meta, sentence.entities) == (extra, ())


def test_beside_its_own_labels_a_record_may_have_any_field() -> None:
    record = {"tokens": WORDS, "ner_tags": BOTH, "spans": [[0, 8, "PER"]], "gold": [[0, 8, "PER"]]}
    (sentence,) = raise_errors(read(record))
    assert sentence.tags() == BOTH
    assert sentence.meta == {"spans": [[0, 8, "PER"]], "gold": [[0, 8, "PER"]]}


@pytest.mark.parametrize(("start", "end"), [(3, 7), (4, 8), (7, 11), (3, 6)])
def test_spans_that_say_their_text_may_count_code_points_utf_16_bytes_or_the_last_character(
    start: int, end: int
) -> None:
    span = {"start": start, "end": end, "label": "LOC", "text": "Vigo"}
    (sentence,) = raise_errors(read({"text": "é🦉 Vigo é", "spans": [span]}))
    assert [sentence.surface(e) for e in sentence.entities] == ["Vigo"]


def test_spans_of_words_that_could_count_characters_too_are_read_if_both_say_the_same() -> None:
    record = {"text": "a Vigo", "tokens": ["a", "Vigo"], "entities": [{"start": 0, "end": 1, "label": "X"}]}
    (sentence,) = raise_errors(read(record))
    assert sentence.tags() == ["B-X", "O"]


def test_byte_offsets() -> None:
    (sentence,) = raise_errors(read({"text": "É Vigo", "spans": [{"start_byte": 3, "limit_byte": 7, "label": "LOC"}]}))
    assert sentence.surface(sentence.entities[0]) == "Vigo"


def test_spans_inside_words_grow_to_the_words_and_labels_have_no_spaces_both_with_a_warning() -> None:
    with pytest.warns(DataWarning) as warned:
        (sentence,) = raise_errors(read({"text": "Vigo-Lugo", "spans": [{"start": 0, "end": 4, "label": "big city"}]}))
    assert sentence.entities == (Entity(0, 1, "big_city"),)
    assert [str(w.message) for w in warned] == [
        "x.jsonl: the label 'big city' is read as 'big_city', because tags cannot have spaces",
        "x.jsonl: 1 span of characters begins or ends inside a word, and now covers all of it",
    ]


@given(st.data())
def test_spans_of_characters_and_of_words_say_the_same(data: st.DataObject) -> None:
    tokens = data.draw(st.lists(st.text("aé🦉", min_size=1, max_size=3), min_size=1, max_size=8))
    text = " ".join(tokens)
    made = Sentence.from_text(text)
    bounds = sorted(data.draw(st.sets(st.integers(0, len(made)), max_size=6)))
    entities = [Entity(a, b, "LOC") for a, b in zip(bounds[::2], bounds[1::2], strict=False)]
    labeled = made.with_entities(entities)
    spans = [[*labeled.char_span(e), e.label] for e in entities]  # type: ignore[misc]
    data.draw(st.randoms()).shuffle(spans)
    (found,) = raise_errors(read({"text": text, "spans": spans}))
    assert found == labeled


def test_lists_of_doccano_count_utf_16_if_only_that_fits() -> None:
    text = "🦉 Ana vive en Vigo"
    for label in ([[2, 5, "PER"]], [[3, 6, "PER"]]):
        (found,) = raise_errors(read({"text": text, "label": label}))
        assert [found.surface(e) for e in found.entities] == ["Ana"]
    refusal = refused({"text": "🦉🦉 a a", "label": [[5, 6, "X"]]})  # the second a, or the first one
    assert '"label" could count characters or, as in doccano, UTF-16; give --input-format doccano' in refusal


def test_what_is_read_is_written_and_read_again(tmp_path: Path) -> None:
    (sentence,) = raise_errors(read({"id": 1, "text": ANA, "label": [[0, 8, "PER"]], "topic": "x"}))
    write_sentences([sentence], tmp_path / "a.jsonl")
    assert list(read_sentences(tmp_path / "a.jsonl")) == [sentence]
    assert sentence.meta == {"topic": "x"}
    (empty,) = raise_errors(read({"text": "", "tags": ["news"]}))
    write_sentences([empty], tmp_path / "a.jsonl")
    assert list(read_sentences(tmp_path / "a.jsonl")) == [empty]


def test_numbers_of_tags_are_read_by_assumed_names_with_a_warning(tmp_path: Path) -> None:
    with pytest.warns(DataWarning, match="are read as O,B-PER,I-PER,B-ORG,I-ORG,B-LOC,I-LOC; .* give --tag-names"):
        found = read({"tokens": ["Vigo"], "tags": [5]}, {"tokens": ["Vigo"], "tags": [7]})
    assert isinstance(found[0], Sentence)
    assert found[0].tags() == ["B-LOC"]
    assert "tag id 7 has no name; give the names of all ids" in str(found[1])
    (known,) = raise_errors(read({"tokens": ["Vigo"], "tags": [1]}, tag_names=("O", "B-X")))
    assert known.tags() == ["B-X"]
    (nothing,) = raise_errors(read({"tokens": ["Vigo"], "tags": [0]}))
    assert nothing.tags() == ["O"]
    assert "-100 has no name" in refused({"tokens": ["Vigo"], "labels": [-100]})
    assert "True is not a tag" in refused({"tokens": ["Vigo"], "labels": [True]})


@pytest.mark.parametrize(
    "command", [["label", "--lang", "es"], ["recognize", "--lang", "es"], ["translate", "--from", "es", "--to", "en"]]
)
def test_commands_that_need_no_labels_take_the_names_of_tags_too(
    xlner: Command, fakes: list[str], tmp_path: Path, command: list[str]
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"tokens": ["Vigo"], "tags": [7]}\n', encoding="utf-8")
    recognizer = ["--recognizer", f"gazetteer:{tmp_path / 'names.tsv'}"]
    stages = {"label": fakes, "recognize": recognizer, "translate": ["--translator", "echo"]}[command[0]]
    ran = xlner(*command, path, *stages)
    assert ran.code == 2
    assert "tag id 7 has no name; give the names of all ids in order, such as --tag-names O,B-PER" in ran.err
    ran = xlner(*command, path, *stages, "--tag-names", ",".join(["O", *(f"B-X{k}" for k in range(9))]))
    assert (ran.code, "note:" in ran.err) == (0, False)


def test_commands_say_what_they_assume_and_what_they_replace(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"tokens": ["Vigo"], "tags": [5]}\n{"text": "Lugo", "label": [[0, 4, "LOC"]]}\n', encoding="utf-8")
    ran = xlner("convert", path, "-")
    assert ran.err.startswith(f"xlner: note: {path}: the numbers of tags have no names, and are read as O,B-PER,")
    assert ran.err.count("note:") == 1
    assert "Vigo\tB-LOC" in ran.out
    assert f"xlner: 2 entities of {path} replaced\n" in xlner("label", path, "--lang", "es", *fakes).err
    names = tmp_path / "names.tsv"
    assert (
        f"2 entities of {path} replaced\n"
        in xlner("recognize", path, "--lang", "es", "--recognizer", f"gazetteer:{names}").err
    )


@pytest.mark.parametrize("name", ["tokens", "words", "tokenized_text"])
def test_every_field_of_words(name: str) -> None:
    (sentence,) = raise_errors(read({name: WORDS, "ner_tags": BOTH}))
    assert (sentence.tokens, sentence.tags(), sentence.meta) == (tuple(WORDS), BOTH, {})
    assert "one sentence per object: jq -c '.[\"data\"][]'" in refused({"data": [{name: WORDS}]})
    placed = [{"text": word, "start": ANA.index(word), "end": ANA.index(word) + len(word)} for word in WORDS]
    assert tags({"text": ANA, name: placed, "spans": [PER, LOC]}) == BOTH
    assert read({"data": "other", name: WORDS, "answer": "accept"}) == [
        Sentence(tuple(WORDS), meta={"data": "other", "answer": "accept"})
    ]


@pytest.mark.parametrize(
    "record",
    [
        {"tokens": ["Ana", "vive"], "tags": ["O", "B-LOC"], "ner_tags": [1, 0]},
        {"tokens": ["Ana", "vive"], "ner_tags": ["B-PER", "O"], "entities": [{"start": 1, "end": 2, "label": "LOC"}]},
        {"tokens": ["Ana", "vive"], "ner_tags": ["B-PER", "O"], "entities": [{"start": 0, "end": 1, "label": "LOC"}]},
        {"tokens": ["Ana", "vive"], "ner_tags": [0, 1], "entities": [{"start": 0, "end": 1, "label": "LOC"}]},
        {"tokens": ["Ana", "vive"], "ner_tags": ["B-PER", "O"], "labels": ["O", "O"]},
        {"tokens": ["Ana", "vive"], "text": "Ana vive", "ner_tags": ["O", "O"], "spans": [PER]},
        {"words": ["Ana", "vive"], "ner": [[0, 0, "PER"]], "ner_tags": ["B-LOC", "O"]},
        {"tokens": ["Ana", "vive"], "ner_tags": ["O", "B-PER"], "tags": ["O", "B-PER", "O"]},
    ],
)
@pytest.mark.filterwarnings("ignore:.*numbers of tags have no names:xlner.errors.DataWarning")
def test_labels_that_are_not_the_same(record: Any) -> None:
    first, second = [name for name in LABEL_FIELDS if name in record]
    assert f'both "{first}" and "{second}" hold labels, which are not the same; remove one of them' in refused(record)


def test_the_same_labels_twice() -> None:
    entity = {"start": 0, "end": 1, "label": "PER"}
    for labels in (
        {"entities": [entity], "ner_tags": ["B-PER", "O"]},
        {"entities": [entity], "ner_tags": ["S-PER", "O"]},
        {"entities": [entity], "ner_tags": [3, 0]},
        {"entities": [entity], "tags": ["I-PER", "O"]},
        {"ner_tags": ["B-PER", "O"], "tags": ["B-PER", "O"]},
    ):
        assert read({"tokens": ["Ana", "vive"], **labels}) == [Sentence(("Ana", "vive"), (Entity(0, 1, "PER"),))]
    (sentence,) = read({"tokens": ["Ana", "vive"], "ner_tags": ["B-PER", "O"], "tags": ["NN", "VB"]})
    assert isinstance(sentence, Sentence)
    assert sentence.meta == {"tags": ["NN", "VB"]}


@pytest.mark.parametrize("label", ["B-PER", "I-LOC", "O", "S-ORG"])
@pytest.mark.parametrize("words", [{}, {"tokens": ["Ana", "vive"]}])
def test_labels_of_spans_are_no_tags(label: str, words: Any) -> None:
    spans = {"entities": [{"start": 0, "end": 1, "label": label}]} if words else {"label": [[0, 3, label]]}
    record = {"text": "Ana vive", **words, **spans}
    if words:
        del record["text"]
    assert f"has the label '{label}', which is a tag; write one span for each entity" in refused(record)


def test_labels_that_look_a_little_like_tags() -> None:
    (sentence,) = raise_errors(read({"text": "un E-Bike", "label": [[3, 9, "E-Bike"]]}))
    assert [e.label for e in sentence.entities] == ["E-Bike"]


def test_labels_of_null() -> None:
    with pytest.warns(DataWarning, match='x.jsonl: "ner_tags" is null in a record with words') as said:
        found = read(*[{"tokens": ["Ana"], "ner_tags": None}] * 2)
    assert (len(said), found) == (1, [Sentence(("Ana",))] * 2)
    assert '"text" is null; give a "text" or "tokens"' in refused({"text": None})


@pytest.mark.parametrize(
    ("record", "hint"),
    [
        ({"text": "Ana", "entities": {"PER": [[0, 3]]}}, 'write a list of spans, such as [{"start": 0'),
        ({"text": ["Ana", "va"], "ner_tags": ["O", "O"]}, 'name them "tokens"'),
        ({"tokens": "['Ana', 'va']"}, 'df["tokens"].map(ast.literal_eval)'),
        ({"tokens": ["Ana"], "ner_tags": "['O']"}, 'df["ner_tags"].map(ast.literal_eval)'),
        ({"tokens": ["Ana", "x"], "ner_tags": ["B-PER", None]}, "O to all other words"),
        ({"text": "Ana", "label": [["PER", 0, 3]]}, 'write [0, 3, "PER"]'),
        ({"tokens": ["Ana", "x"], "ner_tags": [1, -100]}, "marks the sub-words that a training leaves out"),
        ({"text": {"0": "Ana"}}, 'orient="records", lines=True'),
        ({"columns": ["text"], "index": [0], "data": [["Ana"]]}, 'orient="records", lines=True'),
        ({"0": {"text": "Ana"}, "1": {"text": "b"}}, 'orient="records", lines=True'),
        ({"tokens": [["a"], ["b"]], "ner_tags": [["O"], ["O"]]}, """jq -c '[."tokens", ."ner_tags"] | transpose[] |"""),
    ],
)
def test_other_forms_name_the_way_out(record: Any, hint: str) -> None:
    names = {"tag_names": ("O", "B-PER")} if "ner_tags" in record else {}
    bad, *_ = read(record, **names)
    assert isinstance(bad, InputError)
    assert hint in str(bad.hint)


def test_spans_by_label_and_text() -> None:
    texts = {"PER": {"Ana Pons": [[0, 7]]}, "LOC": {"Vigo": [[17, 20]]}}  # the last character included
    assert tags({"text": ANA, "label": texts}) == BOTH
    assert tags({"text": ANA, "label": {"LOC": {"Vigo": [[17, 21]]}}}) == [*"OOOO", "B-LOC", "O"]
    assert read({"text": "Ana", "label": {}}) == read({"text": "Ana"})


def test_tags_of_pandas() -> None:
    record = {"tokens": ["Ana", "va"], "ner_tags": [1.0, 0.0]}
    assert read(record, tag_names=("O", "B-PER")) == [Sentence(("Ana", "va"), (Entity(0, 1, "PER"),))]
    assert "1.5 is not a tag" in refused({"tokens": ["Ana"], "ner_tags": [1.5]})


@pytest.mark.parametrize("text", ["Caf\u00e9 Jos\u00e9 va", "Cafe\u0301 Jose\u0301 va"])
@pytest.mark.parametrize("counted", ["NFC", "NFD"])
@pytest.mark.parametrize("named", ["Jos\u00e9", "Jose\u0301"])
def test_spans_in_another_normal_form(text: str, counted: str, named: str) -> None:
    start, end = (5, 9) if counted == "NFC" else (6, 11)
    (sentence,) = raise_errors(
        read({"text": text, "label": [{"start": start, "end": end, "label": "PER", "text": named}]})
    )
    assert (sentence.entities, sentence.text) == ((Entity(1, 2, "PER"),), text)
