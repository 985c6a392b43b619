"""Plain rows are read as arrays, with the same result as row by row."""

from __future__ import annotations

import random
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from xlner.core.lines import LineBlock, Lines, read_lines
from xlner.core.sentence import Sentence
from xlner.core.sentence_block import SentenceBlock
from xlner.errors import InputError
from xlner.formats import ReadReport
from xlner.formats.columns import Columns
from xlner.formats.conll import ConllReader
from xlner.formats.reading import ReadOptions

_WORDS = ("Ana", "vive", "en", "Vigo", ",", "ñandú", "中", "#tag", "-", "\u00a0", "e\u0301", "O", "B-PER", "id=7")
_TAGS = ("O", "O", "O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-WORK_OF_ART", "I-WORK_OF_ART", "B-Ñ")
_ODD_TAGS = ("S-PER", "E-PER", "o", "B", "PER", "_", "B-PER:0.9", "B-A|B-C", "", "(PER*)", "I-", "b-PER", "B-X:Y")
_ODD_LINES = ("# id = 7", "#", "-DOCSTART-\tO", "", " ", "\t", "Ana", "Ana\tO\tO", "\tO", "en:Ana\tO", "\ufeffAna\tO")


def random_conll(rng: random.Random) -> bytes:
    """A file of rows that is mostly plain, and for one in two files not all of it."""
    odd = rng.choice((0.0, 0.0, 0.01, 0.1))
    separator = rng.choice(("\t", "\t", " ", "  "))
    width = rng.choice((2, 2, 2, 3, 4))
    lines: list[str] = []
    for _ in range(rng.randint(1, 25)):
        if rng.random() < odd:
            separator, width = rng.choice(("\t", " ")), rng.choice((2, 3))
        for _ in range(rng.randint(1, 5)):
            tag = rng.choice(_ODD_TAGS if rng.random() < odd else _TAGS)
            lines.append(separator.join([rng.choice(_WORDS), *["NN"] * (width - 2), tag]))
            if rng.random() < odd:
                lines.append(rng.choice(_ODD_LINES))
        lines.append("")
    text = "\n".join(lines) + "\n" * rng.randint(0, 3)
    if rng.random() < 0.1:
        text = text.replace("\n", "\r\n")
    data = text.encode()
    return data.replace("ñ".encode(), b"\xf1", 1) if rng.random() < odd else data


def outcome(path: Path, options: ReadOptions, how: str) -> dict[str, Any]:
    """All that reading a file gives and says."""
    report = ReadReport()
    reader = ConllReader("a.conll", options, report)
    items: list[str] = []
    places: list[object] = []
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        lines = read_lines(path)
        found = reader.read(iter(list(lines))) if how == "rows" else reader.read_blocks(lines)
        try:
            for item in found if how != "arrays" else reader.read(lines):
                if isinstance(item, SentenceBlock):
                    items += map(repr, item.sentences())
                    continue
                items.append(repr(item) if isinstance(item, Sentence) else str(item))
                places.append((report.sentences, report.bad, report.repaired_tags, report.iob1, report.line))
        except InputError as error:
            items.append(f"raised: {error}")
    end = (report.sentences, report.bad, report.repaired_tags, report.iob1, report.line)
    return {"items": items, "end": end, "said": [str(w.message) for w in said], "places": places}


def check(path: Path, options: ReadOptions) -> None:
    rows = outcome(path, options, "rows")
    assert outcome(path, options, "arrays") == rows
    blocks = outcome(path, options, "blocks")
    del rows["places"], blocks["places"]
    assert blocks == rows


@pytest.mark.parametrize("seed", range(4))
def test_random_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    rng = random.Random(seed)
    monkeypatch.setattr("xlner.formats.conll.reader._LEAST_PLAIN", 0)
    path = tmp_path / "a.conll"
    for _ in range(100):
        path.write_bytes(random_conll(rng))
        monkeypatch.setattr("xlner.formats.conll.segments._FIRST", rng.choice((10, 100)))
        monkeypatch.setattr("xlner.core.lines._BLOCK", rng.choice((40, 200, 1 << 20)))
        options = ReadOptions(
            scheme=rng.choice(("auto", "auto", "IOB2", "IOB1", "IOBES")),
            repair=rng.choice(("conlleval", "conlleval", "discard", "none")),
            require_tags=rng.random() < 0.5,
            language=rng.choice((None, "es")),
            columns=rng.choice((None, None, Columns(1, 2))),
        )
        check(path, options)


def test_a_large_file_is_read_as_arrays(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("Ana\tB-PER\nvive\tO\nen\tO\nVigo\tB-LOC\n\n" * 4000, encoding="utf-8")
    items = list(ConllReader("a.conll").read_blocks(read_lines(path)))
    blocks = [item for item in items if isinstance(item, SentenceBlock)]
    assert sum(map(len, blocks)) > 2000
    assert sum(map(len, blocks)) + len(items) - len(blocks) == 4000
    check(path, ReadOptions())


@pytest.mark.parametrize("other", ["Ana\tx\tB-PER\n\n" * 60, "# id = 7\nAna B-PER\n\n"])
def test_comments_are_told_from_tokens_by_the_plain_rows_before(other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xlner.formats.conll.reader._LEAST_PLAIN", 0)
    blocks = [data.encode() for data in ("Ana\tB-PER\n\n", other, "Ana\tB-PER\n\n", "#Ana\tB-PER\n\n")]
    lines = Lines(LineBlock(data, 1, "a.conll") for data in blocks)
    *_, before, last = ConllReader("a.conll").read_blocks(lines)
    assert isinstance(before, SentenceBlock)
    assert isinstance(last, Sentence)
    assert last.tokens == ("#Ana",)


def test_comments_are_told_from_tokens_by_the_rows_that_were_taken_out() -> None:
    rows = ("Ana\tB-PER", "", "# id = 7", "Ana B-PER", "", "#Ana\tB-PER", "")
    reader = ConllReader("a.conll")
    found = reader.read(enumerate(rows, start=1))
    assert [type(next(found)) for _ in range(2)] == [Sentence, Sentence]
    plain = reader.plain(b"Ana\tB-PER\n\n", 6)
    assert plain is not None
    reader.passed(plain)
    (last,) = found
    assert isinstance(last, Sentence)
    assert last.tokens == ("#Ana",)


def test_cut_blocks_have_the_same_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xlner.formats.conll.reader._LEAST_PLAIN", 0)
    monkeypatch.setattr("xlner.formats.conll.segments._FIRST", 12)
    path = tmp_path / "a.conll"
    path.write_text("Ana\tB-A\n\nVigo\tB-LOC\n\nen\tO\nNew\tB-LOC\nYork\tI-LOC\n\nAna\tB-PER\n\n", encoding="utf-8")
    (block,) = (i for i in ConllReader("a").read_blocks(read_lines(path)) if isinstance(i, SentenceBlock))
    whole = list(block.sentences())
    assert len(whole) == 3
    for count in range(4):
        first, second = block.cut(count)
        assert [*first.sentences(), *second.sentences()] == whole
        assert [*first.lines, *second.lines] == list(block.lines) == [3, 5, 9]
    renamed = block.with_names([None if name == "PER" else "GPE" for name in block.names])
    assert list(renamed.sentences()) == [
        replace(s, entities=tuple(replace(e, label="GPE") for e in s.entities if e.label == "LOC")) for s in whole
    ]
