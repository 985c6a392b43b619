"""The English names of languages, and other names in use, with their codes."""

from __future__ import annotations

import csv
from difflib import get_close_matches
from functools import cache
from importlib import resources

_ALIKE = 0.8
"""How similar a word has to be to a name."""
_OTHER_NAMES = {
    "bahasa indonesia": "id",
    "bokmål": "no",
    "burmese": "my",
    "cantonese": "yue",
    "castilian": "es",
    "català": "ca",
    "chinese": "zh",
    "dari": "prs",
    "deutsch": "de",
    "esperanto": "eo",
    "euskara": "eu",
    "español": "es",
    "farsi": "fa",
    "flemish": "nl",
    "français": "fr",
    "galego": "gl",
    "gujarati": "gu",
    "italiano": "it",
    "kazakh": "kk",
    "khmer": "km",
    "kurdish": "ku",
    "lao": "lo",
    "luganda": "lg",
    "malay": "ms",
    "malayalam": "ml",
    "mandarin": "zh",
    "marathi": "mr",
    "mongolian": "mn",
    "nepali": "ne",
    "nynorsk": "nn",
    "panjabi": "pa",
    "pashto": "ps",
    "português": "pt",
    "punjabi": "pa",
    "quechua": "qu",
    "sinhala": "si",
    "somali": "so",
    "tagalog": "fil",
    "tibetan": "bo",
    "urdu": "ur",
    "uyghur": "ug",
    "uzbek": "uz",
    "valencian": "ca",
    "yiddish": "yi",
}
"""Names of languages that are not in the table, and other names of those that are."""


@cache
def codes_by_name() -> dict[str, str]:
    """Return the codes of the languages of the table by name in lower case, with other names that are in use.

    >>> codes_by_name()["catalan"], codes_by_name()["farsi"]
    ('ca', 'fa')
    """
    text = (resources.files(__package__) / "languages.csv").read_text(encoding="utf-8")
    return {row["name"].casefold(): row["code"] for row in csv.DictReader(text.splitlines())} | _OTHER_NAMES


def code_of_name(name: str) -> str | None:
    """Return the code of the language with this name or a similar one; None if there is none.

    >>> code_of_name("Catalan"), code_of_name("Spansh"), code_of_name("zzz")
    ('ca', 'es', None)
    """
    codes = codes_by_name()
    near = get_close_matches(name.strip().casefold(), codes, n=1, cutoff=_ALIKE)
    return codes[near[0]] if near else None
