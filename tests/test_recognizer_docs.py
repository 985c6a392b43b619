"""The examples on the page about recognizers work."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import Command

pytest.importorskip("torch", reason="needs xlner[hf]")
pytest.importorskip("transformers", reason="needs xlner[hf]")

PAGE = (Path(__file__).parent.parent / "docs" / "recognizers.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from tests.tiny_recognizers import save_model

    save_model("xlmr", tmp_path / "my-ner")
    (tmp_path / "yo.txt").write_text("Wole Soyinka wà ní Èkó.\n", encoding="utf-8")
    (tmp_path / "en.txt").write_text("Ana lives in VIGO.\n", encoding="utf-8")
    (tmp_path / "names.tsv").write_text("Vigo\tLOC\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_commands(xlner: Command, folder: Path) -> None:
    lines = [line for block in blocks("console") for line in block.splitlines()]
    assert len(lines) == 4
    for line in lines:
        ran = xlner(*shlex.split(line.removeprefix("$ xlner ")))
        assert ran.code == 0, (line, ran.err)
    assert (folder / "en.conll").read_text(encoding="utf-8").count("\n") == 7
    assert '"label": "LOC"' in (folder / "names.jsonl").read_text(encoding="utf-8")


def test_python() -> None:
    codes = blocks("python")
    assert len(codes) == 3
    for code in codes:
        exec(code, {})
