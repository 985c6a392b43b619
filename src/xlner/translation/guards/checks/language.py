"""`wrong-language`: the translation is in a language that was not asked for."""

from __future__ import annotations

from xlner.translation.guards import language_identification
from xlner.translation.guards.statistics import TranslationStatistics

MIN_NATS = 22.0
"""Nats beyond which another language is so much more probable that the translation is in it."""
MIN_FAMILIAR = 0.15
"""Fraction of familiar words below which a translation is foreign, for languages that cannot be identified."""

RETRY_MIN_NATS = 5.0
"""Nats beyond which a translation is attempted again."""
RETRY_MIN_FAMILIAR = 0.2
"""Fraction of familiar words below which a translation is attempted again, for the same languages."""


def is_wrong_language(
    text: str, translation: str, from_lang: str, to_lang: str, statistics: TranslationStatistics
) -> bool:
    """Return whether a translation is in another language than `to_lang`."""
    if not language_identification.knows(to_lang):
        return statistics.familiar(translation) < MIN_FAMILIAR
    if statistics.identified.has_words_of(translation):
        return False
    nats = language_identification.another_language(text, translation, from_lang, to_lang)
    if nats == 0 and language_identification.foreignness_without_names(text, translation, to_lang)[0] == 0:
        statistics.identified.add(translation)
    return nats > MIN_NATS


def may_be_wrong_language(
    text: str, translation: str, from_lang: str, to_lang: str, statistics: TranslationStatistics
) -> bool:
    """Return whether a translation may be in another language than `to_lang`."""
    if not language_identification.knows(to_lang):
        return statistics.familiar(translation) < RETRY_MIN_FAMILIAR
    if statistics.identified.has_words_of(translation):
        return False
    return language_identification.another_language(text, translation, from_lang, to_lang) > RETRY_MIN_NATS
