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
from xlner.formats.bulk import BlockFile, as_two_columns, plain_links
from xlner.formats.conll import ConllReader
from xlner.formats.conll.plain import PlainReader
from xlner.formats.link_files import LinksReader

TAGS = (
    "O",
    "O",
    "O",
    "B-PER",
    "I-PER",
    "B-LOC",
    "I-LOC",
    "S-LOC",
    "E-PER",
    "M-PER",
    "L-LOC",
    "_",
    "B",
    "B-A:0.5",
    "B-A|B-C",
    "PER-B",
)
WORDS = ("Ana", "vive", "#", "-DOCSTART-", "l\u00a0a", "é", "", "en:a", "a b", "\ufeffa", "\0", "\r")
ROWS = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(TAGS)), min_size=1, max_size=4)
PLAIN_ROWS = st.lists(st.tuples(st.sampled_from(WORDS[:2]), st.sampled_from(TAGS[:7])), min_size=1, max_size=4)


def block_of(sentences: list[list[tuple[str, str]]], separator: str) -> bytes:
    return "".join("".join(f"{w}{separator}{t}\n" for w, t in rows) + "\n" for rows in sentences).encode()


@given(st.lists(st.one_of(PLAIN_ROWS, PLAIN_ROWS, ROWS), min_size=1, max_size=5), st.sampled_from("\t "))
def test_plain_rows_are_what_the_reader_reads(sentences: list[list[tuple[str, str]]], separator: str) -> None:
    data = block_of(sentences, separator)
    careful = ReadReport()
    found = PlainReader(2, 0, 1, ends=True).read(data)
    if found is None:
        return
    lines = list(enumerate(data.decode().split("\n")[:-1], start=1))
    reader = ConllReader("x.conll", report=careful)
    read = [item for item in reader.read(lines) if not isinstance(item, InputError)]
    assert list(found.block().sentences()) == read
    assert [list(sentence.tokens) for sentence in read] == [found.words(k) for k in range(len(found))]
    assert found.repaired.sum() == careful.repaired_tags
    tags = [tag for rows in sentences for _, tag in rows]
    assert [tags[row] for row in found.tagged] == [tag for tag in tags if tag != "O"]
    assert (found.are_iob1, found.parted) == (careful.iob1 is not False, bool(careful.iob1)) or not found.are_iob1


def test_valid_blocks_are_plain() -> None:
    found = PlainReader(2, 0, 1).read(block_of([[("Ana", "B-PER"), ("Pons", "I-PER")], [("é", "O")]], "\t"), 7)
    assert found is not None
    assert (found.lengths.tolist(), found.ends.tolist(), found.lines.tolist()) == ([2, 1], [2], [7, 10])
    four = PlainReader(4, 0, 3).read(b"Ana NNP x B-PER\nvive VB y O\n\n")
    assert four is not None
    assert (four.words(0), four.ends.tolist()) == (["Ana", "vive"], [1])
    rewritten = as_two_columns(four)
    assert rewritten is not None
    assert (rewritten.data, rewritten.tagged.tolist()) == (b"Ana\tO\nvive\tO\n\n", [])
    words = PlainReader(1, 0, None).read(b"Ana\nvive\n\n")
    assert words is not None
    assert (words.words(0), words.names, len(words.tagged)) == (["Ana", "vive"], (), 0)


@pytest.mark.parametrize(("tag", "is_plain"), [("E-PER", False), ("S-PER", False), ("B-PER", True), ("I-PER", True)])
def test_marks_of_ends_are_read_where_the_scheme_has_them(tag: str, *, is_plain: bool) -> None:
    data = f"Ana\t{tag}\n\n".encode()
    assert (PlainReader(2, 0, 1).read(data) is not None) == is_plain
    assert PlainReader(2, 0, 1, ends=True).read(data) is not None


@pytest.mark.parametrize("data", [b"a b x\nc d e f y\n\n", b"a\tO\tx\tO\nb\tO\n\n", b"a\tO\nb\tO\tx\tO\n\n"])
def test_rows_of_other_widths_are_not_plain(data: bytes) -> None:
    assert all(PlainReader(3, token, tag).read(data) is None for token in range(3) for tag in range(3))


@pytest.mark.parametrize(
    "data",
    [
        b"Ana\tO\n",
        b"\nAna\tO\n\n",
        b"Ana\tO\n\n\n",
        b"# id = 7\nAna\tO\n\n",
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
    assert PlainReader(2, 0, 1).read(data) is None


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
