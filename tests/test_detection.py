"""Inputs are read as what they are, or refused with the option that reads them."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from xlner import InputError, raise_errors, read_sentences
from xlner.core.lines import head_lines, read_lines
from xlner.errors import DataWarning
from xlner.formats import detect_format
from xlner.formats.detection import detect

TWO = "Ìgbà O\nnípa O\nilẹ̀ O\nNaijíríà B-LOC\n. O\n\nAbuja B-LOC\n. O\n\n"
"""Two sentences as MasakhaNER has them, in files that end in .txt."""


def looks(text: str) -> str | None:
    look = detect(text.split("\n"))
    return None if look is None else look.format or look.what


@pytest.mark.parametrize(
    "text",
    [
        TWO,
        "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n",
        "-DOCSTART-\tO\n\nword\tO\n",
        "a O\nb O\nc O\n\nd O\ne O\n",
        "a\tO\nb\tO\nc\tO\nd\tO\ne\tO\n",
        "Ana B-PER\r\nvive O\r\n",
        "1\tAna\tB-PER\t-\t-\n2\tvive\tO\t-\t-\n",
        "1\tAna\tAna\tPROPN\t_\t_\t2\tnsubj\t_\t_\n2\tvive\tvivir\tVERB\t_\t_\t0\troot\t_\tNE=O\n",
        "# id = 1\n# text = Ana vive\nAna\tB-PER\nvive\tO\n",
        "Token\tTag\nAna\tB-PER\nvive\tO\n",
        "B-PER\tAna\nO\tvive\n",
        "Tom PER\nCruise PER\nspielt O\nVigo LOC\n. O\n",
        "Tom B-per\nCruise I-per\nspielt o\n",
        "Tom PER-B\nCruise PER-I\nspielt O\n",
        "Tom B_PER\nCruise I_PER\nspielt O\n",
        "a O\nb B\nc I\nd O\n",
        "中 B-NAME\n文 M-NAME\n章 E-NAME\n， O\n",
        "Ana B-Person\nvive O\n" * 3,
        "Vigo B-LOC\nLugo B-LOC\n",
        "one two O\n" + "word O\n" * 20,
    ],
)
def test_files_of_tags(text: str) -> None:
    assert looks(text) == "conll"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "Ana vive en Vigo.\n",
        "El grupo sanguíneo de Ana es O\nEl de Pedro es O\nY el de Luis también es O\nEl de Eva es O\nOtro más: O\nO\n",
        "Tipo O\n",
        "Tipo O\nGrupo O\n",
        "Hotel RITZ\nHotel HILTON\nBar LUNA\n",
        "Tipo O\nTipo A\nTipo O\nTipo AB\nTipo O\nTipo O\nTipo O\n",
        "Ihre E-Mail\nBerliner S-Bahn\nHamburger U-Bahn\n",
        "bombardero B-52\nvitamina B-12\n",
        "Vigo\nLugo\n\nCoruña\n",
        "Ana OK\nEva NO\nLuis SI\nMarta OK\n",
        "# Un título\n\nAna vive en Vigo.\n",
        "#Vigo es bonita\n#Lugo también\n",
        "[Applause] Thank you.\n[Laughter]\n",
        "{not json} a text\n",
        "[1] Pons, Ana. Title.\n[2] Other.\n",
        "[1]\n[2]\n",
        "Vigo, Lugo, Coruña\nAna, Eva, Marta\n",
        "text, words\n",
        "en español\ten galego\notra frase\toutra frase\n",
        "2-1\n3-0\n1-1\n",
        "and/or he/she\n",
        "a < b > c\n<b>bold</b>\n",
        "O\nO\nO\nO\nO\n",
        "hello O world\nbye O moon\nso O far\nfar O so\nwell O well\n",
        "[the guide](guide.md), [LICENSE](LICENSE), [contact](people) and [Vigo](https://e.org/ORG)\n",
        "See [README](README) [1](#PER) and [x](docs).\n",
        "<B>bold</B> <SPAN>x</SPAN> <STRONG>y</STRONG> <p>Ana</p>\n",
        "Ana <E-Mail> <ana@e.org> <E-mail>\n",
        "[person speaking] [People: yes] el partido (ORG), la LOC (Vigo) [ORG]\n",
        "a/b PER/LOC and labels such as PER/LOC/ORG [x/y]\n",
        "[ORG] and PER/LOC/ORG, snake_case O_O a_B\n",
        "a text\tO tempo\n",
        "A sentence here\nO O O\n",
    ],
)
def test_text_is_text(text: str) -> None:
    assert looks(text) is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"text": "Ana"}\n{"text": "Eva"}\n', "jsonl"),
        ('[{"text": "Ana"}, {"text": "Eva"}]\n', "jsonl"),
        ('[\n {"text": "Ana"}\n]\n', "jsonl"),
        ('{\n "text": "Ana"\n}\n', "jsonl"),
        ('["Ana", {"entities": []}]\n', "jsonl"),
        ('[{"text": "' + "Ana " * 5, "jsonl"),
        ("text,label\nAna vive en Vigo,news\n", "csv"),
        ('"Sentence #";"Word";"POS";"Tag"\nSentence: 1;Ana;NN;B-per\n;vive;VB;O\n', "csv"),
        ("Ana,B-PER\nvive,O\n", "csv"),
        ("text\tlabel\nAna vive en Vigo\tnews\n", "tsv"),
        ("Ana|B-PER\nvive|O\n", "csv"),
        ('<?xml version="1.0"?>\n<a/>\n', "XML or HTML"),
        ("<!DOCTYPE html>\n<p>Ana\n", "XML or HTML"),
        ('<ENAMEX TYPE="PERSON">Ana</ENAMEX> vive en Vigo.\n', "text with entities between marks"),
        ("<START:person> Ana <END> vive en Vigo .\n", "text with entities between marks"),
        ("Ana/PERSON vive/O en/O Vigo/LOCATION ./O\n", "words with a tag after a slash"),
        ("#FORMAT=WebAnno TSV 3.2\n#T_SP=x|value\n\n#Text=Ana\n1-1\t0-3\tAna\tPER\n", "webanno"),
        ("#FORMAT=WebAnno TSV 2.0\n", "WebAnno TSV of an old version"),
        ("<PER>Ana Pons</PER> vive en <LOC>Vigo</LOC>.\n", "text with entities between marks"),
        ('Ana <PER id="1">Pons</PER>\n', "text with entities between marks"),
        ("Ana vive en <PRODUCT>Vigo</PRODUCT>.\n", "text with entities between marks"),
        ("<persName>Ana</persName> vive.\n", "text with entities between marks"),
        ("[Ana Pons](PER) vive en [Vigo](LOC).\n", "text with entities between marks"),
        ('- vive en [Vigo]{"entity": "city"}\n', "text with entities between marks"),
        ("Ana <B-PER> Pons <E-PER> vive\n", "text with entities between marks"),
        ("{Ana Pons|PER} vive\n", "text with entities between marks"),
        ('<e type="PER">Ana</e> vive\n', "text with entities between marks"),
        ("[B-PER] Ana [E-PER] vive\n", "text with entities between marks"),
        ("{{PER:Ana}} vive en LOC[Vigo]\n", "text with entities between marks"),
        ("Ana/PER vive en Vigo/LOC\n", "text with entities between marks"),
        ("Ana(PER) vive en Vigo(LOC).\n", "text with entities between marks"),
        ("[PER Ana Pons] vive en [LOC Vigo]\n", "text with entities between marks"),
        ('Sentence[3]: "Ana Pons vive" → ["Ana Pons"/PER]\n', "text with entities between marks"),
        ("Ana_B-PER Pons_I-PER vive en Vigo_B-LOC\n", "text with entities between marks"),
        ("Ana_B-PER vive_O\n", "words with a tag after a mark"),
        ("Ana|B-PER vive|O\n", "words with a tag after a mark"),
        ("Ana vive\tB-PER O\n", "a text and its tags in two columns"),
        ("Ana vive\nB-PER O\n\nEn Vigo .\nO B-LOC O\n", "lines of words and lines of tags"),
        ("T1\tPER 0 3\tAna\nT2\tLOC 12 16\tVigo\nR1\tin Arg1:T1 Arg2:T2\n", "brat"),
        ("0-0 1-1 2-3\n0-1 1-0\n", "word links"),
    ],
)
def test_other_things(text: str, what: str) -> None:
    assert looks(text) == what


@given(
    st.lists(st.lists(st.text("abcdeO.,", min_size=1, max_size=6), min_size=3, max_size=12), min_size=1, max_size=20)
)
def test_sentences_of_several_words_are_never_taken_for_tags(lines: list[list[str]]) -> None:
    text = "\n".join(" ".join(words) + " O x." for words in lines)
    assert looks(text) is None


def test_conll_named_txt_is_read_with_a_note_and_the_option_wins(
    xlner: Command, fakes: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "train.txt"
    path.write_text(TWO, encoding="utf-8")
    with pytest.warns(
        DataWarning, match="looks like CoNLL, and is read as conll; --input-format text reads it as text"
    ):
        found = list(raise_errors(read_sentences(path, require_tags=True)))
    assert [s.tags() for s in found] == [["O", "O", "O", "B-LOC", "O"], ["B-LOC", "O"]]
    assert len(list(read_sentences(path, format="text"))) == 9
    ran = xlner("label", path, "--lang", "yo", *fakes)
    assert ran.code == 0
    assert f"xlner: note: {path} looks like CoNLL" in ran.err
    assert "xlner: 2 sentences" in ran.err
    ran = xlner("label", path, "--lang", "yo", "--input-format", "text", *fakes)
    assert "note:" not in ran.err
    assert "xlner: 9 sentences" in ran.err
    out = tmp_path / "out.conll"
    assert "xlner: 2 sentences\n" in xlner("convert", path, out).err
    ran = xlner("project", path, path, "--lang", "yo", "--aligner", "oracle", "-o", tmp_path / "p.conll")
    assert "xlner: 2 sentences" in ran.err
    assert xlner("evaluate", path, path).code == 0


class Stdin:
    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


@pytest.mark.parametrize("wrap", [lambda data: data, gzip.compress])
def test_standard_input(xlner: Command, fakes: list[str], monkeypatch: pytest.MonkeyPatch, wrap: type[bytes]) -> None:
    monkeypatch.setattr(sys, "stdin", Stdin(wrap((TWO * 50).encode())))
    ran = xlner("label", "-", "--lang", "yo", *fakes)
    assert "xlner: 100 sentences" in ran.err
    monkeypatch.setattr(sys, "stdin", Stdin(wrap(b"Vigo\nLugo\n" * 20_000)))
    assert detect_format("-", default="text") == "text"
    assert sum(1 for _ in read_sentences("-")) == 40_000
    monkeypatch.setattr(sys, "stdin", Stdin(b"other\n"))
    assert [line for _, line in read_lines("-")] == ["other"]


@pytest.mark.parametrize("name", ["NE", "iob", "BIO", "NER_Tag", "named-entity", "label"])
def test_a_row_of_names_before_the_tags(name: str) -> None:
    look = detect([f"Word {name}", "Ana B-PER", "vive O", "en O", "Vigo B-LOC"])
    assert look is not None
    assert look.format == "conll"
    assert detect(["Word order", "Ana B-PER", "vive O", "en O", "Vigo B-LOC"]) is None


@pytest.mark.parametrize(("data", "format"), [(b"Ana vive\n", "text"), (b"Ana O\nvive O\nVigo B-LOC\n", "conll")])
def test_targets_from_standard_input(
    xlner: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, format: str
) -> None:
    source = tmp_path / "en.conll"
    source.write_text("Ana B-PER\nlives O\n", encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", Stdin(data))
    ran = xlner("project", source, "-", "--lang", "es", "--aligner", "oracle")
    assert ran.code == 0, ran.err
    assert ran.out.startswith('{"lang": "es"' if format == "text" else "Ana\tB-PER\n")
    assert ("standard input looks like CoNLL" in ran.err) == (format == "conll")


def test_a_pipe_is_looked_at_and_read(tmp_path: Path) -> None:
    path = tmp_path / "pipe.txt"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes((TWO * 3000).encode()))
    writer.start()
    with pytest.warns(DataWarning, match="looks like CoNLL"):
        assert sum(1 for _ in read_sentences(path)) == 6000
    writer.join()


@pytest.mark.parametrize("name", ["a.xlsx", "a.xml.gz", "b.docx", "c.pdf", "d.html"])
def test_names_of_files_that_are_no_text(xlner: Command, fakes: list[str], tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"x\n") if name.endswith(".gz") else b"x\n")
    ran = xlner("label", path, "--lang", "es", *fakes)
    assert ran.code == 2
    assert ran.err.endswith("or --input-format text reads it as text\n")
    assert xlner("label", path, "--lang", "es", "--input-format", "text", *fakes).code == 0


def test_a_file_without_a_known_suffix_is_read_as_what_it_looks_like(tmp_path: Path) -> None:
    path = tmp_path / "testb"
    path.write_text(TWO, encoding="utf-8")
    with pytest.warns(DataWarning, match="is read as conll"):
        assert sum(1 for _ in read_sentences(path)) == 2
    path.write_text("Ana,B-PER\nvive,O\n", encoding="utf-8")
    with pytest.warns(DataWarning, match="testb looks like CSV, and is read as csv; --input-format text reads it as"):
        assert [s.tags() for s in raise_errors(read_sentences(path))] == [["B-PER", "O"]]


def test_json_and_csv_named_conll(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text('{"text":"Ana"}\n', encoding="utf-8")
    with pytest.warns(
        DataWarning, match="looks like JSON, and is read as jsonl; --input-format conll reads it as conll"
    ):
        assert [s.tokens for s in raise_errors(read_sentences(path))] == [("Ana",)]
    assert [s.tokens for s in raise_errors(read_sentences(path, format="conll"))] == [('{"text":"Ana"}',)]
    path.write_text("Ana,B-PER\nvive,O\n", encoding="utf-8")
    with pytest.warns(DataWarning, match="looks like CSV, and is read as csv; --input-format conll reads it as conll"):
        assert [s.tags() for s in raise_errors(read_sentences(path))] == [["B-PER", "O"]]


def test_files_put_together_with_their_byte_order_marks(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_bytes(b"".join("\ufeffAna\tB-PER\n\n".encode() for _ in range(2)))
    assert [s.tokens for s in raise_errors(read_sentences(path))] == [("Ana",)] * 2


def test_a_closed_standard_input(xlner: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    ran = xlner("convert", "-", "-")
    assert (ran.code, ran.err) == (2, "xlner: standard input is closed; give a file\n")


# Encodings and line ends

LINES = ["Coruña é «bonita»", "", "Он живёт в Виго — “sí” 🦉", "中文"]
ENCODINGS = ["utf-8", "utf-8-sig", *(f"utf-{n}{e}" for n in (16, 32) for e in ("", "-le", "-be"))]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, end: str) -> None:
    for last in (end, ""):
        (tmp_path / "a.txt").write_bytes((end.join(LINES) + last).encode(encoding))
        assert list(read_lines(tmp_path / "a.txt")) == list(enumerate(LINES, start=1))
        assert [line for line in head_lines(tmp_path / "a.txt") if line] == [line for line in LINES if line]


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), min_size=1), min_size=1),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_every_line_comes_out(tmp_path_factory: pytest.TempPathFactory, lines: list[str], encoding: str) -> None:
    path = tmp_path_factory.mktemp("lines") / "a.txt"
    path.write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))
    found = [line for _, line in read_lines(path)]
    first, *rest = lines
    rest = [line.removeprefix("\ufeff") for line in rest] if encoding.startswith("utf-8") else rest
    assert found == [first.removeprefix("\ufeff") if encoding == "utf-8" else first, *rest]


def test_utf_16_conll_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_bytes("Vigo\tB-LOC\n\né\tO\n".encode("utf-16"))
    assert [s.tokens for s in raise_errors(read_sentences(tmp_path / "a.conll"))] == [("Vigo",), ("é",)]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("lines", [["東京タワーに\u3000行きました。"], ["東京", "大阪\u3000市"], ["Ωα", "東京"]])
def test_utf_16_without_a_mark_and_without_ascii_letters(tmp_path: Path, encoding: str, lines: list[str]) -> None:
    (tmp_path / "a.txt").write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))
    assert [line for _, line in read_lines(tmp_path / "a.txt")] == lines


def test_a_carriage_return_inside_a_line_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one\rstill one\ntwo\n")
    assert [line for _, line in read_lines(tmp_path / "a.txt")] == ["one\rstill one", "two"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"Coru\xf1a\n", "byte 5 is not UTF-8; convert it from its encoding: iconv -f cp1252 -t utf-8 .*a.txt > NEW"),
        (b"\x93Hola\x94\n", "byte 1 is not UTF-8; convert it from its encoding: iconv -f cp1252"),
        ("Москва и Петербург\n".encode("koi8-r"), "byte 1 is not UTF-8; .*: iconv -f ENCODING -t utf-8 .*a.txt > NEW"),
        ("タワー\n".encode("shift_jis"), "byte 1 is not UTF-8; .*: iconv -f ENCODING -t utf-8"),
        ("我住在北京市。\n".encode("gbk"), "byte 1 is not UTF-8; .*: iconv -f ENCODING -t utf-8"),
        ("これは日本語の文です。".encode("utf-16-le"), "iconv -f ENCODING .*utf-16le"),
        (b"%PDF-1.7\n", "this is a PDF document, not text"),
        (b"PK\x03\x04xx", "this is a ZIP archive, or a document of an office program, not text"),
        (b"PAR1\x15x", "this is a parquet file"),
        (b"BZh91AY&SY", "this is a bzip2 file, not text; decompress it: bunzip2"),
        ("ab".encode("utf-16") + b"\x00", "not all of it is UTF-16"),
        ("a\0b\n".encode("utf-16"), "a.txt:1: a character NUL; remove it"),
        (b"a\0b\n", "a.txt:1: this is a binary file"),
        (b"abc\0def\0ghi\0", "a.txt:1: this is a binary file"),
        ("é\0b\0c\n".encode(), "a.txt:1: this is a binary file"),
        (b"\x1f\x8b\x08damaged", "cannot be decompressed"),
    ],
)
def test_what_is_not_unicode_text(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message):
        list(raise_errors(line if isinstance(line, InputError) else 0 for _, line in read_lines(path)))


def test_a_line_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xlner.core.lines._LONGEST", 1000)
    for encoding in ("utf-8", "utf-16"):
        (tmp_path / "a.txt").write_bytes(("ok\n" + "x" * 5000 + "\nok\n").encode(encoding))
        first, bad, last = (line for _, line in read_lines(tmp_path / "a.txt"))
        assert (first, last) == ("ok", "ok")
        assert "a.txt:2: a line of more than 64 MiB; if it is a JSON array: jq" in str(bad)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("length", [14, 15, 16, 17, 31, 32, 33, 40])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_only_the_line_that_is_too_long_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, length: int, position: int
) -> None:
    monkeypatch.setattr("xlner.core.lines._LONGEST", 16)
    lines = ["one", "two", "three"]
    lines.insert(position, "x" * length)
    (tmp_path / "a.txt").write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))
    found = [line for _, line in read_lines(tmp_path / "a.txt")]
    assert len(found) == 4
    assert isinstance(found[position], InputError) == (length >= 16)
    del found[position]
    assert found == ["one", "two", "three"]


@pytest.mark.parametrize("before", range(3))
def test_a_line_cut_inside_a_character_is_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    monkeypatch.setattr("xlner.core.lines._LONGEST", 16)
    (tmp_path / "a.txt").write_text("ok\n" + "x" * before + "中" * 20 + "\nok\n", encoding="utf-8")
    first, bad, last = (line for _, line in read_lines(tmp_path / "a.txt"))
    assert (first, last) == ("ok", "ok")
    assert "a.txt:2: a line of more than 64 MiB" in str(bad)


def test_a_long_binary_line_is_called_binary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xlner.core.lines._LONGEST", 16)
    (tmp_path / "a.txt").write_bytes(b"\0" + b"x" * 40 + b"\nok\n")
    bad, last = (line for _, line in read_lines(tmp_path / "a.txt"))
    assert "a.txt:1: this is a binary file" in str(bad)
    assert last == "ok"


def test_the_first_line_decides_even_if_it_is_longer_than_the_head(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(json.dumps({"text": "Ana vive en Vigo. " * 5000}) + "\n", encoding="utf-8")
    with pytest.warns(DataWarning, match="looks like JSON, and is read as jsonl"):
        assert sum(1 for _ in raise_errors(read_sentences(path))) == 1
