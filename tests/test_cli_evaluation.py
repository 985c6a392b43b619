from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.conftest import Command

GOLD = "Ana\tB-PER\nPardo\tI-PER\nvive\tO\nen\tO\nVigo\tB-LOC\n\nA\tO\nONU\tB-ORG\n\n"
PREDICTED = "Ana\tB-PER\nPardo\tO\nvive\tO\nen\tO\nVigo\tB-LOC\n\nA\tO\nONU\tB-LOC\n\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    gold, predicted = tmp_path / "gold.conll", tmp_path / "pred.conll"
    gold.write_text(GOLD, encoding="utf-8")
    predicted.write_text(PREDICTED, encoding="utf-8")
    return gold, predicted


@pytest.fixture
def traced(xlner: Command, fakes: list[str], tmp_path: Path) -> tuple[Path, Path]:
    """Gold labels, and what a pipeline of fakes makes of the words."""
    gold, predicted = tmp_path / "traced.conll", tmp_path / "traced.jsonl"
    gold.write_text("Lugo\tB-LOC\ne\tO\nVigo\tB-LOC\n\nA\tO\nONU\tB-LOC\n\nOTAN\tB-ORG\n\n", encoding="utf-8")
    ran = xlner("label", gold, "--lang", "gl", "-o", predicted, *fakes, "--translator", "echo?fail_on=OTAN")
    assert ran.code == 1
    return gold, predicted


def test_modes(xlner: Command, files: tuple[Path, Path]) -> None:
    for mode, f1 in (("strict", 1 / 3), ("conlleval", 1 / 3), ("span", 2 / 3), ("partial", 0.5)):
        record = json.loads(xlner("evaluate", *files, "--mode", mode, "--json").out)
        assert record["micro"]["f1"] == pytest.approx(f1)
        assert f"mode:{mode}|ignore:none|sentences:2|data:" in record["signature"]
        assert "scheme:auto|repair:conlleval" in record["signature"]
        assert ("schemes" in record) == (mode == "partial")
    assert record["schemes"]["type"]["correct"] == 2
    assert record["micro"]["partial"] == 1
    shown = xlner("evaluate", *files, "--mode", "partial", "--by-length").out
    assert "entity length" not in shown
    assert re.search(r"scheme +precision +recall +F1 +correct +incorrect +partial +missing +spurious", shown)


def test_conlleval_reads_invalid_tags_whatever_it_is_told(xlner: Command, tmp_path: Path) -> None:
    gold = tmp_path / "gold.conll"
    gold.write_text("Ana\tI-PER\nPardo\tI-PER\n", encoding="utf-8")
    told = ("--input-scheme", "IOB2", "--repair", "discard", "--json")
    assert json.loads(xlner("evaluate", gold, gold, *told).out)["micro"]["gold"] == 0
    assert json.loads(xlner("evaluate", gold, gold, "--mode", "conlleval", *told).out)["micro"]["gold"] == 1


def test_all_tables(xlner: Command, files: tuple[Path, Path]) -> None:
    shown = xlner("evaluate", *files, "--bootstrap", "200", "--by-length", "--confusion").out
    assert re.search(r"micro +0\.3333 +0\.3333 +0\.3333 +\[0\.0000, 0\.\d{4}\] +1 +3 +3", shown)
    assert re.search(r"1-10 +0\.3333", shown)
    assert re.search(r"41\+ +– +– +– +0 +0 +0", shown)
    assert re.search(r"entity length +precision", shown)
    assert re.search(r"gold \\ predicted +LOC +ORG +PER +none", shown)
    assert re.search(r"ORG +1 +0 +0 +0 *\n", shown)
    assert "bootstrap:200|level:0.95|seed:0|numpy:" in shown
    record = json.loads(
        xlner("evaluate", *files, "--bootstrap", "200", "--seed", "5", "--by-length", "--confusion", "--json").out
    )
    assert record["intervals"]["micro"][0] <= record["micro"]["f1"] <= record["intervals"]["micro"][1]
    assert record["by_sentence_length"]["1-10"]["gold"] == 3
    assert record["by_entity_length"]["2"]["gold"] == 1
    assert record["confusion"] == {
        "labels": ["LOC", "ORG", "PER"],
        "counts": [[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]],
    }
    assert "seed:5" in record["signature"]


def test_a_label_to_ignore_that_is_not_there(xlner: Command, files: tuple[Path, Path]) -> None:
    ran = xlner("evaluate", *files, "--ignore", "ORG,ogr,DATE")
    assert ran.code == 0
    assert "xlner: --ignore ogr: no entity has this label; did you mean ORG?\n" in ran.err
    assert "xlner: --ignore DATE: no entity has this label; labels here: LOC, ORG, PER\n" in ran.err
    assert xlner("evaluate", *files, "--ignore", "ORG").err == ""


def test_projection_rate(xlner: Command, traced: tuple[Path, Path]) -> None:
    shown = xlner("evaluate", *traced)
    assert "2 of 2 source entities projected (100.0%)" in shown.out
    assert "1 of 3 predicted sentences with an error" in shown.out
    record = json.loads(xlner("evaluate", *traced, "--json").out)
    assert record["projection"] == {"source": 2, "projected": 2, "rate": 1.0}


def test_no_projection_rate_without_source_entities(xlner: Command, tmp_path: Path) -> None:
    (tmp_path / "names.tsv").write_text("Vigo\tLOC\n", encoding="utf-8")
    (tmp_path / "gold.conll").write_text("En\tO\nVigo\tB-LOC\n\n", encoding="utf-8")
    direct = (
        "--route",
        "direct",
        "--recognizer",
        f"gazetteer:{tmp_path / 'names.tsv'}",
        "-o",
        tmp_path / "found.jsonl",
    )
    assert xlner("label", tmp_path / "gold.conll", "--lang", "gl", *direct).code == 0
    shown = xlner("evaluate", tmp_path / "gold.conll", tmp_path / "found.jsonl")
    assert "1.0000" in shown.out
    assert "source entities" not in shown.out


def test_compare(xlner: Command, files: tuple[Path, Path]) -> None:
    gold, predicted = files
    one = xlner("compare", gold, predicted, gold)
    assert one.code == 0
    assert re.search(
        r"gold\.conll +1\.0000 +\[1\.0000, 1\.0000\] +\+0\.6667 +\[\+0\.\d+, \+1\.0000\] +0\.\d{4} *\n", one.out
    )
    assert "Holm" not in one.out
    several = json.loads(xlner("compare", gold, predicted, gold, predicted, "--trials", "99", "--json").out)
    first, better, same = several["systems"]
    assert "p" not in first
    assert (better["difference"], same["difference"], same["p"]) == (pytest.approx(2 / 3), 0, 1)
    assert better["p_holm"] == pytest.approx(min(1, 2 * better["p"]))
    assert "test:approximate-randomization|trials:99" in several["signature"]
    assert "p (Holm)" in xlner("compare", gold, predicted, gold, predicted, "--ignore", "X").out


def test_compare_refuses_other_words(xlner: Command, files: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other.conll"
    other.write_text(GOLD.replace("Vigo", "Lugo"), encoding="utf-8")
    ran = xlner("compare", *files, other)
    assert ran.code == 2
    assert "other.conll:1 (sentence 1): word 5 is 'Vigo' in the gold data and 'Lugo' in the predicted data" in ran.err
    assert xlner("compare", *files).code == 2


def test_errors(xlner: Command, files: tuple[Path, Path]) -> None:
    shown = xlner("errors", *files).out
    assert "2 of 3 gold entities and 2 of 3 predicted ones are wrong: 2 errors, F1 0.3333" in shown
    assert re.search(r"boundary right +1 +50\.0% +\+0\.3333 *\n", shown)
    assert "    gold       [Ana Pardo PER] vive en Vigo" in shown
    assert "    predicted  [Ana PER] Pardo vive en Vigo" in shown
    assert "recognition" not in shown
    assert "sentence" not in xlner("errors", *files, "--examples", "0").out
    record = json.loads(xlner("errors", *files, "--json").out)
    assert record["kinds"]["type"] == {"errors": 1, "f1_gain": pytest.approx(1 / 3)}
    assert record["stages"] == {"unknown": {"errors": 2, "f1_gain": pytest.approx(2 / 3)}}
    assert record["errors"][1] == {
        "sentence": 2,
        "id": None,
        "kind": "type",
        "gold": [{"start": 1, "end": 2, "label": "ORG", "text": "ONU"}],
        "predicted": [{"start": 1, "end": 2, "label": "LOC", "text": "ONU"}],
    }
    assert xlner("errors", files[0], files[0]).out.splitlines() == [
        "0 of 3 gold entities and 0 of 3 predicted ones are wrong: 0 errors, F1 1.0000"
    ]


def test_errors_by_stage(xlner: Command, traced: tuple[Path, Path]) -> None:
    shown = xlner("errors", *traced).out
    assert re.search(r"kind +errors +share +F1 gain +translation +recognition *\n", shown)
    assert re.search(r"all +3 +100\.0% +\+0\.\d{4} +1 +2 *\n", shown)
    assert "    recognition: 'ONU' was recognized as ORG\n" in shown
    assert "    translation: failed: the echo translator was told to fail" in shown
    record = json.loads(xlner("errors", *traced, "--json").out)
    assert [e["stage"] for e in record["errors"]] == ["recognition", "recognition", "translation"]
    assert xlner("evaluate", traced[0], traced[0].with_name("none.jsonl")).code == 2
    traced[1].write_text("{}\n", encoding="utf-8")
    assert "traced.jsonl:1 (sentence 1): neither" in xlner("evaluate", *traced).err
