"""Segmenters of other packages by name, for scripts without spaces."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from xlner.errors import MissingExtraError, UnknownNameError
from xlner.text.suggestions import names_hint
from xlner.text.tokenizer import Segmenter


def _jieba() -> Segmenter:
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)
    lcut: Segmenter = jieba.lcut
    return lcut


def _fugashi() -> Segmenter:
    from fugashi import Tagger

    tagger = Tagger()
    return lambda text: [word.surface for word in tagger(text)]


def _sudachi() -> Segmenter:
    from sudachipy import Dictionary, SplitMode

    dictionary = Dictionary()
    tokenizer = dictionary.tokenizer() if hasattr(dictionary, "tokenizer") else dictionary.create()  # since 0.7; before
    return lambda text: [word.surface() for word in tokenizer.tokenize(text, SplitMode.C)]


def _pythainlp() -> Segmenter:
    from pythainlp import word_tokenize

    def segment(text: str) -> Iterable[str]:
        words: list[str] = word_tokenize(text, engine="newmm", keep_whitespace=True)
        return words

    return segment


_BY_NAME: dict[str, Callable[[], Segmenter]] = {
    "jieba": _jieba,
    "fugashi": _fugashi,
    "sudachi": _sudachi,
    "pythainlp": _pythainlp,
}
_PACKAGES = {"sudachi": "sudachipy"}
"""Packages that have other names than their segmenters."""
CHARACTERS = "characters"
"""The name of the built-in way: each character is a word."""
SEGMENTERS = (CHARACTERS, *_BY_NAME)
"""The names of all segmenters: jieba for Chinese, fugashi and sudachi for Japanese, pythainlp for Thai."""


def segmenter_fingerprint(name: str) -> str:
    """Return the name of a segmenter with the version of its package.

    >>> segmenter_fingerprint("characters")
    'characters'
    """
    try:
        return f"{name} {version(_PACKAGES.get(name, name))}"
    except PackageNotFoundError:
        return name


@cache
def segmenter_named(name: str) -> Segmenter | None:
    """Return a segmenter; None for `characters`, which the tokenizer does by itself.

    Raises `UnknownNameError` for an unknown name, and `MissingExtraError` if its package is not installed.

    >>> segmenter_named("characters") is None
    True
    """
    if name == CHARACTERS:
        return None
    if name not in _BY_NAME:
        raise UnknownNameError(f"unknown segmenter {name!r}", hint=names_hint(name, SEGMENTERS, "one of"))
    try:
        return _BY_NAME[name]()
    except ImportError:
        raise MissingExtraError(f"the segmenter {name}", extra=name) from None
