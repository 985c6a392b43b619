"""What users run into: each ends in one line with the fix, or in an error on the sentence, and nothing is lost."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.conftest import Command


def failed(xlner: Command, *arguments: str | Path) -> str:
    """Run a command that must fail; returns its one line."""
    ran = xlner(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1
    assert ran.err.startswith("xlner: ")
    return ran.err


@pytest.fixture
def put(tmp_path: Path):  # type: ignore[no-untyped-def]
    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_binary_file(xlner: Command, fakes: list[str], put) -> None:  # type: ignore[no-untyped-def]
    path = put("photo.txt", b"\x89PNG\r\n\x1a\n\x00\x00")
    assert "photo.txt:1 (sentence 1): byte 1 is not UTF-8" in failed(xlner, "label", path, "--lang", "es", *fakes)
    zeros = put("zeros.txt", b"ok\n\0\0\n")
    assert "zeros.txt:2 (sentence 2): this is a binary file; give UTF-8 text" in failed(
        xlner, "label", zeros, "--lang", "es", *fakes
    )


def test_empty_file(xlner: Command, fakes: list[str], put) -> None:  # type: ignore[no-untyped-def]
    line = failed(xlner, "label", put("empty.txt", ""), "--lang", "es", *fakes)
    assert "empty.txt: the file is empty; give at least one sentence" in line


def test_missing_file(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    line = failed(xlner, "label", tmp_path / "none.txt", "--lang", "es", *fakes)
    assert "none.txt: cannot be read: No such file or directory" in line


def test_missing_tag_column(xlner: Command, put) -> None:  # type: ignore[no-untyped-def]
    source, target = put("en.conll", "Ana\nlives\n"), put("es.txt", "Ana vive\n")
    line = failed(xlner, "project", source, target, "--aligner", "oracle")
    assert "en.conll:1 (sentence 1): no tag column, only 'Ana'; write two columns, the token and its tag" in line


def test_unknown_names(xlner: Command, fakes: list[str], put) -> None:  # type: ignore[no-untyped-def]
    text = put("in.txt", "Vigo\n")
    line = failed(xlner, "label", text, "--lang", "es", *fakes, "--translator", "deepl")
    assert "unknown translator 'deepl'; known: apertium, chat, dictionary, " in line
    line = failed(xlner, "label", text, "--lang", "es", *fakes, "--projector", "greedy?size=1")
    assert "projector 'greedy' has no option 'size'; options: candidates, max_length, threshold" in line
    line = failed(xlner, "label", text, "--lang", "klingonish", *fakes)
    assert "'klingonish' is not a language code; use ISO 639" in line
    assert "cannot tell the format" in failed(xlner, "convert", put("a.xyz", "a"), "b.conll")


def test_missing_apertium_pair(xlner: Command, fakes: list[str], put, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "modes").mkdir()
    spec = f"apertium?modes_dir={tmp_path / 'modes'}"
    line = failed(xlner, "label", put("in.txt", "Vigo\n"), "--lang", "es", *fakes, "--translator", spec)
    assert "apt-get install apertium apertium-eng-spa" in line
    line = failed(xlner, "label", put("in.txt", "Vigo\n"), "--lang", "yo", *fakes, "--translator", spec)
    for choice in ("another translator", "via=", "xlner project"):
        assert choice in line


def test_a_sentence_of_two_thousand_words(xlner: Command, fakes: list[str], put) -> None:  # type: ignore[no-untyped-def]
    text = put("long.txt", "Vigo\n" + "palabra Vigo " * 1000 + "\nVigo\n")
    records = [json.loads(line) for line in xlner("label", text, "--lang", "es", *fakes).out.splitlines()]
    assert [len(r["entities"]) for r in records] == [1, 1000, 1]


def test_tokens_of_only_combining_marks(xlner: Command, fakes: list[str], put) -> None:  # type: ignore[no-untyped-def]
    text = put("marks.txt", "\u0301\u0301 Vigo\n\u200b\n\u0301\n")
    ran = xlner("label", text, "--lang", "es", *fakes)
    records = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0
    assert [len(r["tokens"]) for r in records] == [2, 0, 1]
    assert records[0]["ner_tags"] == ["O", "B-LOC"]


def test_output_that_cannot_be_written(xlner: Command, fakes: list[str], put, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "none" / "out.conll"
    assert "cannot be written" in failed(xlner, "label", put("in.txt", "Vigo\n"), "--lang", "es", "-o", out, *fakes)


def test_malformed_lines_can_be_skipped(xlner: Command, fakes: list[str], put) -> None:  # type: ignore[no-untyped-def]
    path = put("in.jsonl", '{"text": "Vigo"}\n{"text": 3}\n{"text": "Vigo"}\n')
    line = failed(xlner, "label", path, "--lang", "es", *fakes)
    assert 'in.jsonl:2 (sentence 2): "text" is 3, not a string' in line
    assert "--on-error skip" in line
    ran = xlner("label", path, "--lang", "es", "--on-error", "skip", *fakes)
    assert ran.code == 1
    assert ["error" in json.loads(record) for record in ran.out.splitlines()] == [False, True, False]
    assert "1 of 3 sentences failed; " in ran.err


def test_standard_input_is_read_only_once(xlner: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (("evaluate",), ("align", "--aligner", "surface"), ("project", "--aligner", "surface")):
        stdin = io.TextIOWrapper(io.BytesIO(b"Vigo\tB-LOC\nes\tO\n\nAna\tB-PER\nes\tO\n"))
        monkeypatch.setattr("sys.stdin", stdin)
        ran = xlner(*command, "-", "-")
        assert (ran.code, "standard input can be read only once; save it first" in ran.err) == (2, True), ran.err


def test_a_folder_of_the_name_of_standard_input_is_not_read(
    xlner: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.conll").write_text("Ana\tB-PER\n")
    assert "is not written to standard output" in xlner("export", "-", "--train", "a.conll").err
    assert list(tmp_path.iterdir()) == [tmp_path / "a.conll"]


def test_what_is_empty_is_said(xlner: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Vigo es\n")))
    empty, blank, gold = tmp_path / "empty.tsv", tmp_path / "blank.conll", tmp_path / "a.conll"
    empty.write_text("")
    blank.write_text("\n\n")
    gold.write_text("Ana\tB-PER\n")
    for arguments, message in [
        (("evaluate", blank, blank), "blank.conll: there are no sentences to compare"),
        (
            ("recognize", gold, "--lang", "es", "--recognizer", f"gazetteer:{empty}"),
            "empty.tsv: has no entities; write an",
        ),
        (("project", gold, gold, "--alignment", empty), "empty.tsv: the file is empty; give a line of links"),
        (("convert", "", "-", "--output-format", "conll"), "the input has no name; name a file, or -"),
        (("evaluate", "-", gold), "standard input: plain text has no entities"),
    ]:
        ran = xlner(*arguments)
        assert (ran.code, message in ran.err) == (2, True), ran.err


def test_an_error_of_a_file_says_its_sentence_once(xlner: Command, tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_bytes(b"Ana\tO\n\nMal\xe9\tO\n")
    fakes = ("--lang", "es", "--recognizer", "gazetteer:n.tsv", "--on-error", "skip", "-o", str(tmp_path / "o.jsonl"))
    (tmp_path / "n.tsv").write_text("Ana\tPER\n")
    ran = xlner("recognize", tmp_path / "a.conll", *(f.replace("n.tsv", f"{tmp_path}/n.tsv") for f in fakes))
    assert (ran.code, ran.err.count("sentence 2")) == (1, 1)
