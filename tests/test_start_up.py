from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import xlner

HEAVY = ("torch", "spacy", "numba", "transformers", "scipy", "numpy")


def loaded_by(code: str) -> set[str]:
    program = f"{code}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import xlner; xlner.Entity, xlner.Sentence, xlner.XlnerError",
        "import xlner.cli\ntry: xlner.cli.main(['--help'])\nexcept SystemExit: pass",
        "import xlner.cli\ntry: xlner.cli.main(['label', '--help'])\nexcept SystemExit: pass",
    ],
)
def test_heavy_packages_are_not_loaded(code: str) -> None:
    assert not loaded_by(code) & set(HEAVY)


def test_a_run_in_shards_that_needs_no_arrays_loads_no_numpy(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("Vigo\n", encoding="utf-8")
    (tmp_path / "names.tsv").write_text("Vigo\tLOC\n", encoding="utf-8")
    command = ["recognize", "in.txt", "--lang", "gl", "--recognizer", "gazetteer:names.tsv", "--run-dir", "run"]
    at = f"import os\nos.chdir({str(tmp_path)!r})\n"
    run = f"import xlner.cli\ntry: xlner.cli.main([*{command}, '-o', 'out.jsonl'])\nexcept SystemExit: pass"
    assert not loaded_by(at + run) & set(HEAVY)
    assert "B-LOC" in (tmp_path / "out.jsonl").read_text(encoding="utf-8")


def test_importing_xlner_loads_next_to_nothing() -> None:
    assert not loaded_by("import xlner") & {*HEAVY, "rich", "click", "regex", "langcodes"}


def test_projection_loads_no_part_of_translation_and_no_masked_arrays() -> None:
    loaded = loaded_by("""
from xlner import Alignment, Entity, Pair, Pipeline, Sentence
pair = Pair(Sentence(("Vigo",)), Sentence(("Vigo",), (Entity(0, 1, "LOC"),)), Alignment(((0, 0),)))
print(*Pipeline().with_confidence().run_pairs([pair]))
""")
    assert "xlner.projection.confidence" in loaded
    assert not {name for name in loaded if name.startswith(("xlner.translation.", "numpy.ma."))}


PACKAGES = (
    *("xlner", "xlner.alignment", "xlner.core", "xlner.engines", "xlner.evaluation", "xlner.formats", "xlner.models"),
    *(
        "xlner.pipeline",
        "xlner.projection",
        "xlner.recognition",
        "xlner.report",
        "xlner.text",
        "xlner.transfer",
        "xlner.translation",
    ),
)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_there_and_documented(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__all__
    assert dir(module) == sorted(module.__all__)
    for name in module.__all__:
        value = getattr(module, name)
        assert not (inspect.isclass(value) or inspect.isroutine(value)) or value.__doc__, name


AS_COMMANDS = {
    "fit_classifiers",
    "train_multilingual",
    "train_aligner",
    "export_e5",
    "add_adapters",
    "orthogonality",
    "serve_review",
} | {
    *("train_translator", "run_leaderboard", "leaderboard_page"),
}
"""They need a model, or do not end: their examples are the commands on the pages, which run as tests."""
IN_FAMILIES = {"Analysis", "StudyData", "TrainingRun"}
"""What the functions of the example in docs/families.md return."""


def test_every_public_name_has_an_example_that_runs() -> None:
    root = Path(__file__).parent.parent
    pages = [root / "README.md", *(root / "docs").glob("*.md")]
    blocks = [b for p in pages for b in re.findall(r"```python\n(.*?)```", p.read_text(encoding="utf-8"), re.DOTALL)]
    examples = [
        line
        for path in (root / "src").rglob("*.py")
        for line in re.findall(r"^\s*(?:>>>|\.\.\.) (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    shown = set(re.findall(r"\w+", "\n".join([*blocks, *examples])))
    missing = []
    for package in (*PACKAGES, "xlner.experiments.families", "xlner.experiments.reproduce", "xlner.stages"):
        module = importlib.import_module(package)
        for name in set(module.__all__) - shown - AS_COMMANDS - IN_FAMILIES:
            value = getattr(module, name)
            if (inspect.isclass(value) or inspect.isroutine(value)) and ">>>" not in (value.__doc__ or ""):
                missing.append(f"{package}.{name}")
    assert not missing


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match="No xlner attribute Entitty"):
        _ = xlner.Entitty


@pytest.mark.slow
def test_a_long_run_in_small_batches_does_not_load_numba(tmp_path: Path) -> None:
    text = tmp_path / "in.txt"
    text.write_text("".join(f"Frase {k} en Vigo.\n" for k in range(1_250)), encoding="utf-8")
    names = tmp_path / "names.tsv"
    names.write_text("Vigo\tLOC\n", encoding="utf-8")
    stages = f"'--translator', 'echo', '--recognizer', 'gazetteer:{names}', '--aligner', 'oracle', '--route', 'project'"
    command = f"['label', '{text}', '--lang', 'es', '-o', '{tmp_path / 'out.jsonl'}', {stages}]"
    fewer = "from xlner.projection.kernels import run\nrun.COMPILE_FROM = 1_100"  # of 20,000, to save time
    loaded = loaded_by(f"{fewer}\nimport xlner.cli\ntry: xlner.cli.main({command})\nexcept SystemExit: pass")
    assert (tmp_path / "out.jsonl").exists()
    assert "numba" not in loaded
