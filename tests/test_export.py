"""Data sets for the Hugging Face hub: what `datasets` reads, the card, and the push."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Command
from xlner import Sentence, raise_errors, read_sentences
from xlner.errors import BackendError, DataWarning
from xlner.formats import export_dataset, push_dataset, write_dataset
from xlner.formats.dataset_card import DatasetCard, SplitCounts
from xlner.formats.dataset_export import facts_of_run

pytest.importorskip("pyarrow")


@pytest.fixture
def files(xlner: Command, fakes: list[str], tmp_path: Path) -> tuple[Path, Path, Path]:
    text, run, train = tmp_path / "a.txt", tmp_path / "run", tmp_path / "train.jsonl"
    text.write_text("Ana Pardo en Vigo\nnada\n", encoding="utf-8")
    assert xlner("label", text, "--lang", "gl", "-o", train, "--run-dir", run, *fakes).code == 0
    test = tmp_path / "test.conll"
    test.write_text("ONU\tB-ORG\n\nVigo\tB-LOC\n", encoding="utf-8")
    return train, test, run


def test_a_folder_that_datasets_reads(xlner: Command, files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    train, test, run = files
    out = tmp_path / "gl-ner"
    ran = xlner(
        *("export", out, "--train", train, "--test", test, "--run-dir", run, "--license", "cc-by-4.0"),
        *("--source", "news | <b>2024</b>", "--license-of", "multilingual=cc-by-sa-4.0", "--json"),
    )
    assert (ran.code, ran.err) == (0, "xlner: train: 2 sentences, 2 entities\nxlner: test: 2 sentences, 2 entities\n")
    assert json.loads(ran.out)["splits"]["train"]["labels"] == {"PER": 1, "LOC": 1}
    made = datasets.load_dataset(str(out), cache_dir=str(tmp_path / "cache"))
    assert {name: len(rows) for name, rows in made.items()} == {"train": 2, "test": 2}
    names = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"]
    assert [made[s].features["ner_tags"].feature.names for s in ("train", "test")] == [names, names]
    assert made["test"][0]["ner_tags"] == [5]
    card = (out / "README.md").read_text(encoding="utf-8")
    for line in [
        "license: cc-by-4.0",
        '- "gl"',
        "  - split: test",
        "| train | 2 | 0 | 5 | 1 | 1 | 0 |",
        "- news \\| &lt;b>2024&lt;/b>",
        "- translator: echo",
        "- multilingual: cc-by-sa-4.0",
        "`splits:test=2,train=2|labels:LOC,ORG,PER|",
    ]:
        assert line in card
    found = [list(raise_errors(read_sentences(f"{out}?split={s}"))) for s in ("train", "test")]
    assert [s.tags() for s in found[1]] == [["B-ORG"], ["B-LOC"]]
    assert [s.text for s in found[0]] == ["Ana Pardo en Vigo", "nada"]
    ran = xlner("convert", out, tmp_path / "a.conll")
    assert "several splits: test, train; name one: " in ran.err
    assert xlner("convert", f"{out}?split=test", tmp_path / "a.conll").code == 0
    assert "no split 'dev'; it has test, train" in xlner("convert", f"{out}?split=dev", tmp_path / "b.conll").err


def test_folders_are_inputs_of_runs(xlner: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_dataset({"train": [Sentence(("Vigo",))], "test": [Sentence(("Lugo",))]}, "gl-ner")
    Path("names.tsv").write_text("Lugo\tLOC\n", encoding="utf-8")
    command = ["recognize", "gl-ner?split=test", "--lang", "gl", "--recognizer", "gazetteer:names.tsv"]
    command += ["--output-format", "conll"]
    assert xlner(*command, "--run-dir", "run").out == xlner(*command).out == "Lugo\tB-LOC\n\n"
    write_dataset({"test": [Sentence(("Ana",))]}, "gl-ner", overwrite=True)
    assert "holds a run with another input" in xlner(*command, "--run-dir", "run").err


def test_losses_are_in_the_card(tmp_path: Path) -> None:
    pair = {
        "tokens": ["Vigo"],
        "ner_tags": ["O"],
        "entities": [],
        "source": {"tokens": ["Vigo"], "ner_tags": ["B-LOC"], "translation_warnings": ["copy"]},
        "outcomes": [{"entity": {"start": 0, "end": 1, "label": "LOC"}, "reason": "unaligned"}],
    }
    failed = {"tokens": ["x"], "ner_tags": ["B-LOC"], "entities": [], "error": "translator: no"}
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in (pair, pair, failed)), encoding="utf-8")
    made = export_dataset({"train": path}, tmp_path / "out")
    assert (made.splits["train"].failed, made.sentences) == (1, 3)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "- source entities not projected (unaligned): 2" in card
    assert "- translations that look wrong: 2" in card
    assert "- sentences that failed: 1" in card
    assert "| train | 3 | 1 | 3 |" in card


def test_models_are_those_that_labeled(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('route = "direct"\ntranslator = "apertium"\nlang = "gl"\n', encoding="utf-8")
    assert facts_of_run(tmp_path) == ({"route": "direct", "recognizer": "multilingual"}, {"lang": "gl"})
    config.write_text('route = "auto"\ntranslator = "apertium"\nlang = "ee"\n', encoding="utf-8")
    (tmp_path / "summary.json").write_text('{"route": "direct", "sentences": 3}', encoding="utf-8")
    assert facts_of_run(tmp_path) == ({"route": "direct", "recognizer": "multilingual"}, {"lang": "ee"})
    config.write_text('route = "project"\ntranslator = "apertium"\nignore = ["DATE"]\n', encoding="utf-8")
    assert facts_of_run(tmp_path) == ({"route": "project", "translator": "apertium"}, {"ignore": ["DATE"]})


def test_only_a_data_set_is_replaced(xlner: Command, files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ("export", out, "--test", files[1])
    assert xlner(*command).code == 0
    assert "exists already; give --overwrite" in xlner(*command).err
    assert xlner(*command, "--overwrite").code == 0
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    assert (
        "holds more than a data set and will not be replaced: notes.txt is in it" in xlner(*command, "--overwrite").err
    )
    assert (out / "notes.txt").read_text(encoding="utf-8") == "mine"
    (tmp_path / "empty.jsonl").touch()
    for arguments, message in [
        (("export", tmp_path / "x"), "there is nothing to export"),
        (("export", tmp_path / "x", "--test", tmp_path / "empty.jsonl"), "empty.jsonl: the file is empty; give at"),
        (("export", tmp_path / "x", "--test", files[1], "--private"), "--private is for --push"),
        (("export", tmp_path / "x", "--test", files[1], "--license-of", "a"), "names no license"),
        (("export", tmp_path / "x", "--test", files[1], "--run-dir", tmp_path), "give the folder of --run-dir"),
        (("export", files[1], "--test", files[1]), "exists already; name a folder"),
    ]:
        ran = xlner(*arguments)
        assert (ran.code, message in ran.err) == (2, True), ran.err
    assert not (tmp_path / "x").exists()


def test_push_calls_the_hub(
    xlner: Command, files: tuple[Path, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, dict[str, Any]]] = []

    class Hub:
        def create_repo(self, name: str, **options: Any) -> None:
            if name == "no/rights":
                raise OSError("403 Forbidden")
            calls.append((name, options))

        def upload_folder(self, **options: Any) -> None:
            calls.append(("upload", options))

    monkeypatch.setattr("huggingface_hub.HfApi", Hub)
    out = tmp_path / "out"
    ran = xlner("export", out, "--test", files[1], "--push", "me/gl", "--private")
    assert "uploaded to https://huggingface.co/datasets/me/gl" in ran.err
    assert calls[0] == ("me/gl", {"repo_type": "dataset", "private": True, "exist_ok": True})
    assert calls[1][1]["folder_path"] == str(out)
    assert (calls[1][1]["repo_id"], calls[1][1]["repo_type"]) == ("me/gl", "dataset")
    with pytest.raises(BackendError, match="no/rights cannot be uploaded: 403 Forbidden; log in with hf auth login"):
        push_dataset(out, "no/rights")


def test_names_of_splits(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="'a/b' cannot be the name of a split"):
        write_dataset({"a/b": [Sentence(())]}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("sentences", "size"),
    [(9_999_999, "1M<n<10M"), (10_000_000, "10M<n<100M"), (10**9, "1B<n<10B"), (10**12, "n>1T")],
)
def test_sizes_are_those_of_the_hub(sentences: int, size: str) -> None:
    card = DatasetCard("gl").text({"train": SplitCounts(sentences=sentences)}, [], [])
    assert f"size_categories:\n- {size}\n" in card


def test_labels_are_read_as_elsewhere(xlner: Command, tmp_path: Path) -> None:
    rows = tmp_path / "rows.txt"
    rows.write_text("1\tAna\tB-PERSON\n\n1\tVigo\tB-LOC\n2\tLugo\tI-PERSON\n", encoding="utf-8")
    lines = tmp_path / "lines.jsonl"
    lines.write_text('{"tokens": ["ONU"], "tags": ["B-PERSON"]}\n{"tokens": 1}\n', encoding="utf-8")
    how = ["--map", "PERSON=PER", "--columns", "token=2,tag=3", "--input-scheme", "IOB2", "--repair", "none"]
    command = ["export", tmp_path / "out", "--test", rows, *how, "--input-format", "conll"]
    stopped = xlner(*command)
    assert (stopped.code, stopped.err.count("\n"), (tmp_path / "out").exists()) == (2, 1, False)
    skipped = xlner(*command, "--on-error", "skip")
    assert (skipped.code, skipped.err) == (1, "xlner: test: 2 sentences, 1 entity, 1 without result\n")
    assert [s.tags() for s in raise_errors(read_sentences(tmp_path / "out"))] == [["B-PER"], []]
    mapped = xlner("export", tmp_path / "b", "--train", lines, "--map", "PERSON=PER", "--on-error", "skip")
    assert mapped.err == "xlner: train: 2 sentences, 1 entity, 1 without result\n"
    refused = xlner("export", tmp_path / "c", "--train", lines, "--columns", "token=2,tag=3")
    assert (refused.code, "no file has columns to name" in refused.err) == (2, True)


def test_the_card_says_what_a_file_knows_of_its_labels(tmp_path: Path) -> None:
    vigo = {"start": 0, "end": 1, "label": "LOC"}
    pair: dict[str, object] = {"tokens": ["Vigo"], "ner_tags": ["B-LOC"], "entities": [vigo]}
    pair |= {"source": {"tokens": ["Vigo"], "ner_tags": ["B-LOC"], "lang": "es"}}
    pair |= {"outcomes": [{"entity": vigo, "projected": [vigo]}]}
    records = [pair, {**pair, "corrections": [{"action": "accept"}, {"action": "reviewed"}]}]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    with pytest.warns(DataWarning, match="train and test share 1 distinct sentence"):
        export_dataset({"train": path, "test": path}, tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "- entities projected from sentences in es: 4" in card
    assert "- sentences reviewed by a person: 2" in card
    assert "Not stated: labels" not in card
