"""What is a little suspicious about a translation: reason to make it once more, not to warn of it.

The limits are lower than those of `xlner.translation.guards.checks`, so that next to no fault is under them; sentences
that are good are over them by the dozen, and come out as they were.
"""

from __future__ import annotations

import re
from collections import Counter

from xlner.text import languages
from xlner.text.sentence_splitter import split_sentences
from xlner.translation.guards import identification
from xlner.translation.guards.checks import TranslationWarning
from xlner.translation.guards.statistics import TranslationStatistics

_SPREAD = 3.0
"""How many robust standard deviations below the usual a length, or a number of words, may be; …"""
_LEAST_LETTERS = 0.25
_LEAST_WORDS = 0.3
"""… and the log ratios that are never too low."""
_LOST = 2.0
"""Powers of ten that are too many for what is lost, whatever the length."""
_FOREIGN = 5.0
_UNFAMILIAR = 0.2
_KEPT = 0.1
"""Powers of ten below which the words of a text are as a rule kept."""

_WORD = re.compile(r"[^\W\d_]+")


def doubts(
    text: str, translation: str, *, from_lang: str, to_lang: str, calibration: TranslationStatistics
) -> tuple[TranslationWarning, ...]:
    """What might be wrong with a translation that has no flag: `too-short`, `wrong-language`, `copied`, `sentences`.

    >>> calibration = TranslationStatistics()
    >>> doubts("Volvemos.", "Volvemos.", from_lang="gl", to_lang="en", calibration=calibration)
    (<TranslationWarning.COPIED: 'copied'>,)
    >>> doubts("Volvemos.", "We go back.", from_lang="gl", to_lang="en", calibration=calibration)
    ()
    """
    if not _WORD.search(text):
        return ()
    same = languages.base(from_lang) == languages.base(to_lang)
    spaced = not languages.spaceless(from_lang) and not languages.spaceless(to_lang)
    found = {
        TranslationWarning.TOO_SHORT: _is_short(text, translation, calibration, spaced=spaced),
        TranslationWarning.WRONG_LANGUAGE: not same and _is_foreign(text, translation, from_lang, to_lang, calibration),
        TranslationWarning.COPIED: not same and _has_no_new_word(text, translation, calibration),
        TranslationWarning.SENTENCES: len(split_sentences(translation)) < len(split_sentences(text)),
    }
    return tuple(flag for flag, holds in found.items() if holds)


def _is_short(text: str, translation: str, usual: TranslationStatistics, *, spaced: bool) -> bool:
    if usual.deviation(text, translation) < -max(_LEAST_LETTERS, _SPREAD * usual.spread):
        return True
    fewest = -max(_LEAST_WORDS, _SPREAD * usual.spread_of_words)
    if spaced and usual.deviation_of_words(text, translation) < fewest:
        return True
    return usual.evidence(text, translation).lost > _LOST


def _is_foreign(text: str, translation: str, from_lang: str, to_lang: str, usual: TranslationStatistics) -> bool:
    if not identification.knows(to_lang):
        return usual.familiar(translation) < _UNFAMILIAR
    return identification.another_language(text, translation, from_lang, to_lang) > _FOREIGN


def _has_no_new_word(text: str, translation: str, usual: TranslationStatistics) -> bool:
    """Whether all words are the text's, and not ones that are known to stay as they are."""
    here = Counter(_WORD.findall(translation.casefold()))
    if not here or here - Counter(_WORD.findall(text.casefold())):
        return False
    return not usual.knows_words or usual.evidence(text, translation).kept > _KEPT
