from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import NAMES, Command
from xlner import Entity, RecognitionPipeline, Sentence, raise_errors, read_sentences
from xlner.errors import StageError
from xlner.fakes import DictionaryRecognizer

TEXT = "Ana Pardo vive en Vigo.\n\nA ONU di que non.\n"


@pytest.fixture
def names(tmp_path: Path) -> Path:
    path = tmp_path / "names.tsv"
    path.write_text(NAMES, encoding="utf-8")
    return path


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "in.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


class FailsOn(DictionaryRecognizer):
    """A gazetteer that breaks on a word."""

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        if any("ONU" in s.tokens for s in sentences):
            raise StageError("cannot read ONU")
        return super().recognize(sentences)


def test_one_result_per_sentence_in_order_with_its_entities_or_its_error() -> None:
    recognition = RecognitionPipeline(FailsOn({"Ana": "PER", "Vigo": "LOC"}), lang="gl", ignore=["LOC"])
    labeled = Sentence(("Ana", "en", "Vigo"), (Entity(1, 2, "MISC"),), id="1")
    done = list(recognition.run([labeled, Sentence(()), Sentence(("ONU", "Ana"), id="3"), labeled]))
    assert [p.labeled.entities for p in done] == [(Entity(0, 1, "PER"),), (), (), (Entity(0, 1, "PER"),)]
    assert [p.target.id for p in done] == ["1", None, "3", "1"]
    assert [p.error for p in done] == [None, None, "recognizer: cannot read ONU", None]
    assert all(p.source is None for p in done)


def test_recognize_writes_what_it_finds(xlner: Command, text: Path, names: Path, tmp_path: Path) -> None:
    for name in ("out.conll", "out.jsonl"):
        ran = xlner("recognize", text, "--lang", "gl", "--recognizer", f"gazetteer:{names}", "-o", tmp_path / name)
        assert (ran.code, ran.out, ran.err) == (0, "", "xlner: 3 sentences, 3 entities\n")
        sentences = list(raise_errors(read_sentences(tmp_path / name)))
        assert [[e.label for e in s.entities] for s in sentences] == [["PER", "LOC"], [], ["ORG"]]
    record = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert "source" not in record
    assert [e["text"] for e in record["entities"]] == ["Ana Pardo", "Vigo"]


def test_recognize_replaces_labels_and_ignores_some(xlner: Command, names: Path, tmp_path: Path) -> None:
    conll = tmp_path / "in.conll"
    conll.write_text("Ana\tB-ORG\nPardo\tO\nVigo\tO\n\n", encoding="utf-8")
    ran = xlner("recognize", conll, "--lang", "gl", "--recognizer", f"gazetteer:{names}", "--ignore", "LOC")
    assert ran.out == "Ana\tB-PER\nPardo\tI-PER\nVigo\tO\n\n"
    shown = xlner("recognize", conll, "--lang", "gl", "--recognizer", f"gazetteer:{names}", "--output-format", "pretty")
    assert "[Ana Pardo PER] [Vigo LOC]" in shown.out


def test_recognize_in_a_run_folder(xlner: Command, text: Path, names: Path, tmp_path: Path) -> None:
    command = ["recognize", text, "--lang", "gl", "--recognizer", f"gazetteer:{names}", "--output-format", "jsonl"]
    plain = xlner(*command).out
    for _ in range(2):
        assert xlner(*command, "--run-dir", tmp_path / "run").out == plain
    assert (tmp_path / "run" / "done/000/000000.json").exists()
    assert xlner("recognize", text, "--config", tmp_path / "run" / "config.toml").out == plain
    refused = xlner(*command, "--run-dir", tmp_path / "run", "--ignore", "LOC")
    assert refused.code == 2
    assert "holds a run with another" in refused.err


def test_recognize_says_what_is_wrong(xlner: Command, text: Path, tmp_path: Path) -> None:
    ran = xlner("recognize", text, "--lang", "gl", "--recognizer", "hf")
    assert ran.code == 2
    assert "hf needs a model" in ran.err or "xlner[hf]" in ran.err
    assert "Missing option '--lang'" in xlner("recognize", text).err
    missing = xlner("recognize", tmp_path / "none.txt", "--lang", "gl", "--recognizer", "spacy:none")
    assert missing.code == 2


def test_doctor_shows_devices_and_the_cache_of_the_hub(
    xlner: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = tmp_path / "models--someone--tiny" / "blobs"
    blobs.mkdir(parents=True)
    with (blobs / "a").open("wb") as stream:
        stream.truncate(1_240_000_000)  # takes no room on the disk
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    rows = {(row["kind"], row["name"]): row for row in json.loads(xlner("doctor", "hf", "--json").out)}
    assert rows["cache", "hub"]["details"] == f"{tmp_path}: 1 model, 1.2 GB"
    assert "cpu with" in rows["device", "torch"]["details"] or not rows["device", "torch"]["works"]
    assert rows["recognizer", "hf"]["details"] == "hf needs a model; write hf:NAME or hf:FOLDER"
    monkeypatch.setattr("xlner.cli.machine.find_spec", lambda name: None)
    rows = {(row["kind"], row["name"]): row for row in json.loads(xlner("doctor", "hf", "--json").out)}
    assert rows["device", "torch"]["details"] == "PyTorch is not installed; pip install 'xlner[hf]'"
