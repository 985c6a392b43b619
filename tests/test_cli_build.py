"""`xlner build`, and the page about it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from pathlib import Path

import pytest

from tests.conftest import Command

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "building.md").read_text(encoding="utf-8")
SOURCE = "Ana\tB-PER\nin\tO\nVigo\tB-LOC\n\nONU\tB-ORG\n\nno\tO\n\n"
FAKES = ["--translator", "echo", "--aligner", "oracle"]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "en.conll"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def test_every_sentence_comes_out_once_with_its_labels(xlner: Command, source: Path) -> None:
    ran = xlner("build", source, "--to", "gl", *FAKES, "-o", "gl.jsonl")
    assert (ran.code, ran.out) == (0, "")
    records = [json.loads(line) for line in Path("gl.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [r["ner_tags"] for r in records] == [["B-PER", "O", "B-LOC"], ["B-ORG"], ["O"]]
    assert all(r["lang"] == "gl" and r["source"]["lang"] == "en" for r in records)
    assert ran.err.splitlines() == [
        "xlner: 3 sentences, 3 entities",
        "xlner: label  source  built  written  not built",
        "xlner: LOC         1      1        1",
        "xlner: ORG         1      1        1",
        "xlner: PER         1      1        1",
        "xlner: all         3      3        3",
    ]
    conll = xlner("build", source, "--to", "gl", *FAKES, "--method", "align")
    assert [line for line in conll.out.splitlines() if not line.startswith("#")] == SOURCE.splitlines()


def test_filters_and_failures_are_in_the_report(xlner: Command, source: Path) -> None:
    command = ["build", source, "--to", "gl", "--translator", "echo?fail_on=[ONU]", "--no-fallback", "-o", "gl.jsonl"]
    ran = xlner(*command, "--json")
    assert ran.code == 1
    report = json.loads(ran.out)
    assert report["sentences"] == {
        "source": 3,
        "failed": {"translator": 1},
        "translation_warnings": {},
        "filtered": {},
        "written": 3,
    }
    assert report["entities"]["ORG"] == {"source": 1, "built": 0, "written": 0, "dropped": {"failed": 1}}
    assert "xlner: sentences failed: 1 translator" in ran.err
    records = [json.loads(line) for line in Path("gl.jsonl").read_text(encoding="utf-8").splitlines()]
    assert records[1]["error"].startswith("translator: ")
    assert records[1]["source"]["tokens"] == ["ONU"]
    ran = xlner(*command, "--json", "--filter", "entities:1")
    report = json.loads(ran.out)
    assert (report["sentences"]["filtered"], report["sentences"]["written"]) == ({"entities:1": 1, "failed": 1}, 1)
    assert len(Path("gl.jsonl").read_text(encoding="utf-8").splitlines()) == 1


def test_a_run_folder_goes_on_and_keeps_report_and_recipe(xlner: Command, source: Path) -> None:
    command = ["build", source, "--to", "gl", *FAKES, "--run-dir", "run", "-o", "gl.jsonl", "--min-confidence", "0.5"]
    first = xlner(*command)
    written = Path("gl.jsonl").read_bytes()
    report = json.loads(Path("run", "report.json").read_text(encoding="utf-8"))
    assert report["entities"]["all"]["built"] == 3
    config = tomllib.loads(Path("run", "config.toml").read_text(encoding="utf-8"))
    assert (config["to"], config["from"], config["method"]) == ("gl", "en", "markers")
    again = xlner(*command)
    said = first.err.replace("entities\n", "entities\nxlner: shard 1 reused from run\n", 1)
    assert (again.code, again.err, Path("gl.jsonl").read_bytes()) == (0, said, written)
    assert xlner("build", source, "--config", "run/config.toml", "--run-dir", "run").code == 0
    other = xlner(*command, "--markers", "tags")
    assert (other.code, "another pipeline" in other.err) == (2, True)


def test_bad_usage(xlner: Command, source: Path) -> None:
    assert "already in en" in xlner("build", source, "--to", "en", *FAKES).err
    assert "-o FILE" in xlner("build", source, "--to", "gl", *FAKES, "--json").err
    Path("plain.conll").write_text("Ana\nin\nVigo\n\n", encoding="utf-8")
    ran = xlner("build", "plain.conll", "--to", "gl", *FAKES)
    assert ran.code == 2
    ran = xlner("build", source, "--to", "gl", "--translator", "apertium?modes_dir=/nowhere", "--aligner", "oracle")
    assert (ran.code, "Apertium cannot translate from en to gl" in ran.err) == (2, True)
    assert "chat needs a model" in xlner("build", source, "--to", "gl", "--translator", "chat").err


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_commands_of_the_page(xlner: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not shutil.which("apertium-wblank-detach") or not Path("/usr/share/apertium/modes/eng-spa.mode").exists():
        pytest.skip("needs Apertium with English to Spanish")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    lines = [line for block in blocks("console") for line in block.splitlines()]
    assert len(lines) == 3
    for line in lines:
        ran = xlner(*shlex.split(line.removeprefix("$ xlner ")))
        assert ran.code == 0, (line, ran.err)


def test_python_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python")
    exec(code, {})
    assert capsys.readouterr().out == "('En', 'Vigo') ['O', 'B-LOC']\n"
