"""The package in examples/plugin, installed: xlner finds what it adds, and its own tests pass."""

from __future__ import annotations

import inspect
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from tests.conftest import Command
from xlner import load
from xlner.core import plugins
from xlner.errors import BackendError, UnknownNameError
from xlner.formats import format_of
from xlner.formats.datasets import all_datasets, locate

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "examples" / "plugin"
ITS_TESTS = TEMPLATE / "tests" / "test_village.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the package is installed into."""
    pytest.importorskip("hatchling", reason="needs xlner[dev]")
    made = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    here = ["--no-index", "--no-deps", "--no-build-isolation", "--target", str(made), str(TEMPLATE)]
    subprocess.run([*pip, *here], check=True)
    return made


@pytest.fixture
def installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(folder)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", re.findall(r"^def (test_\w+)", ITS_TESTS.read_text(encoding="utf-8"), re.MULTILINE))
def test_its_own_tests(name: str, tmp_path: Path) -> None:
    test = runpy.run_path(str(ITS_TESTS))[name]
    test(**{"tmp_path": tmp_path} if "tmp_path" in inspect.signature(test).parameters else {})


@pytest.mark.usefixtures("installed")
def test_commands_of_its_readme(
    xlner: Command, fakes: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = re.findall(r"^```console\n(.*?)^```", (TEMPLATE / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    install, doctor, datasets, label = (shlex.split(line.removeprefix("$ ")) for line in block.splitlines())
    assert install == ["pip", "install", "examples/plugin"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").mkdir()
    shutil.copy(ROOT / "examples" / "gl.txt", "examples")
    assert " program " in xlner(*doctor[1:]).out
    assert "village: News of our village" in xlner(*datasets[1:]).out
    cat = [part if part != "program:apertium -u {from}-{to}" else "program:cat" for part in label[1:]]
    assert cat != label[1:]
    ran = xlner(*cat, *fakes[2:])
    assert ran.code == 0, ran.err
    assert "<START:LOC> Vigo <END>" in Path("labeled.opennlp").read_text(encoding="utf-8")


def test_nothing_is_there_before_it_is_installed() -> None:
    assert "village" not in all_datasets()
    for call in (
        lambda: load("translator", "program:cat"),
        lambda: load("projector", "fused?weights=length_ratio:1"),
        lambda: locate("village:.?lang=gl"),
    ):
        with pytest.raises(UnknownNameError):
            call()
    assert format_of("a.opennlp", default="text") == "text"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("no.such.module:FORMAT", "format 'theirs' cannot be loaded from no.such.module:FORMAT: No module named 'no'"),
        ("xlner:nothing", "format 'theirs' cannot be loaded from xlner:nothing: No xlner attribute nothing"),
        ("failing:FORMAT", "format 'theirs' cannot be loaded from failing:FORMAT: RuntimeError: no license"),
        ("os:sep", "format 'theirs': os:sep is no format, but of type str"),
    ],
)
def test_entry_points_that_lead_nowhere(
    value: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "failing.py").write_text("raise RuntimeError('no license')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("xlner.core.plugins.entry_points", lambda group: [EntryPoint("theirs", value, group)])
    with pytest.raises(BackendError) as raised:
        plugins.plugins("xlner.formats", "format", lambda value: not isinstance(value, str))
    assert str(raised.value) == message
