from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from xlner.translation.guards.identifier_model import load_identifier

TEXTS = ("A choiva non para en toda a noite.", "The rain does not stop.", "雨は一晩中やまない。", "", "123")


@pytest.fixture(scope="module", autouse=True)
def read_once() -> Iterator[None]:
    """Reading the file of the package takes half a second, each time."""
    from py3langid.langid import LanguageIdentifier

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LanguageIdentifier, "from_model_file", cache(LanguageIdentifier.from_model_file))
        yield


def ranked() -> list[list[tuple[str, float]]]:
    identifier = load_identifier()
    return [identifier.rank(text) for text in TEXTS]


@pytest.fixture(scope="module")
def packed() -> list[list[tuple[str, float]]]:
    """What the identifier of the package says."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    return [identifier.rank(text) for text in TEXTS]


def test_the_unpacked_model_says_the_same(
    packed: list[list[tuple[str, float]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLNER_CACHE", str(tmp_path / "cache"))
    assert ranked() == packed
    (folder,) = (tmp_path / "cache").iterdir()
    assert ranked() == packed

    # A damaged copy is not used, and made again.
    np.save(folder / "table.npy", np.zeros(3))
    (folder / "moves.npy").write_bytes(b"")
    assert ranked() == packed
    assert not folder.exists()
    load_identifier()
    assert folder.exists()


def test_without_a_cache_folder(
    packed: list[list[tuple[str, float]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XLNER_CACHE", str(tmp_path / "file" / "cache"))
    assert ranked() == packed


def test_environments_share_what_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another installation of the same package has the file at another place and of another time."""
    from py3langid import langid

    monkeypatch.setenv("XLNER_CACHE", str(tmp_path / "cache"))
    load_identifier()
    other = tmp_path / "site" / langid.MODEL_FILE
    other.parent.mkdir(parents=True)
    shutil.copyfile(Path(langid.MODEL_DIR) / langid.MODEL_FILE, other)
    monkeypatch.setattr(langid, "MODEL_DIR", tmp_path / "site")
    load_identifier()
    assert len(list((tmp_path / "cache").iterdir())) == 1
