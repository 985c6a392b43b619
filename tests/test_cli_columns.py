"""`--columns` and `--input-scheme` in the commands that read CoNLL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Command
from xlner import raise_errors, read_sentences
from xlner.formats import read_parallel

ROOT = Path(__file__).parent.parent
NESTED = "#\tsource [2014]\n1\tMaier\tB-PER\tO\n2\tlobt\tO\tO\n3\tVigo\tB-ORG\tB-LOC\n4\tFC\tI-ORG\tO\n\n"
FLAT = "Maier\tB-PER\nlobt\tO\nVigo\tO\nFC\tO\n\n"
BOTH = "EU NNP B-ORG B-ORG\nrejects VBZ O B-PER\n\nVigo NP B-LOC O\n"


@pytest.fixture
def nested(tmp_path: Path) -> Path:
    path = tmp_path / "nested.tsv"
    path.write_text(NESTED, encoding="utf-8")
    return path


def test_convert_takes_columns_and_names_those_to_choose_from(xlner: Command, nested: Path, tmp_path: Path) -> None:
    refused = xlner("convert", nested, "-")
    assert refused.code == 2
    assert refused.err.startswith(
        f"xlner: {nested}:2: 2 columns have tags: 3 (ORG, PER), 4 (LOC); choose one: --columns"
    )
    outer = xlner("convert", nested, "-", "--columns", "token=2,tag=3")
    assert outer.out == "#\tsource [2014]\nMaier\tB-PER\nlobt\tO\nVigo\tB-ORG\nFC\tI-ORG\n\n"
    inner = tmp_path / "inner.conllu"
    assert xlner("convert", nested, inner, "--columns", "tag=4").code == 0
    assert [e.label for s in raise_errors(read_sentences(inner)) for e in s.entities] == ["LOC"]
    again = xlner("convert", inner, "-", "--output-format", "conll")
    assert again.out == "#\tsource [2014]\nMaier\tO\nlobt\tO\nVigo\tB-LOC\nFC\tO\n\n"


def test_labels_without_prefixes_name_the_option_that_reads_them(xlner: Command, tmp_path: Path) -> None:
    path = tmp_path / "io.conll"
    path.write_text("Tom PER\nCruise PER\nin O\n", encoding="utf-8")
    assert "; for labels without prefixes give --input-scheme io" in xlner("convert", path, "-").err
    assert xlner("convert", path, "-", "--input-scheme", "io").out == "Tom\tB-PER\nCruise\tI-PER\nin\tO\n\n"


def test_evaluate_takes_both_columns_of_one_file(xlner: Command, tmp_path: Path) -> None:
    path = tmp_path / "both.conll"
    path.write_text(BOTH, encoding="utf-8")
    refused = xlner("evaluate", path, path)
    assert refused.code == 2
    assert "2 columns have tags: 3 (LOC, ORG), 4 (ORG, PER)" in refused.err
    assert "evaluate also takes gold=3,predicted=4" in refused.err
    for columns in ("token=1,gold=3,predicted=4", "gold=-2,predicted=-1"):
        scores = json.loads(xlner("evaluate", path, "--columns", columns, "--json").out)
        assert [scores["micro"][name] for name in ("correct", "predicted", "gold")] == [1, 2, 2]
    assert "2 errors" in xlner("errors", path, "--columns", "gold=3,predicted=4").out
    for command in ("evaluate", "errors"):
        assert "--columns token=1,gold=-2,predicted=-1" in xlner(command, path).err
    assert "GOLD is read twice" in xlner("evaluate", "-", "--columns", "gold=3,predicted=4").err


def test_files_with_other_columns_are_compared(xlner: Command, nested: Path, tmp_path: Path) -> None:
    flat, both = tmp_path / "flat.conll", tmp_path / "pred.jsonl"
    flat.write_text(FLAT, encoding="utf-8")
    assert xlner("convert", flat, both).code == 0
    for predicted in (flat, both):
        scores = json.loads(xlner("evaluate", nested, predicted, "--columns", "token=2,tag=3", "--json").out)
        assert [scores["micro"][name] for name in ("correct", "predicted", "gold")] == [1, 1, 2]
    assert "--columns needs CoNLL" in xlner("evaluate", both, both, "--columns", "tag=3").err
    compared = xlner("compare", nested, flat, flat, "--columns", "token=2,tag=3", "--trials", "10", "--bootstrap", "10")
    assert compared.code == 0


def test_commands_that_read_words_take_columns(xlner: Command, nested: Path, tmp_path: Path) -> None:
    names, target = tmp_path / "names.tsv", tmp_path / "target.txt"
    names.write_text("Vigo FC\tORG\n", encoding="utf-8")
    target.write_text("Maier praises Vigo FC\n", encoding="utf-8")
    columns = ("--columns", "token=2,tag=3")
    for found in (
        xlner("recognize", nested, "--lang", "de", "--recognizer", f"gazetteer:{names}", *columns),
        xlner("label", nested, "--lang", "de", "--route", "direct", "--recognizer", f"gazetteer:{names}", *columns),
    ):
        assert found.out == "#\tsource [2014]\nMaier\tO\nlobt\tO\nVigo\tB-ORG\nFC\tI-ORG\n\n"
    assert xlner("translate", nested, "--from", "de", "--to", "en", "--translator", "echo", *columns).out == (
        "Maier lobt Vigo FC\n"
    )
    assert xlner("align", nested, target, "--aligner", "surface", *columns).out == "0-0 2-2 3-3\n"
    projected = xlner("project", nested, target, "--aligner", "surface", "--output-format", "conll", *columns)
    assert "Vigo\tB-ORG\nFC\tI-ORG\n" in projected.out
    refused = xlner("align", target, target, "--aligner", "surface", *columns)
    assert "text has no columns to name; leave out --columns" in refused.err


def test_words_with_other_columns_are_read_without_tags(xlner: Command, tmp_path: Path) -> None:
    path = tmp_path / "pos.conll"
    path.write_text("Ana NP\nvive V\n", encoding="utf-8")
    refused = xlner("translate", path, "--from", "es", "--to", "en", "--translator", "echo")
    assert "; --columns token=1 reads the words alone" in refused.err
    named = xlner("translate", path, "--from", "es", "--to", "en", "--translator", "echo", "--columns", "token=1")
    assert named.out == "Ana vive\n"


def test_pairs_take_columns(nested: Path) -> None:
    (pair,) = raise_errors(read_parallel(nested, nested, columns={"token": 2, "tag": 4}))
    assert pair.source is not None
    assert [e.label for e in pair.source.entities] == [e.label for e in pair.target.entities] == ["LOC"]


def test_page_on_columns(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "columns.md").read_text(encoding="utf-8")
    exec(text.split("```python\n")[1].split("```")[0], {})
    assert capsys.readouterr().out == "['B-loc.town']\n"
