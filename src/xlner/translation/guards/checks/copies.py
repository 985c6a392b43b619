"""`copied`: the words of the text, untranslated."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from xlner.translation.guards import language_identification
from xlner.translation.guards.statistics import TranslationStatistics

MAX_COPIED = 0.8
"""Fraction of the words, names aside, that a translation may share with its text."""
MIN_WORDS = 4
"""Words, names aside, from which the fraction counts. In shorter texts cognates may make it 1."""
MIN_WORDS_OF_AN_EXACT_COPY = 3
"""The same for a translation that equals its text."""
MIN_IMPROBABILITY = 1.5
"""Powers of ten of improbability at which a short translation without any new word is a copy."""
MIN_IMPROBABILITY_OF_A_WORD = 0.4
"""Powers of ten that one word alone must reach. The improbabilities of several names add up, and names may stay."""
NATS_PER_POWER = 12.0
"""Nats of evidence for the language of the text that count as one power of ten."""

RETRY_MIN_IMPROBABILITY = 0.1
"""Powers of ten above which a translation without any new word is attempted again."""

_WORD = re.compile(r"[^\W\d_]+")


def is_copied(text: str, translation: str, from_lang: str, to_lang: str, statistics: TranslationStatistics) -> bool:
    """Return whether most words are copied, or all of a short text whose words are hardly ever kept."""
    if copied_fraction(text, translation) > MAX_COPIED:
        return True
    if _has_new_word(text, translation):
        return False
    improbability = statistics.improbability(text, translation)
    if improbability.strangest < MIN_IMPROBABILITY_OF_A_WORD:
        return False
    nats = 0.0
    if language_identification.knows(from_lang) and language_identification.knows(to_lang):
        there, here = language_identification.log_probabilities(translation, from_lang, to_lang)
        nats = max(nats, there - here)
    return improbability.kept + nats / NATS_PER_POWER >= MIN_IMPROBABILITY


def may_be_copied(text: str, translation: str, statistics: TranslationStatistics) -> bool:
    """Return whether a translation has no new word, and its words are not known to stay as they are."""
    if not _WORD.search(translation) or _has_new_word(text, translation):
        return False
    return not statistics.knows_words or statistics.improbability(text, translation).kept > RETRY_MIN_IMPROBABILITY


def copied_fraction(text: str, translation: str) -> float:
    """Return the fraction of words in a translation that the text has too, names aside; 0 if there are few words.

    >>> copied_fraction("a choiva non para en Vigo", "a choiva non para en Vigo")
    1.0
    >>> copied_fraction("Ana Pardo", "Ana Pardo")
    0.0
    """
    there, here = Counter(_common_words(text)), Counter(_common_words(translation))
    exact = text.strip() == translation.strip()
    if here.total() < (MIN_WORDS_OF_AN_EXACT_COPY if exact else MIN_WORDS):
        return 0.0
    return (there & here).total() / here.total()


@lru_cache(maxsize=1 << 8)  # warnings and retry reasons ask for the same sentence
def _has_new_word(text: str, translation: str) -> bool:
    """Whether the translation has a word that the text has not, or has less often."""
    here, there = _words(translation), _words(text)
    return not set(there).issuperset(here) or bool(Counter(here) - Counter(there))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _common_words(text: str) -> Iterable[str]:
    """Words that are not written like names; all words if the script has no capitals."""
    return (word for word in _WORD.findall(text) if not word[0].isupper())
