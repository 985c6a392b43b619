"""Segmenters of other packages, with stubs that have the interfaces of the packages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.conftest import Command
from xlner import Sentence
from xlner.errors import MissingExtraError, UnknownNameError
from xlner.formats import raise_errors, read_sentences
from xlner.text.segmenters import SEGMENTERS, segmenter_named


@pytest.fixture(autouse=True)
def no_packages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    segmenter_named.cache_clear()
    for name in ("jieba", "fugashi", "sudachipy", "pythainlp"):
        monkeypatch.setitem(sys.modules, name, None)
    yield
    segmenter_named.cache_clear()


def halves(text: str) -> list[str]:
    return [text[k : k + 2] for k in range(0, len(text), 2)]


def install(monkeypatch: pytest.MonkeyPatch, name: str, **contents: Any) -> None:
    module = ModuleType(name)
    vars(module).update(contents)
    monkeypatch.setitem(sys.modules, name, module)


class _FugashiTagger:
    def __call__(self, text: str) -> list[SimpleNamespace]:
        return [SimpleNamespace(surface=word) for word in halves(text)]


class _SudachiDictionary:
    def tokenizer(self) -> _SudachiDictionary:
        return self

    def tokenize(self, text: str, mode: str) -> list[SimpleNamespace]:
        assert mode == "C"
        return [SimpleNamespace(surface=lambda word=word: word) for word in halves(text)]


def _word_tokenize(text: str, *, engine: str, keep_whitespace: bool) -> list[str]:
    assert (engine, keep_whitespace) == ("newmm", True)
    return halves(text)


CONTENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "jieba": ("jieba", {"lcut": halves, "setLogLevel": lambda level: None}),
    "fugashi": ("fugashi", {"Tagger": _FugashiTagger}),
    "sudachi": ("sudachipy", {"Dictionary": _SudachiDictionary, "SplitMode": SimpleNamespace(C="C")}),
    "pythainlp": ("pythainlp", {"word_tokenize": _word_tokenize}),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_words_of_scripts_without_spaces(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    package, contents = CONTENTS[name]
    install(monkeypatch, package, **contents)
    sentence = Sentence.from_text("NHKが東京で, ok", segmenter=segmenter_named(name))
    assert sentence.tokens == ("NHK", "が東", "京で", ",", "ok")


@pytest.mark.parametrize("name", CONTENTS)
def test_a_missing_package_is_named_with_its_extra(name: str) -> None:
    with pytest.raises(MissingExtraError, match=rf"pip install 'xlner\[{name}\]'"):
        segmenter_named(name)
    extras = Path("pyproject.toml").read_text(encoding="utf-8")
    assert f"\n{name} = [" in extras


def test_names() -> None:
    assert set(SEGMENTERS) == {"characters", *CONTENTS}
    assert segmenter_named("characters") is None
    with pytest.raises(UnknownNameError, match="unknown segmenter 'mecab'; one of characters, jieba"):
        segmenter_named("mecab")


def test_a_segmenter_that_loses_the_end_of_a_text_is_refused() -> None:
    with pytest.raises(ValueError, match="'京' is missing"):
        Sentence.from_text("東京", segmenter=lambda text: ["東"])


def test_files_are_read_with_a_segmenter(tmp_path: Path) -> None:
    path = tmp_path / "zh.txt"
    path.write_text("我在北京。\n", encoding="utf-8")
    (sentence,) = raise_errors(read_sentences(path, language="zh", segmenter=halves))
    assert sentence.tokens == ("我在", "北京", "。")


def test_from_the_command_line(xlner: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "zh.txt"
    path.write_text("我在北京。\n", encoding="utf-8")
    ran = xlner("convert", path, "-", "--lang", "zh", "--segmenter", "jieba")
    assert ran.code == 2
    assert "the segmenter jieba is not installed; pip install 'xlner[jieba]'" in ran.err
    install(monkeypatch, "jieba", **CONTENTS["jieba"][1])
    assert "北京\tO" in xlner("convert", path, "-", "--lang", "zh", "--segmenter", "jieba").out
