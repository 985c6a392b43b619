"""The names of languages in prompts."""

from __future__ import annotations

from xlner.text import languages

# Models know the codes, but they know the names of common languages better.
_NAMES = {
    "ar": "Arabic", "ca": "Catalan", "de": "German", "en": "English", "es": "Spanish", "eu": "Basque", "fr": "French",
    "gl": "Galician", "hi": "Hindi", "it": "Italian", "ja": "Japanese", "nl": "Dutch", "pl": "Polish",
    "pt": "Portuguese", "ru": "Russian", "sw": "Swahili", "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip


def language_name(code: str) -> str:
    """Return the English name of a language, or a phrase with its code.

    >>> language_name("gl"), language_name("lug")
    ('Galician', 'the language with the code lug_Latn')
    """
    return _NAMES.get(languages.canonical(code), f"the language with the code {languages.flores(code)}")
