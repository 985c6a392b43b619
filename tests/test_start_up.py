from __future__ import annotations

import subprocess
import sys

import pytest

import xlner

HEAVY = ("torch", "spacy", "numba", "transformers", "scipy", "numpy")


def loaded_by(code: str) -> set[str]:
    program = f"{code}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


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


def test_importing_xlner_loads_next_to_nothing() -> None:
    assert not loaded_by("import xlner") & {*HEAVY, "rich", "click", "regex", "langcodes"}


def test_every_public_name_is_there_and_documented() -> None:
    assert sorted(xlner.__all__) == xlner.__all__
    assert dir(xlner) == xlner.__all__
    for name in xlner.__all__:
        value = getattr(xlner, name)
        assert name == "__version__" or value.__doc__, name


def test_the_types_a_checker_sees_are_those_that_are_there() -> None:
    homes = {name for names in xlner._HOMES.values() for name in names} | set(xlner._MODULES) | {"__version__"}
    assert homes == set(xlner.__all__)


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Entitty'"):
        _ = xlner.Entitty
