"""What commands say of input, options and stored parts that lead to nothing."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import pytest

from tests.conftest import Command
from xlner import Pipeline, Sentence
from xlner.engines import RunFolder
from xlner.fakes import DictionaryRecognizer


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "in.txt"
    path.write_text("Ana Pardo vive en Vigo.\nA ONU di que non.\n", encoding="utf-8")
    return path


def test_a_projector_onto_entities_needs_some(xlner: Command, fakes: list[str], text: Path, tmp_path: Path) -> None:
    names = fakes[fakes.index("--recognizer") + 1]
    out = tmp_path / "out.jsonl"
    projector = "back-translation?forward=ner-candidates"
    ran = xlner("label", text, "--lang", "gl", "-o", out, *fakes, "--projector", projector)
    assert ran.code == 2
    assert ran.err == (
        f"xlner: this projector chooses among the entities of the target, and {text} has none; "
        "name a recognizer for its language, as in ner-candidates?recognizer=hf:MODEL\n"
    )
    assert not out.exists()
    for projector in ("ner-candidates", "fused?candidates=ner"):  # what the shipped recognizer finds is there to choose
        assert xlner("label", text, "--lang", "gl", "-o", out, *fakes, "--projector", projector).code == 0
        assert '"label": "LOC"' in out.read_text(encoding="utf-8")
    named = f"ner-candidates?recognizer={names}"
    assert "2 sentences, 3 entities" in xlner("label", text, "--lang", "gl", *fakes, "--projector", named).err


def test_entities_of_the_input_are_enough(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    target = tmp_path / "in.conll"
    target.write_text("en\tO\n\nVigo\tB-MISC\n", encoding="utf-8")
    command = ["label", target, "--lang", "gl", *fakes, "--projector", "ner-candidates"]
    assert xlner(*command).out == "en\tO\n\nVigo\tB-LOC\n\n"
    target.write_text("en\tO\n\nVigo\tO\n", encoding="utf-8")
    assert xlner(*command).out == "en\tO\n\nVigo\tB-LOC\n\n"  # found by the shipped recognizer


def test_project_and_build_recognize_them_too(xlner: Command, text: Path, tmp_path: Path) -> None:
    source = tmp_path / "en.conll"
    source.write_text("Ana\tB-PER\n\nthe\tO\n", encoding="utf-8")
    projector = ["--projector", "ner-candidates", "--aligner", "oracle"]
    assert xlner("project", source, text, "--lang", "gl", *projector).code == 0
    built = xlner("build", source, "--to", "gl", "--translator", "echo", *projector)
    assert built.code == 0


def test_an_ignored_label_that_nothing_has(xlner: Command, fakes: list[str], text: Path, tmp_path: Path) -> None:
    out = ["-o", tmp_path / "out.jsonl"]
    command = ["label", text, "--lang", "gl", *fakes, *out, "--ignore", "LOC,Per,DATE"]
    said = xlner(*command).err
    assert "xlner: --ignore Per: no entity has this label; did you mean PER?\n" in said
    assert "xlner: --ignore DATE: no entity has this label; labels here: LOC, ORG, PER\n" in said
    assert "--ignore LOC" not in said
    source = tmp_path / "en.conll"
    source.write_text("Ana\tB-PER\n\nthe\tO\n", encoding="utf-8")
    others = ["--aligner", "oracle", "--ignore", "LOC", *out]
    for more in ([], ["--also-source", source]):
        said = xlner("project", source, text, "--lang", "gl", *others, *more).err
        assert "xlner: --ignore LOC: no entity has this label; labels here: PER\n" in said
    said = xlner("recognize", text, "--lang", "gl", *fakes[2:4], *out, "--ignore", "X").err
    assert "xlner: --ignore X: no entity has this label; labels here: LOC, ORG, PER\n" in said
    said = xlner("build", source, "--to", "gl", "--translator", "echo", *others).err
    assert "xlner: --ignore LOC: no entity has this label; labels here: PER\n" in said


def test_parts_that_are_reused_are_named(xlner: Command, fakes: list[str], text: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    command = ["label", text, "--lang", "gl", *fakes, "-o", tmp_path / "o.jsonl", "--run-dir", folder, "--ignore", "X"]
    command += ["--shard-size", "250"]
    first, again = xlner(*command).err, xlner(*command).err
    assert ("reused" in first, "--ignore X: no entity" in first) == (False, True)
    assert again.endswith(f"xlner: shard 1 reused from {folder}\n")
    assert "--ignore" not in again  # what was ignored in a stored part is not known
    text.write_text("".join(f"Frase {k} en Vigo.\n" for k in range(1100)), encoding="utf-8")
    xlner(*command, "--overwrite")
    (folder / "done/000/000002.json").unlink()
    assert xlner(*command).err.endswith(f"xlner: shards 1–2, 4–5 reused from {folder}\n")


def test_a_run_folder_knows_what_it_reused(tmp_path: Path) -> None:
    pipeline = Pipeline("echo", DictionaryRecognizer({"Vigo": "LOC"}), "oracle", target_lang="gl")
    sentences = [Sentence((f"w{k}", "Vigo")) for k in range(5)]
    for reused in ([], [1, 2, 3]):
        with RunFolder(tmp_path / "run", {"a": 1}, shard_size=2) as folder:
            assert len(list(folder.run(sentences, pipeline.run))) == 5
            assert folder.reused == reused


def test_nothing_to_read(xlner: Command, fakes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Empty:
        buffer = io.BytesIO()

    monkeypatch.setattr(sys, "stdin", Empty)
    ran = xlner("label", "-", "--lang", "gl", *fakes, "--ignore", "X")
    assert (ran.code, ran.out, ran.err) == (0, "", "xlner: no sentences read\n")


@pytest.mark.parametrize("name", ["out.xyz", "out"])
def test_a_suffix_that_says_nothing(xlner: Command, text: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    ran = xlner("convert", text, out)
    assert ran.code == 2
    assert (
        f"cannot tell the format of '{out}' from its name; give --output-format (conll, conllu, jsonl, text, csv, tsv, "
        in ran.err
    )
    assert "or use one of the suffixes .conll .bio " in ran.err
    assert ran.err.endswith(" .jsonl .json .ndjson .txt .csv .parquet .ann .xmi .spacy\n")
    assert not out.exists()
    assert xlner("convert", text, out, "--output-format", "jsonl").code == 0
    assert (
        "give --output-format (conll, conllu, jsonl, csv, " in xlner("label", text, "-o", "a.xyz", "--lang", "gl").err
    )
    assert xlner("convert", text, "/dev/null").code == 0


def test_inputs_with_a_suffix_that_says_nothing(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    for name, code in (("noext", 0), ("noext.gz", 0), ("x.md", 2)):
        (tmp_path / name).write_bytes((gzip.compress if name.endswith(".gz") else bytes)(b"Ana vive en Vigo.\n"))
        ran = xlner("convert", tmp_path / name, "/dev/null")
        assert ran.code == code, ran.err
    assert "give --input-format (conll, conllu, jsonl, text) or use one of the suffixes" in ran.err
    assert xlner("label", tmp_path / "noext", "--lang", "es", "-o", "/dev/null", *fakes).code == 0


def test_tags_of_iob1_are_not_out_of_place(xlner: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("Ana\tI-PER\nPons\tI-PER\nEva\tB-PER\n\nVigo\tI-LOC\n", encoding="utf-8")
    ran = xlner("convert", path, "-", "--output-format", "conll")
    assert ran.out == "Ana\tB-PER\nPons\tI-PER\nEva\tB-PER\n\nVigo\tB-LOC\n\n"
    assert "out of place" not in ran.err
    path.write_text("Ana\tI-PER\nEva\tB-PER\n\nVigo\tB-LOC\n", encoding="utf-8")
    assert "1 tag out of place repaired" in xlner("convert", path, "-", "--output-format", "conll").err


def test_text_of_moses_is_noted(xlner: Command, tmp_path: Path) -> None:
    source, target = tmp_path / "en.txt", tmp_path / "es.txt"
    source.write_text("said &quot; hi &quot; .\n", encoding="utf-8")
    target.write_text("AT&amp;T .\n", encoding="utf-8")
    how = ("--aligner", "oracle")
    said = xlner("align", source, target, *how).err
    assert f"note: {source} looks like text that Moses tokenized; if so, give --words spaces" in " ".join(said.split())
    assert f"{target} looks" not in said
    assert "Moses" not in xlner("align", source, target, *how, "--words", "spaces").err
