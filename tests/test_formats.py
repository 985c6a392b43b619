from __future__ import annotations

import gc
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import disjoint_entities
from xlner import (
    Alignment,
    Entity,
    InputError,
    Outcome,
    Pair,
    Projection,
    Reason,
    Sentence,
    raise_errors,
    read_alignments,
    read_pairs,
    read_sentences,
    write_pairs,
    write_sentences,
)
from xlner.errors import UnknownNameError, UsageError
from xlner.formats import ReadReport, format_of

GOLDEN = Path(__file__).parent / "golden"


def conll(tmp_path: Path, text: str, **options: object) -> list[Sentence | InputError]:
    path = tmp_path / "x.conll"
    path.write_bytes(text.encode())
    return list(read_sentences(path, **options))  # type: ignore[arg-type]


def test_columns_tabs_spaces_and_crlf(tmp_path: Path) -> None:
    two = conll(tmp_path, "Ana\tB-PER\r\nvive\tO\r\n\r\nVigo\tB-LOC\r\n")
    four = conll(tmp_path, "Ana NNP I-NP I-PER\nvive V O O\n\nVigo NNP I-NP I-LOC\n\n")
    assert two == four
    assert [s.tags() for s in raise_errors(two)] == [["B-PER", "O"], ["B-LOC"]]


def test_documents_comments_and_hashes(tmp_path: Path) -> None:
    text = (
        "-DOCSTART- -X- O O\n\n# id = 7\n# a remark\nVigo\tB-LOC\n\n# O\n1 O\n\n#\tO\ntag\tO\n\n"
        "-DOCSTART- O\n\n# just a remark\n\nend O\n"
    )
    sentences = list(raise_errors(conll(tmp_path, text)))
    assert [s.tokens for s in sentences] == [("Vigo",), ("#", "1"), ("#", "tag"), (), ("end",)]
    assert sentences[0].id == "7"
    assert sentences[0].meta["comments"] == ("# id = 7", "# a remark")
    assert sentences[0].meta["docstart"]


def test_a_document_mark_ends_a_sentence(tmp_path: Path) -> None:
    assert [s.tokens for s in raise_errors(conll(tmp_path, "a O\n-DOCSTART- O\n\nb O\n"))] == [("a",), ("b",)]


def test_text_comment_gives_offsets(tmp_path: Path) -> None:
    (sentence,) = raise_errors(conll(tmp_path, "# text = Ana, Vigo\nAna O\n, O\nVigo B-LOC\n"))
    assert sentence.text == "Ana, Vigo"
    assert sentence.offsets == ((0, 3), (3, 4), (5, 9))


def test_empty_sentences_stay_in_place_and_trailing_blank_lines_do_not_count(tmp_path: Path) -> None:
    assert [len(s) for s in raise_errors(conll(tmp_path, "a O\n\n\n\nb O\n\n\n\n"))] == [1, 0, 0, 1]
    assert [len(s) for s in raise_errors(conll(tmp_path, "\na O\n"))] == [0, 1]


def test_wikiann_prefixes(tmp_path: Path) -> None:
    sentences = list(raise_errors(conll(tmp_path, "gl:Vigo\tB-LOC\ngl:,\tO\n\ngl:http:x\tO\n")))
    assert [s.tokens for s in sentences] == [("Vigo", ","), ("http:x",)]
    assert sentences[0].language == "gl"
    (plain,) = raise_errors(conll(tmp_path, "re:zero\tO\nfin\tO\n"))
    assert plain.tokens == ("re:zero", "fin")


def test_no_break_space_inside_a_token(tmp_path: Path) -> None:
    (sentence,) = raise_errors(conll(tmp_path, "10\u00a0000 O\n\u00a0 O\n"))
    assert sentence.tokens == ("10\u00a0000", "\u00a0")


def test_spaces_inside_tokens_of_tab_separated_files(tmp_path: Path) -> None:
    (sentence,) = raise_errors(conll(tmp_path, "New York\tB-LOC\n"))
    assert sentence.tokens == ("New York",)


def test_universal_ner(tmp_path: Path) -> None:
    text = (
        "# sent_id = s1\n# text = Vámonos a Vigo\n1\tVamos\tO\t-\t-\n2-3\tdel\t_\t-\t-\n2\tnos\tO\t-\t-\n"
        "3\ta\tO\t-\t-\n4\tVigo\tB-LOC\t-\tx\n"
    )
    (sentence,) = raise_errors(conll(tmp_path, text))
    assert sentence.tokens == ("Vamos", "nos", "a", "Vigo")
    assert sentence.id == "s1"
    assert sentence.entities == (Entity(3, 4, "LOC"),)


def test_all_schemes_are_read_and_repairs_counted(tmp_path: Path) -> None:
    report = ReadReport()
    text = "a S-PER\nb U-LOC\nc I-ORG\n\nd B-ORG-X\ne E-ORG-X\n"
    first, second = raise_errors(conll(tmp_path, text, report=report))
    assert [e.label for e in first.entities] == ["PER", "LOC", "ORG"]
    assert second.entities == (Entity(0, 2, "ORG-X"),)
    assert (report.sentences, report.repaired_tags) == (2, 1)


def test_tokens_alone_are_sentences_without_labels_unless_tags_are_required(tmp_path: Path) -> None:
    assert [s.tokens for s in raise_errors(conll(tmp_path, "Ana\nvive\n\nVigo\n"))] == [("Ana", "vive"), ("Vigo",)]
    (error, _) = conll(tmp_path, "Ana\nvive\n\nVigo O\n", require_tags=True)
    assert str(error).endswith(
        "x.conll:1 (sentence 1): no tag column, only 'Ana'; write two columns, the token and its tag"
    )


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("a O\nb\n\nok O\n", r"x.conll:2 \(sentence 1\): 1 column, but the first line of the sentence has 2"),
        ("a NN\n\nok O\n", r"x.conll:1 \(sentence 1\): 'NN' is not a tag; the last column must be O"),
        ("a O\nb X-PER\n\nok O\n", r"x.conll:2 \(sentence 1\): 'X-PER' is not a tag"),
        ("\tO\n\nok O\n", r"x.conll:1 \(sentence 1\)"),
    ],
)
def test_a_bad_sentence_is_reported_and_the_rest_is_read(tmp_path: Path, text: str, match: str) -> None:
    report = ReadReport()
    bad, good = conll(tmp_path, text, require_tags=True, report=report)
    assert isinstance(bad, InputError)
    with pytest.raises(InputError, match=match):
        list(raise_errors([bad]))
    assert isinstance(good, Sentence)
    assert (report.sentences, report.bad) == (1, 1)


def test_repair_none_reports_the_sentence(tmp_path: Path) -> None:
    (error,) = conll(tmp_path, "a O\nb I-PER\n", repair="none", scheme="IOB2")
    assert "I-PER at token 2 is not valid IOB2" in str(error)


TOKENS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters=" \t"), min_size=1, max_size=5
)


@given(st.data())
def test_conll_and_jsonl_keep_sentences(data: st.DataObject) -> None:
    sentences = []
    for _ in range(data.draw(st.integers(1, 4))):
        entities, length = data.draw(disjoint_entities(6))
        tokens = data.draw(st.lists(TOKENS, min_size=length, max_size=length))
        sentences.append(Sentence(tuple(tokens), tuple(entities)))
    for format in ("conll", "jsonl"):
        text = _written(sentences, format)
        again = _read(text, format)
        assert [(s.tokens, s.entities) for s in again] == [(s.tokens, s.entities) for s in sentences]
        assert _written(again, format) == text


def _written(sentences: list[Sentence], format: str) -> str:
    from xlner.formats import conll, jsonl

    write_sentence = conll.write_sentence if format == "conll" else jsonl.write_sentence
    stream = io.StringIO()
    for sentence in sentences:
        write_sentence(stream, sentence)
    return stream.getvalue()


def _read(text: str, format: str) -> list[Sentence]:
    from xlner.formats import conll, jsonl

    lines = list(enumerate(text.split("\n")[:-1], start=1))
    return list(raise_errors(conll.ConllReader("x").read(lines) if format == "conll" else jsonl.read(lines)))


def test_jsonl_variants(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(
        '{"tokens": ["Ana", "Vigo"], "ner_tags": ["B-PER", "B-LOC"], "id": 3, "split": "dev"}\n'
        '{"words": ["Ana", "Vigo"], "tags": ["B-PER", "B-LOC"], "lang": "gl"}\n\n'
        '{"text": "Ana, Vigo", "entities": [{"start": 5, "end": 9, "label": "LOC", "score": 0.5}]}\n'
        '{"tokens": ["\\"", "Vigo"], "text": "``Vigo"}\n'
        '{"tokens": ["Vigo"], "text": "  Vigo", "offsets": [[2, 6]]}\n',
        encoding="utf-8",
    )
    first, second, third, fourth, fifth = raise_errors(read_sentences(path))
    assert first.entities == second.entities == (Entity(0, 1, "PER"), Entity(1, 2, "LOC"))
    assert (first.id, first.meta, second.language) == ("3", {"split": "dev"}, "gl")
    assert third.tokens == ("Ana", ",", "Vigo")
    assert third.entities[0].score == 0.5
    assert (fourth.text, fourth.meta) == (None, {"text": "``Vigo"})
    assert fifth.offsets == ((2, 6),)


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ("{", "not JSON: .* at column 2"),
        ("[]", "not a JSON object"),
        ("{}", 'neither "tokens" nor "text", but \\[\\]'),
        ('{"tokens": "Vigo"}', "not a list of strings"),
        ('{"tokens": ["Vigo"], "tags": []}', "1 token but 0 tags"),
        ('{"tokens": ["Vigo"], "tags": [7]}', "tag id 7 has no name; give the names of all ids in order"),
        ('{"tokens": ["Vigo"], "tags": ["X"]}', "'X' of token 1 is not O"),
        ('{"tokens": ["Vigo"], "entities": [{"start": 0}]}', 'without "end"'),
        ('{"tokens": ["Vigo"], "entities": [{"start": 0, "end": 2, "label": "LOC"}]}', "beyond the sentence"),
        ('{"tokens": ["Vigo"]}', 'neither "ner_tags" nor "entities"'),
    ],
)
def test_bad_json_lines(tmp_path: Path, line: str, match: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(
        f'{{"tokens": ["a"], "tags": ["O"]}}\n{line}\n{{"tokens": ["b"], "tags": ["O"]}}\n', encoding="utf-8"
    )
    items = list(read_sentences(path, require_tags=True))
    assert [isinstance(i, InputError) for i in items] == [False, True, False]
    assert isinstance(items[1], InputError)
    assert items[1].line == items[1].sentence == 2
    with pytest.raises(InputError, match=match):
        raise items[1]


def test_tag_names(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"tokens": ["Vigo"], "tags": [1]}\n', encoding="utf-8")
    assert next(raise_errors(read_sentences(path, tag_names=["O", "B-X"]))).entities == (Entity(0, 1, "X"),)


def a_pair() -> Pair:
    target = Sentence.from_text("Ana vive en Vigo.", language="gl", id="s1")
    source = Sentence.from_text("Ana lives in Vigo.", language="en").with_entities(
        [Entity(0, 1, "PER"), Entity(3, 4, "LOC")]
    )
    projected = Entity(3, 4, "LOC", 0.75)
    outcomes = (
        Outcome(source.entities[0], reason=Reason.UNALIGNED),
        Outcome(source.entities[1], (projected,), scores={"alignment": 0.75}),
    )
    projection = Projection(target.with_entities([projected]), outcomes)
    return Pair(target, source, Alignment(((3, 3),), (0.9,)), projection)


def test_jsonl_keeps_a_whole_pair(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    failed = Pair(Sentence.from_text("nada"), error="translator: broken")
    assert write_pairs([a_pair(), failed], path) == 2
    assert list(read_pairs(path)) == [a_pair(), failed]
    labeled, empty = raise_errors(read_sentences(path))
    assert labeled.entities == (Entity(3, 4, "LOC", 0.75),)
    assert empty.meta["error"] == "translator: broken"


@pytest.mark.parametrize("format", ["conll", "jsonl", "pharaoh", "text"])
def test_golden_output_of_pairs(tmp_path: Path, format: str) -> None:
    failed = Pair(Sentence.from_text("nada"), error="translator: broken")
    empty = Pair(Sentence(()), projection=Projection(Sentence(()), ()))
    path = tmp_path / "out"
    write_pairs([a_pair(), failed, empty], path, format=format)
    assert path.read_text(encoding="utf-8") == (GOLDEN / f"pairs.{format}").read_text(encoding="utf-8")


def test_failed_and_empty_sentences_come_back_from_conll(tmp_path: Path) -> None:
    labeled, failed, empty = raise_errors(read_sentences(GOLDEN / "pairs.conll", format="conll"))
    assert labeled.entities == (Entity(3, 4, "LOC"),)
    assert failed.meta["error"] == "translator: broken"
    assert (empty.tokens, empty.meta) == ((), {})


def test_a_token_that_would_break_the_line_stays_one_cell(tmp_path: Path) -> None:
    path = tmp_path / "x.conll"
    write_sentences([Sentence(("a\tb", "c\nd", "")), Sentence(("e",))], path)
    assert [len(s) for s in raise_errors(read_sentences(path))] == [3, 1]


def test_document_marks_are_written_again(tmp_path: Path) -> None:
    text = "-DOCSTART-\tO\n\n# id = 1\nVigo\tB-LOC\n\n"
    sentences = raise_errors(conll(tmp_path, text))
    out = tmp_path / "out.conll"
    write_sentences(sentences, out)
    assert out.read_text(encoding="utf-8") == text


def test_text_is_one_sentence_a_line(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes("\ufeffAna vive.\r\n\r\nVigo\u2028é\n".encode())
    report = ReadReport()
    sentences = list(raise_errors(read_sentences(path, language="gl", report=report)))
    assert [s.tokens for s in sentences] == [("Ana", "vive", "."), (), ("Vigo", "é")]
    assert sentences[0].language == "gl"
    assert report.sentences == 3
    out = tmp_path / "out.txt"
    write_sentences([*sentences[:2], Sentence(("Vigo", "."))], out)
    assert out.read_text(encoding="utf-8") == "Ana vive.\n\nVigo.\n"


def test_pharaoh(tmp_path: Path) -> None:
    path = tmp_path / "x.talp"
    path.write_text("1-2 0-0 0-0\n\n0:1\n-1-2\n", encoding="utf-8")
    first, second, third, fourth = read_alignments(path)
    assert first == Alignment(((0, 0), (1, 2)))
    assert second == Alignment(())
    assert str(third) == f"{path}:3 (sentence 3): '0:1' is not a link; write 0-1: sed 's|:|-|g' FILE > NEW"
    assert isinstance(fourth, InputError)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    empty, binary, latin = tmp_path / "empty.txt", tmp_path / "binary.txt", tmp_path / "latin.txt"
    empty.write_bytes(b"")
    binary.write_bytes(b"ok\n\x00\x01\n")
    latin.write_bytes("ok\nCoruña\n".encode("latin-1"))
    for path, match in [
        (empty, "empty.txt: the file is empty"),
        (binary, r"binary.txt:2 \(sentence 2\): this is a binary file; give UTF-8 text"),
        (latin, r"latin.txt:2 \(sentence 2\): byte 5 is not UTF-8; convert it from its encoding: iconv -f cp1252"),
        (tmp_path / "no.txt", "No such file"),
        (tmp_path, "this is a folder"),
    ]:
        with pytest.raises(InputError, match=match):
            list(raise_errors(read_sentences(path, format="text")))
    with pytest.raises(InputError, match="No such file"):
        list(read_alignments(tmp_path / "no.talp"))


@pytest.mark.parametrize("name", ["a.jsonl", "a.conll"])
def test_a_sentence_that_cannot_be_decoded_has_its_number(tmp_path: Path, name: str) -> None:
    lines = [b'{"text": "Vigo"}', b"", b"Coru\xf1a"] if name == "a.jsonl" else [b"Vigo O", b"", b"Coru\xf1a O"]
    (tmp_path / name).write_bytes(b"\n".join(lines) + b"\n")
    _, bad = read_sentences(tmp_path / name)
    assert isinstance(bad, InputError)
    assert (bad.line, bad.sentence) == (3, 2)


def test_formats_are_guessed_from_the_suffix_or_given(tmp_path: Path) -> None:
    assert format_of("a.IOB2") == "conll"
    assert format_of("a.xyz", default="text") == "text"
    with pytest.raises(UsageError, match="cannot tell the format of 'a.xyz'"):
        format_of("a.xyz")
    with pytest.raises(UnknownNameError, match="unknown format 'xml'; did you mean 'xmi'\\? one of conll"):
        read_sentences("a.xml", format="xml")
    path = tmp_path / "a.talp"
    path.write_text("0-0\n", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be read from format 'pharaoh'"):
        read_sentences(path)
    with pytest.raises(
        UsageError, match="sentences cannot be written as 'pharaoh'; use one of conll, conllu, jsonl, text"
    ):
        write_sentences([Sentence(())], path)
    assert list(tmp_path.iterdir()) == [path]
    text = tmp_path / "a.txt"
    text.write_text("a\n", encoding="utf-8")
    with pytest.raises(InputError, match="plain text has no entities"):
        read_sentences(text, require_tags=True)


def test_output_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    def broken() -> object:
        yield Sentence(("a",))
        raise RuntimeError

    out = tmp_path / "out.conll"
    with pytest.raises(RuntimeError):
        write_sentences(broken(), out)  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["out.conll.part"]
    with pytest.raises(InputError, match="cannot be written"):
        write_sentences([], tmp_path / "no" / "out.conll")


def test_standard_streams(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Stdin:
        buffer = io.BytesIO(b"Vigo\n")

    monkeypatch.setattr(sys, "stdin", Stdin())
    (sentence,) = raise_errors(read_sentences("-"))
    write_sentences([sentence], "-", format="conll")
    assert capsys.readouterr().out == "# text = Vigo\nVigo\tO\n\n"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("x.txt", "a\n", "b\n"), ("x.conll", "a O\n\n", "\nb O\n"), ("x.jsonl", '{"text": "a"}\n', '{"text": "b"}\n')],
)
def test_a_line_that_cannot_be_decoded_costs_only_its_sentence(
    tmp_path: Path, name: str, before: str, after: str
) -> None:
    path = tmp_path / name
    path.write_bytes(before.encode() + b"Coru\xf1a O\n" + after.encode())
    report = ReadReport()
    first, bad, last = read_sentences(path, report=report)
    assert isinstance(bad, InputError)
    assert "byte 5 is not UTF-8" in str(bad)
    assert [s.tokens for s in raise_errors([first, last])] == [("a",), ("b",)]
    assert (report.sentences, report.bad) == (2, 1)


def test_links_that_cannot_be_decoded(tmp_path: Path) -> None:
    path = tmp_path / "x.talp"
    path.write_bytes(b"0-0\n\xff\n1-1\n")
    assert [isinstance(item, InputError) for item in read_alignments(path)] == [False, True, False]


def test_what_is_read_is_closed_when_its_error_is_raised() -> None:
    closed = []

    def items() -> Iterator[Sentence | InputError]:
        try:
            yield InputError("bad")
        finally:
            closed.append(True)

    gc.disable()  # no cycle of error and frame that only the collector would find
    try:
        with pytest.raises(InputError):
            next(raise_errors(items()))
        assert closed == [True]
    finally:
        gc.enable()
