"""Plain blocks of files hold what the careful readers read, and every other block is left to them."""

from __future__ import annotations

import gzip
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner.core.lines import read_lines
from xlner.errors import InputError
from xlner.formats import ReadReport
from xlner.formats.bulk import BlockFile, TagRuns, plain_columns, plain_links
from xlner.formats.conll import ConllReader
from xlner.formats.conll.layout import Layout
from xlner.formats.link_files import LinksReader

TAGS = ("O", "O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC", "S-LOC", "E-PER", "_", "B", "B-A:0.5", "B-A|B-C", "PER-B")
WORDS = ("Ana", "vive", "#", "-DOCSTART-", "l\u00a0a", "é", "", "en:a", "a b", "\ufeffa", "\0", "\r")
ROWS = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(TAGS)), min_size=1, max_size=4)
PLAIN_ROWS = st.lists(st.tuples(st.sampled_from(WORDS[:2]), st.sampled_from(TAGS[:7])), min_size=1, max_size=4)


def block_of(sentences: list[list[tuple[str, str]]], separator: str) -> bytes:
    return "".join("".join(f"{w}{separator}{t}\n" for w, t in rows) + "\n" for rows in sentences).encode()


@given(st.lists(st.one_of(PLAIN_ROWS, PLAIN_ROWS, ROWS), min_size=1, max_size=5), st.sampled_from("\t "))
def test_plain_columns_are_what_the_reader_reads(sentences: list[list[tuple[str, str]]], separator: str) -> None:
    data = block_of(sentences, separator)
    tags, report, careful = TagRuns(), ReadReport(), ReadReport()
    found = plain_columns(data, 2, Layout(0, 1), tags)
    if found is None:
        return
    lines = list(enumerate(data.decode().split("\n")[:-1], start=1))
    reader = ConllReader("x.conll", report=careful)
    read = [item for item in reader.read(lines) if not isinstance(item, InputError)]
    assert len(read) == len(found) == careful.sentences
    for k, sentence in enumerate(read):
        assert list(sentence.tokens) == found.words(k)
        rows = range(found.entity_offsets[k], found.entity_offsets[k + 1])
        assert [(e.start, e.end, e.label) for e in sentence.entities] == [
            (found.entity_starts[r], found.entity_ends[r], tags.labels[found.entity_labels[r]]) for r in rows
        ]
    tags.note_schemes(report, found.runs)
    assert (report.iob1, careful.repaired_tags) == (careful.iob1, 0)


def test_valid_blocks_are_plain() -> None:
    found = plain_columns(
        block_of([[("Ana", "B-PER"), ("Pons", "I-PER")], [("é", "O")]], "\t"), 2, Layout(0, 1), TagRuns()
    )
    assert found is not None
    assert (found.lengths.tolist(), found.entity_offsets.tolist()) == ([2, 1], [0, 1, 1])
    four = plain_columns(b"Ana NNP x B-PER\nvive VB y O\n\n", 4, Layout(0, 3), TagRuns())
    assert four is not None
    assert (four.words(0), four.entity_ends.tolist()) == (["Ana", "vive"], [1])


@pytest.mark.parametrize(
    "data",
    [
        b"Ana\tO\n",
        b"\nAna\tO\n\n",
        b"Ana\tO\n\n\n",
        b"# id = 7\nAna\tO\n\n",
        b"Ana\tI-PER\n\n",
        b"Ana\tO\tO\n\n",
        b"Ana\n\n",
        b"\tO\n\n",
        b"Ana \tO\n\n",
        b"Ana\t\n\n",
        b"-DOCSTART-\tO\n\n",
        b"Ana\tO\n\n-DOCSTART-\tO\n\n",
        b"\xff\tO\n\n",
        b"\xef\xbb\xbfAna\tO\n\n",
        b"Ana\t_\n\n",
    ],
)
def test_other_blocks_are_not_plain(data: bytes) -> None:
    assert plain_columns(data, 2, Layout(0, 1), TagRuns()) is None


PARTS = st.sampled_from(
    ["0-0", "1-12", "3-3", "00-1", "12345-0", "1-", "-1", "0", "0-0:0.5", "1p2", "", " ", "1-1-1", "\t"]
)


@given(st.lists(st.lists(PARTS, max_size=4), max_size=5))
def test_plain_links_are_what_the_reader_reads(rows: list[list[str]]) -> None:
    texts = [" ".join(row) for row in rows]
    found = plain_links("".join(f"{text}\n" for text in texts).encode())
    if found is None:
        return
    links = list(LinksReader("x.talp").read(enumerate(texts, start=1)))
    assert len(links) == len(found)
    for k, item in enumerate(links):
        assert not isinstance(item, InputError)
        at = slice(found.offsets[k], found.offsets[k + 1])
        assert list(zip(found.source[at].tolist(), found.target[at].tolist(), strict=True)) == list(item.sure)


def test_lines_of_links_are_plain() -> None:
    found = plain_links(b"0-0 1-12\n\n1000-1\n")
    assert found is not None
    assert (found.source.tolist(), found.target.tolist(), found.offsets.tolist()) == (
        [0, 1, 1000],
        [0, 12, 1],
        [0, 2, 2, 3],
    )


@given(
    st.lists(st.sampled_from(["a", "", "é b", "\ufeffa", "\0", "a\r"]), max_size=12),
    st.lists(st.integers(0, 3)),
    st.data(),
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_is_read_in_any_mix_of_blocks_and_lines(
    tmp_path_factory: pytest.TempPathFactory, end: str, texts: list[str], steps: list[int], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("mix") / "a.txt"
    path.write_text(end.join(texts), encoding="utf-8", newline="")
    expected = [(number, str(line)) for number, line in read_lines(path)]
    lines, found = BlockFile(read_lines(path)), []
    for step in steps:
        block = lines.lines(step) if data.draw(st.booleans()) else None
        if block is None:
            found += [(number, str(line)) for number, line in islice(lines, step)]
        elif b"\0" not in block and b"\xef\xbb\xbf" not in block:
            found += enumerate(block.decode().split("\n")[:-1], start=len(found) + 1)
            lines.skip()
    found += [(number, str(line)) for number, line in lines]
    assert found == expected


def test_sentences_end_with_a_blank_line(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_bytes(b"Ana\tO\r\n\r\nVigo\tO\r\n\r\nOla\tO\r\n\r\n\r\n")
    lines = BlockFile(read_lines(path))
    assert lines.sentences(2) == b"Ana\tO\n\nVigo\tO\n\n"
    lines.skip()
    assert lines.sentences(2) == b"Ola\tO\n\n"
    assert next(lines) == (5, "Ola\tO")
    lines = BlockFile(read_lines(path))
    assert lines.sentences(9) == b"Ana\tO\n\nVigo\tO\n\nOla\tO\n\n"
    lines.skip()
    assert (lines.sentences(1), next(lines, None)) == (b"", None)


def test_compressed_files_have_blocks_and_wide_ones_have_none(tmp_path: Path) -> None:
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"a\nb\n"))
    assert BlockFile(read_lines(tmp_path / "a.txt.gz")).lines(9) == b"a\nb\n"
    (tmp_path / "b.txt").write_text("a\nb\n", encoding="utf-16")
    wide = BlockFile(read_lines(tmp_path / "b.txt"))
    assert wide.lines(9) is None
    assert list(wide) == [(1, "a"), (2, "b")]
