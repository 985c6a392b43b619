"""What tells two stages of an experiment apart, and what a second start does not do again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from xlner import BackendError, register
from xlner.errors import NotDownloadedError, UnknownNameError
from xlner.experiments.reproduce import fingerprints as _fingerprints
from xlner.experiments.reproduce.backends import BackendShelf
from xlner.experiments.reproduce.fingerprints import Fingerprints, fingerprint_of, stamps

BUILT: list[str] = []


class Versioned:
    """A backend whose results depend on the first word of its file."""

    def __init__(self, file: str, *, model: str = "owner/default", language: str = "en") -> None:
        self.file = Path(file)
        if not self.file.is_file():
            raise BackendError("the file is gone")
        BUILT.append(language)

    @property
    def fingerprint(self) -> str:
        return f"versioned {self.file.read_text(encoding='utf-8').split()[0]}"


class OneModel:
    """A translator with one model for all routes but those from `xx`."""

    def __init__(self) -> None:
        BUILT.append("translator")
        self.routes: list[tuple[str, str]] = []

    def check_direction(self, from_lang: str, to_lang: str) -> None:
        if from_lang == "no":
            raise BackendError("no such route")
        self.routes.append((from_lang, to_lang))

    @property
    def fingerprint(self) -> str:
        return f"one model {[r for r in self.routes if r[0] == 'xx']}"

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        return list(texts)


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    from xlner.core.registry import _BUILTIN

    BUILT.clear()
    register("recognizer", "versioned", f"{__name__}:Versioned")
    register("translator", "one-model", f"{__name__}:OneModel")
    yield
    del _BUILTIN["recognizer"]["versioned"], _BUILTIN["translator"]["one-model"]


def started(folder: Path, said: list[str] | None = None) -> BackendShelf:
    """What a new process has."""
    return BackendShelf(folder, (said if said is not None else []).append)


def test_a_backend_is_asked_once_and_again_only_where_something_has_changed(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.write_text("1 a", encoding="utf-8")
    spec = f"versioned:{model}"
    first = started(tmp_path).fingerprint("recognizer", spec, language="fr", unknown="x")
    assert first == "versioned 1"
    assert BUILT == ["fr"]
    shelf = started(tmp_path)
    assert shelf.fingerprint("recognizer", spec, language="fr") == first
    assert BUILT == ["fr"]  # remembered
    shelf.fingerprint("recognizer", spec, language="de")
    assert BUILT == ["fr", "de"]
    model.write_text("1 touched", encoding="utf-8")
    assert started(tmp_path).fingerprint("recognizer", spec, language="fr") == first  # asked, and still the same
    assert BUILT == ["fr", "de", "fr"]
    model.write_text("2", encoding="utf-8")
    assert started(tmp_path).fingerprint("recognizer", spec, language="fr") == "versioned 2"


def test_new_packages_and_new_commits_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    seen = {stamps("recognizer", "versioned:x")}
    for name in ("owner/default", "owner/named", "owner/inside"):
        refs = tmp_path / "hub" / f"models--{name.replace('/', '--')}" / "refs"
        refs.mkdir(parents=True)
        for commit in ("1", "2"):
            (refs / "main").write_text(commit, encoding="utf-8")
            spec = "versioned:owner/named?x=(hf:owner/inside?pool=first)&y=no:spec?at&z=1"
            seen.add(stamps("recognizer", spec))
    assert len(seen) == 1 + 6
    monkeypatch.setattr(_fingerprints, "_packages", lambda: ("torch-9.dist-info",))
    seen.add(stamps("recognizer", spec))
    assert len(seen) == 1 + 7
    assert stamps("recognizer", "unknown:x") not in seen


def test_the_packages_of_this_interpreter_count() -> None:
    assert any(name.startswith("numpy-") for name in _fingerprints._packages())


def test_what_cannot_be_built_any_more_is_taken_as_it_was(tmp_path: Path) -> None:
    model = tmp_path / "model"
    with pytest.raises(BackendError, match="gone"):
        started(tmp_path).fingerprint("recognizer", f"versioned:{model}")
    model.write_text("1", encoding="utf-8")
    assert started(tmp_path).fingerprint("recognizer", f"versioned:{model}") == "versioned 1"
    model.unlink()
    said: list[str] = []
    assert started(tmp_path, said).fingerprint("recognizer", f"versioned:{model}") == "versioned 1"
    assert said == [
        f"versioned:{model} cannot be built here, its finished stages are taken as they are: the file is gone"
    ]


@pytest.mark.parametrize("damage", ["", "[1]", '{"recognizer x": 1}', '{"recognizer x": {"stamps": "1"}}'])
def test_damaged_memory_is_forgotten(tmp_path: Path, damage: str) -> None:
    (tmp_path / "fingerprints.json").write_text(damage, encoding="utf-8")
    made = Fingerprints(tmp_path / "fingerprints.json", lambda _: None).of("recognizer", "hf:x", "", lambda: "built")
    assert made.startswith("str hf:x")
    assert json.loads((tmp_path / "fingerprints.json").read_text(encoding="utf-8"))["recognizer hf:x"]


def test_a_backend_without_fingerprint_goes_by_its_files(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights").write_text("1", encoding="utf-8")
    seen = {fingerprint_of(object(), f"x:{model}")}
    (model / "weights").write_text("22", encoding="utf-8")
    seen |= {fingerprint_of(object(), f"x:{model}?k=v"), fingerprint_of(object(), f"x:{model}")}
    assert len(seen) == 3


def test_what_is_missing_is_not_looked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def create(kind: str, spec: str, **_: object) -> None:
        tries.append(kind)
        raise NotDownloadedError("not here") if spec == "one-model" else BackendError("broken")

    monkeypatch.setattr("xlner.experiments.reproduce.backends.load", create)
    shelf = started(tmp_path)
    for _ in range(2):
        for lang in ("yor", "zul"):
            with pytest.raises(NotDownloadedError):
                shelf.translator_fingerprint("one-model", (lang, "en"))
        with pytest.raises(BackendError, match="broken"):
            shelf.get("recognizer", "versioned:x")
    assert tries == ["translator", "recognizer", "recognizer"]


def test_translators_serve_all_routes_that_their_fingerprint_does_not_tell_apart(tmp_path: Path) -> None:
    shelf = started(tmp_path)
    first: Any = shelf.translator("one-model", ("yor", "en"))
    assert shelf.translator("one-model", ("zul", "en")) is first
    other = shelf.translator("one-model", ("xx", "en"))
    assert other is not first
    assert shelf.translator("one-model", ("xx", "en")) is other
    assert shelf.translator("one-model", ("yor", "en")) is first
    assert shelf.translator_fingerprint("one-model", ("xx", "en")) == "one model [('xx', 'en')]"
    with pytest.raises(BackendError, match="no such route"):
        shelf.translator("one-model", ("no", "en"))
    with pytest.raises(UnknownNameError):
        shelf.translator("unknown", ("yor", "en"))
