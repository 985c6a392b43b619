"""docs/evaluation.md does what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import NAMES, Command

PAGE = (Path(__file__).parent.parent / "docs" / "evaluation.md").read_text(encoding="utf-8")
GOLD = "Ana\tB-PER\nPardo\tI-PER\nvive\tO\nen\tO\nVigo\tB-LOC\n\nA\tO\nONU\tB-PER\n\nLugo\tB-LOC\nhoxe\tB-DATE\n\n"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(xlner: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that the page talks about."""
    monkeypatch.chdir(tmp_path)
    for name in ("names.tsv", "fewer.tsv"):
        Path(name).write_text(NAMES, encoding="utf-8")
    Path("gold.conll").write_text(GOLD, encoding="utf-8")
    Path("data", "yor").mkdir(parents=True)
    for name in ("data/yor/test.txt", "yor.conll"):
        Path(name).write_text("Ana B-PER\nwá O\n\n", encoding="utf-8")
    for line in blocks("console")[0].splitlines():
        assert xlner(*shlex.split(line.removeprefix("$ xlner "))).code == 0
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_commands(xlner: Command) -> None:
    lines = [line for block in blocks("console") for line in block.splitlines()]
    assert len(lines) >= 8
    for line in lines:
        ran = xlner(*shlex.split(line.removeprefix("$ xlner ")))
        assert ran.code == 0, (line, ran.err)


@pytest.mark.usefixtures("folder")
def test_python(capsys: pytest.CaptureFixture[str]) -> None:
    for block in blocks("python"):
        exec(block, {})
    shown = capsys.readouterr().out
    assert "Counts(correct=1, predicted=2, gold=1, partial=0)" in shown
    assert "type 1 " in shown
    assert "'ONU' was recognized as ORG" in shown


@pytest.mark.usefixtures("folder")
def test_the_signature_has_the_same_names(xlner: Command) -> None:
    (example,) = (line for line in PAGE.splitlines() if line.startswith("mode:"))
    shown = xlner("evaluate", "gold.conll", "pred.jsonl", "--ignore", "DATE", "--bootstrap", "1000").out

    def names(signature: str) -> list[str]:
        return [fact.partition(":")[0] for fact in signature.split("|")]

    assert names(shown.splitlines()[-1]) == names(example)


def test_stages_and_kinds_on_the_page_are_all_there_are() -> None:
    from xlner.evaluation import ErrorKind, ErrorStage, EvaluationMode

    for name in (*ErrorStage, *EvaluationMode):
        assert f"| `{name}`" in PAGE or f"| {name} |" in PAGE
    for kind in ErrorKind:
        assert str(kind).split(" ", maxsplit=1)[0] in PAGE
