"""Which language a text is written in, by naive Bayes over byte sequences (py3langid)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from xlner.errors import UnknownNameError
from xlner.text import languages
from xlner.translation.guards.identifier_model import load_identifier

_NO_LANGUAGE = "zxx"
_WORD = re.compile(r"[^\W\d_]+")
_ALIKE = tuple(
    frozenset(group.split())
    for group in (
        "ar ary arz",
        "bs hr sr",
        "da nn no",
        "el grc",
        "en pcm",
        "es an ext",
        "fr gcf gcr wa",
        "he hbo",
        "id ms",
        "it lij vec",
        "ku sdh",
        "lv ltg",
        "uz uzs",
        "wuu yue zh",
    )
)
"""Languages that are often confused, or whose sentences may be correct in both."""


@cache
def knows(language: str) -> bool:
    """Return whether texts of the language can be identified.

    >>> knows("gl"), knows("ee")
    (True, False)
    """
    return languages.base(language) in _labels().values()


def log_probabilities(text: str, *wanted: str) -> list[float]:
    """Return the joint log probability of the text and each of some known languages, in nats.

    >>> galician, english = log_probabilities("A choiva non para en toda a noite.", "gl", "en")
    >>> galician > english
    True
    """
    ranked = dict(_ranked(text))
    return [_of(languages.base(language), ranked) for language in wanted]


def foreignness(text: str, language: str) -> tuple[float, str]:
    """Return by how many nats another language is more probable than this one, and which language that is.

    The result is 0 nats if the language itself, or one that is often confused with it, is the most probable one, and
    for a language that cannot be identified.

    >>> foreignness("The rain does not stop for the whole night.", "en")[0]
    0.0
    >>> foreignness("Der Regen hört die ganze Nacht nicht auf.", "en")[1]
    'de'
    """
    wanted = languages.base(language)
    if not knows(wanted):
        return 0.0, wanted
    ranked = _ranked(text)
    label, most = ranked[0]
    best = _labels()[label]
    if best in _like(wanted) or best == _NO_LANGUAGE:
        return 0.0, wanted
    return most - _of(wanted, dict(ranked)), best


@lru_cache(maxsize=4096)  # warnings and retry reasons ask for the same sentence
def foreignness_without_names(text: str, translation: str, language: str) -> tuple[float, str]:
    """Return the same for a translation without the names that the text has too."""
    return foreignness(_without_names(text, translation), language)


def another_language(text: str, translation: str, from_lang: str, to_lang: str) -> float:
    """Return by how many nats another language is more probable for a translation than the one asked for.

    Names that the text has too are left out. The translation may stay in a third language that the text itself is
    written in, as quotations and titles are.

    >>> another_language("A choiva non para en Vigo.", "A choiva non para en Vigo.", "gl", "en") > 5
    True
    """
    nats, found = foreignness_without_names(text, translation, to_lang)
    if nats and found != languages.base(from_lang) and foreignness(text, from_lang)[1] == found:
        return 0.0
    return nats


def _without_names(text: str, translation: str) -> str:
    """A translation without the capitalized words that the text has too."""
    there = set(_WORD.findall(text.casefold()))
    return _WORD.sub(lambda m: "" if m[0][0].isupper() and m[0].casefold() in there else m[0], translation)


@cache
def _like(language: str) -> frozenset[str]:
    return frozenset({language}).union(*(group for group in _ALIKE if language in group))


def _ranked(text: str) -> list[tuple[str, float]]:
    """All labels with their log probabilities, the most probable first."""
    ranked: list[tuple[str, float]] = _identifier().rank(text)
    return ranked


def _of(language: str, ranked: Mapping[str, float]) -> float:
    """The log probability of a language, which may have several labels."""
    return max(ranked[label] for label in _labels_of(language))


@cache
def _labels_of(language: str) -> tuple[str, ...]:
    return tuple(label for label, code in _labels().items() if code == language)


@cache
def _labels() -> Mapping[str, str]:
    """The canonical code of each label of the identifier."""
    found = {}
    for label in set(_identifier().labels):
        try:
            found[label] = label if label == _NO_LANGUAGE else languages.base(label)
        except UnknownNameError:
            found[label] = label
    return found


@cache
def _identifier() -> Any:
    return load_identifier()


def version() -> str:
    """Return the name and version of the identifier, which results depend on."""
    from importlib.metadata import version as version_of

    return f"py3langid {version_of('py3langid')}"
