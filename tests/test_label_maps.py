"""Labels that are read as others, and files with other labels, words or lines than expected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Command
from xlner import Entity, LabelMap, Sentence, read_pairs, read_parallel, read_sentences
from xlner.core.labels import suggested_map
from xlner.errors import DataWarning, UnknownNameError, UsageError
from xlner.formats import raise_errors

ENGLISH = "Ana\tB-PERSON\nlives\tO\nin\tO\nNew\tB-GPE\nYork\tI-GPE\nsince\tO\nMay\tB-DATE\n\nHi\tO\n\n"
MAP = "PERSON=PER,GPE=LOC,DATE=O"


@pytest.fixture
def english(tmp_path: Path) -> Path:
    path = tmp_path / "en.conll"
    path.write_text(ENGLISH, encoding="utf-8")
    return path


def labels(path: Path) -> list[str]:
    return [entity.label for sentence in raise_errors(read_sentences(path)) for entity in sentence.entities]


def test_readers_take_a_map(english: Path, tmp_path: Path) -> None:
    first, second = raise_errors(read_sentences(english, label_map=MAP))
    assert first.entities == (Entity(0, 1, "PER"), Entity(3, 5, "LOC"))
    assert second == Sentence(("Hi",))
    first, _ = raise_errors(read_sentences(english, label_map=LabelMap.parse("ontonotes")))
    assert [e.label for e in first.entities] == ["PER", "LOC", "DATE"]
    assert list(read_sentences(english, label_map="none")) == list(read_sentences(english))
    pair = next(raise_errors(read_parallel(english, english, label_map=MAP)))
    assert pair.source is not None
    assert [e.label for e in pair.source.entities] == [e.label for e in pair.target.entities] == ["PER", "LOC"]
    with pytest.raises(UnknownNameError, match="unknown label map 'PERSON'"):
        read_sentences(english, label_map="PERSON")


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ("person=PER", "--map person: no entity of {} has this label; did you mean PERSON?"),
        ("GPE=LOC,*=X", "--map *: no entity of {} has this label; labels here: DATE, GPE, PERSON"),
    ],
)
def test_a_map_that_does_nothing_says_so(xlner: Command, english: Path, tmp_path: Path, pairs: str, says: str) -> None:
    ran = xlner("convert", english, tmp_path / "out.conll", "--map", pairs)
    assert (ran.code, says.format(english) in " ".join(ran.err.split())) == (0, True), ran.err
    again = xlner("convert", english, tmp_path / "out.conll", "--map", "PERSON=PER,LOC=GPE,O=DATE")
    assert "--map LOC" not in again.err  # the new name is there


def test_two_names_of_a_label_and_labels_with_spaces(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gives PERSON two names, PER and ORG"):
        LabelMap.parse("PERSON=PER,PERSON=ORG")
    path = tmp_path / "es.jsonl"
    path.write_text('{"text": "Ana", "label": [[0, 3, "Persona F\u00edsica"]]}\n', encoding="utf-8")
    with pytest.warns(DataWarning, match="spaces"):
        (sentence,) = raise_errors(read_sentences(path, label_map="Persona F\u00edsica=PER"))
    assert sentence.tags() == ["B-PER"]


def test_pairs_keep_their_outcomes(xlner: Command, english: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert xlner("project", english, english, "--lang", "en", "--aligner", "oracle", "-o", out).code == 0
    pair = next(raise_errors(read_pairs(out, label_map=MAP)))
    assert pair.source is not None
    assert [e.label for e in pair.source.entities] == ["PER", "LOC"]
    assert [e.label for e in pair.labeled.entities] == ["PER", "LOC"]
    assert [(o.entity.label, o.projected[0].label) for o in pair.require_projection().outcomes] == [
        ("PER", "PER"),
        ("LOC", "LOC"),
    ]


def test_commands_take_a_map(xlner: Command, english: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.conll"
    assert xlner("convert", english, out, "--map", MAP).code == 0
    assert labels(out) == ["PER", "LOC"]
    how = ("--aligner", "oracle", "--map", MAP)
    assert xlner("project", english, english, "--lang", "en", "-o", out, *how).code == 0
    assert labels(out) == ["PER", "LOC"]
    assert xlner("build", english, "--to", "gl", "--translator", "echo", "-o", out, *how).code == 0
    assert labels(out) == ["PER", "LOC"]
    config = tmp_path / "config.toml"
    config.write_text('map = ["PERSON=PER", "GPE=LOC"]', encoding="utf-8")
    built = xlner("build", english, "--to", "gl", "--translator", "echo", "-o", out, *how[:2], "--config", config)
    assert (built.code, labels(out)) == (0, ["PER", "LOC", "DATE"])
    xlner("calibrate", english, english, "--lang", "en", *how, "-o", tmp_path / "calibration.json")
    for command in ("evaluate", "errors", "compare"):
        files = (english, out, out) if command == "compare" else (english, out)
        assert "1.0000" in xlner(command, *files, "--map", MAP).out
    ran = xlner("convert", english, out, "--map", "PERSON")
    assert ran.code == 2
    assert "unknown label map 'PERSON'; use 'ontonotes', 'none' or pairs such as PERSON=PER,GPE=LOC" in ran.err
    for command in ("train", "zero-shot"):
        assert "--map" in xlner(command, "--help").out


def test_a_run_with_another_map_is_another_run(xlner: Command, english: Path, tmp_path: Path) -> None:
    command = ["project", english, english, "--lang", "en", "--aligner", "oracle", "--run-dir", tmp_path / "run"]
    assert xlner(*command, "-o", tmp_path / "a.conll").code == 0
    ran = xlner(*command, "-o", tmp_path / "a.conll", "--map", MAP)
    assert ran.code == 2
    assert "holds a run with another reading" in ran.err


def test_files_that_share_no_label(xlner: Command, english: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.conll"
    xlner("convert", english, other, "--map", MAP)
    for command in ("evaluate", "errors", "compare"):
        files = (english, other, other) if command == "compare" else (english, other)
        ran = xlner(command, *files)
        assert ran.code == 0
        assert ran.err.splitlines()[0] == (
            f"xlner: the files share no label: {english} has DATE, GPE, PERSON, {other} has LOC, PER; rename them "
            "with --map GPE=LOC,PERSON=PER"
        )
        assert xlner(command, *files, "--map", "PERSON=PER,GPE=LOC").err == ""
    assert xlner("evaluate", english, other, "--mode", "span").err == ""
    other.write_text(ENGLISH.replace("PERSON", "per").replace("GPE", "X").replace("DATE", "Y"), encoding="utf-8")
    assert "with --map per=PER" in xlner("evaluate", english, other, "--ignore", "GPE,PERSON", "--map", "DATE=PER").err


def test_files_with_other_names_for_some_labels(xlner: Command, english: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.conll"
    xlner("convert", english, other, "--map", "PERSON=PER")
    ran = xlner("evaluate", english, other)
    assert "xlner: labels of the files differ: " in ran.err
    assert "--map PERSON=PER\n" in ran.err
    assert xlner("evaluate", english, other, "--ignore", "PER,PERSON").err == ""
    xlner("convert", english, other, "--map", "GPE=O")
    assert xlner("evaluate", english, other).err == ""


@pytest.mark.parametrize(
    ("gold", "predicted", "found"),
    [
        ({"PER", "LOC"}, {"PER", "LOC"}, {}),
        ({"PER"}, {"PER", "PERSON"}, {}),
        ({"PERSON", "GPE"}, {"PER", "LOC"}, {"PERSON": "PER", "GPE": "LOC"}),
        (
            {"person", "Location"},
            {"PERSON", "location"},
            {"person": "PER", "PERSON": "PER", "Location": "LOC", "location": "LOC"},
        ),
        ({"MISC", "EVENT"}, {"MISC"}, {}),
        ({"EVENT"}, {"DRUG"}, {}),
        ({"corporation"}, {"ORG"}, {"corporation": "ORG"}),
    ],
)
def test_names_for_the_same_label(gold: set[str], predicted: set[str], found: dict[str, str]) -> None:
    assert suggested_map(gold, predicted) == found


def test_where_files_lose_step(xlner: Command, tmp_path: Path) -> None:
    gold, predicted = tmp_path / "gold.conll", tmp_path / "pred.conll"
    sentences = ["a\tO\nb\tO\n", "c\tO\n", "d\tB-X\n", "e\tO\n"]
    gold.write_text("\n".join(sentences), encoding="utf-8")

    def ran(text: str) -> str:
        predicted.write_text(text, encoding="utf-8")
        return xlner("evaluate", gold, predicted).err

    assert ran("\n\n" + "\n\n".join(sentences)) == ""  # blank lines are no sentences
    extra = (
        "has a sentence here that the {} data does not have; compare files with the same sentences in the same order"
    )
    shown = ran("\n" + "\n".join([*sentences[:2], "x\tO\n", *sentences[2:]]))
    assert shown == f"xlner: {gold}:6 and {predicted}:7 (sentence 3): the predicted data {extra.format('gold')}\n"
    shown = ran("\n".join(sentences[1:]))
    assert shown == f"xlner: {gold}:1 and {predicted}:1 (sentence 1): the gold data {extra.format('predicted')}\n"
    shown = ran("\n".join([*sentences[:2], "x\tO\n", sentences[3]]))
    assert shown.startswith(f"xlner: {gold}:6 and {predicted}:6 (sentence 3): word 1 is 'd' in the gold data and 'x'")
    shown = ran("\n".join(sentences[:3]))
    assert shown.startswith(f"xlner: {gold}:8 and {predicted} (sentence 4): the gold data has this sentence, but the")
    records = [json.dumps({"tokens": list(words), "tags": ["O"] * len(words)}) for words in ("ab", "c", "x", "e")]
    lines = tmp_path / "pred.jsonl"
    lines.write_text("\n".join([records[0], "", *records[1:]]), encoding="utf-8")
    assert f"{gold}:6 and {lines}:4 (sentence 3): word 1 is 'd'" in xlner("evaluate", gold, lines).err


def test_where_parallel_files_lose_step(xlner: Command, english: Path, tmp_path: Path) -> None:
    target = tmp_path / "gl.txt"
    target.write_text("\nAna vive en Nova York desde maio\nOla\n", encoding="utf-8")
    ran = xlner("project", english, target, "--lang", "gl", "--aligner", "oracle")
    assert ran.code == 2
    assert ran.err.endswith(f"; sentence 1 of {target} is empty, but that of {english} has words\n")
    assert f"{english}: ends after 2 sentences, but {target} goes on; the files must be parallel" in ran.err
    target.write_text("Ana vive en Nova York desde maio\nOla\nOla\n", encoding="utf-8")
    assert xlner("project", english, target, "--lang", "gl", "--aligner", "oracle").err.endswith(
        "empty ones included\n"
    )
