"""The names of languages in prompts."""

from __future__ import annotations

from xlner.errors import UnknownNameError
from xlner.text import languages

# Models know the codes, but they know the names of common languages better.
_NAMES = {
    "ar": "Arabic", "ca": "Catalan", "de": "German", "en": "English", "es": "Spanish", "eu": "Basque", "fr": "French",
    "gl": "Galician", "hi": "Hindi", "it": "Italian", "ja": "Japanese", "nl": "Dutch", "pl": "Polish",
    "pt": "Portuguese", "ru": "Russian", "sw": "Swahili", "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip


def language_name(code: str) -> str:
    """Return the English name of a language, or a phrase with its code. Raises `UnknownNameError` for another word.

    >>> language_name("gl"), language_name("lug")
    ('Galician', 'the language with the code lug_Latn')
    """
    return _NAMES.get(languages.canonical(code), f"the language with the code {languages.flores(code)}")


def in_language(code: str | None, preposition: str = "in") -> str:
    """Return the language of a sentence as part of a prompt; empty for none and for an unknown one.

    >>> in_language("gl"), in_language("und")
    (' in Galician', '')
    """
    try:
        return "" if code is None else f" {preposition} {language_name(code)}"
    except UnknownNameError:  # such as und, which stands for an unknown one
        return ""
