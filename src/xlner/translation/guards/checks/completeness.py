"""`cut-off`, `sentences` and `placeholders`: parts of the text that the translation does not have."""

from __future__ import annotations

import re
from collections import Counter

from xlner.text.sentence_splitter import split_sentences

MIN_WORDS_OF_A_SENTENCE = 4
"""Words between spaces from which a text must end like a sentence. Shorter texts are titles and list items."""
MAX_SHORTER = -0.25
"""Log length ratio, relative to the usual one, below which fewer sentences are a warning: four fifths of the length."""

_PLACEHOLDER = re.compile(r"\{\w*\}|%\(\w+\)[sd]|%[sd]\b|\$\{\w+\}|</?\w+ ?/?>|__\w+?__")
_STOP = re.compile(r"[.!?…。！？؟۔།။።॥։][\"'’”»)\]）」』*\s]*$")
_STOP_OR_COLON = re.compile(r"[.!?…。！？؟۔།။።॥։;:][\"'’”»)\]）」』*\s]*$")


def is_cut_off(text: str, translation: str) -> bool:
    """Return whether a translation has no end, although the text is a sentence with a full stop."""
    is_sentence = len(text.split()) >= MIN_WORDS_OF_A_SENTENCE and bool(_STOP.search(text))
    return is_sentence and not _STOP_OR_COLON.search(translation)


def lost_sentences(text: str, translation: str, deviation: float) -> bool:
    """Return whether a translation has fewer sentences and is shorter than usual."""
    return deviation < MAX_SHORTER and has_fewer_sentences(text, translation)


def has_fewer_sentences(text: str, translation: str) -> bool:
    """Return whether a translation has fewer sentences than its text."""
    sentences = len(split_sentences(text))
    if sentences == 1 and translation.strip():
        return False  # the usual case
    return len(split_sentences(translation)) < sentences


def lost_placeholders(text: str, translation: str) -> bool:
    """Return whether `{name}`, `%s`, `<tag>` and the like differ."""
    return _placeholders(text) != _placeholders(translation)


def _placeholders(text: str) -> Counter[str]:
    return Counter(re.sub(r"\s", "", m) for m in _PLACEHOLDER.findall(text))
