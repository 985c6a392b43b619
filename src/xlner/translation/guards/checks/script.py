"""`wrong-script`: letters that the language is not written in."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from xlner.text import languages

if TYPE_CHECKING:
    import regex

MAX_FOREIGN = 0.3
"""Fraction of the letters that may be of another script, as in names and quotations."""
MIN_FOREIGN_LETTERS = 3
"""Letters of another script below which the check passes. Fewer may be symbols, such as Greek letters."""

_SCRIPTS = {"Jpan": ("Han", "Hiragana", "Katakana"), "Kore": ("Hangul", "Han"), "Hans": ("Han",), "Hant": ("Han",)}


def is_wrong_script(translation: str, to_lang: str) -> bool:
    """Return whether too many letters are of a script that the language is not written in."""
    return _foreign_fraction(translation, to_lang) > MAX_FOREIGN


def _foreign_fraction(translation: str, to_lang: str) -> float:
    script = languages.script(to_lang)
    pattern = _letters_of(script)
    if pattern is None or (script == "Latn" and translation.isascii()):
        return 0.0
    foreign = sum(map(str.isalpha, pattern.sub("", translation)))
    return foreign / sum(map(str.isalpha, translation)) if foreign >= MIN_FOREIGN_LETTERS else 0.0


@cache
def _letters_of(script: str) -> regex.Pattern[str] | None:
    """Letters of a script and those that scripts share; None for a script that is not known."""
    import regex

    names = (*_SCRIPTS.get(script, (script,)), "Common", "Inherited")
    try:
        return regex.compile("[" + "".join(rf"\p{{Script={name}}}" for name in names) + "]")
    except regex.error:
        return None
