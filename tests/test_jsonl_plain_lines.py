"""Lines of sentences that are put together from strings are those that `json` writes."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from tests.test_conll_round_trip import sentences
from xlner.core.sentence import Sentence
from xlner.core.sentence_block import SentenceBlock
from xlner.formats import jsonl, raise_errors, read_blocks, read_sentences, write_sentences
from xlner.formats.jsonl.plain_lines import plain_line
from xlner.formats.jsonl.writer import dumped, sentence_record

_ROWS = ("Ana\tB-PER\nvive\tO\n\n", "Ñu\tB-A\n中\tI-A\n\n", '"\tO\n\n', "a\\n\tO\n\n", '\x7f\tB-"\n\n', "\x01\tO\n\n")


@given(sentences(), st.sampled_from(("IOB2", "IOBES")))
def test_plain_lines(sentence: Sentence, scheme: str) -> None:
    bare = Sentence(sentence.tokens, sentence.entities)
    for each in (sentence, bare):
        line = plain_line(each, scheme)
        assert line is None or line == dumped(sentence_record(each, scheme)) + "\n"
    simple = bare.tokens and not any("\\" in t or "\n" in t for t in bare.tokens)
    if simple and all(e.score is None and '"' not in e.label and "\\" not in e.label for e in bare.entities):
        assert plain_line(bare, scheme) is not None


@given(st.lists(st.sampled_from(_ROWS), min_size=3, max_size=20))
def test_lines_of_blocks(tmp_path_factory: pytest.TempPathFactory, rows: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "rows.conll"
    path.write_text("Ana\tB-PER\n\n" + "".join(rows), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xlner.formats.conll.reader._LEAST_PLAIN", 0)
        patch.setattr("xlner.formats.conll.segments._FIRST", 12)
        items = list(raise_errors(read_blocks(path)))
    for scheme in ("IOB2", "IOBES"):
        for item in items:
            if isinstance(item, SentenceBlock):
                lines = io.StringIO()
                for sentence in item.sentences():
                    lines.write(dumped(sentence_record(sentence, scheme)) + "\n")
                assert jsonl.lines_of(item, scheme) == lines.getvalue()


def test_large_files_are_converted_as_blocks(xlner: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("".join(_ROWS[:4]) * 1000 + "Vigo\tO\tO\nen\tO\n\n" + "".join(_ROWS) * 1000, encoding="utf-8")
    assert any(isinstance(item, SentenceBlock) for item in read_blocks(path))
    ran = xlner("convert", path, tmp_path / "a.jsonl", "--on-error", "skip")
    sentences = (s if isinstance(s, Sentence) else Sentence((), meta={"error": str(s)}) for s in read_sentences(path))
    expected = io.StringIO()
    for sentence in sentences:
        jsonl.write_sentence(expected, sentence)
    assert (tmp_path / "a.jsonl").read_text(encoding="utf-8") == expected.getvalue()
    assert "10,001 sentences" in ran.err
    assert "1 could not be read" in ran.err
    assert write_sentences(raise_errors(read_blocks(tmp_path / "a.jsonl")), tmp_path / "b.txt") == 10001
