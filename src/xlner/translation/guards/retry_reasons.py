"""Retry reasons: weak signs that lead to a second attempt, but to no warning.

Their thresholds are lower than those of the warnings, so that they catch almost every bad translation. They also catch
a few percent of the good ones, which come out of the second attempt as they were.
"""

from __future__ import annotations

import re

from xlner.text import languages
from xlner.text.verbatim import without_verbatim
from xlner.translation.guards.checks.completeness import has_fewer_sentences
from xlner.translation.guards.checks.copies import may_be_copied
from xlner.translation.guards.checks.language import may_be_wrong_language
from xlner.translation.guards.checks.length import is_rather_short
from xlner.translation.guards.statistics import TranslationStatistics
from xlner.translation.guards.warnings import TranslationWarning

_WORD = re.compile(r"[^\W\d_]+")


def retry_reasons(
    text: str, translation: str, *, from_lang: str, to_lang: str, statistics: TranslationStatistics
) -> tuple[TranslationWarning, ...]:
    """Return the reasons to translate a text again, for a translation without warnings.

    These are `too-short`, `wrong-language`, `copied` and `sentences`. A text without letters has
    none; verbatim text does not count.

    >>> statistics = TranslationStatistics()
    >>> retry_reasons("Volvemos.", "Volvemos.", from_lang="gl", to_lang="en", statistics=statistics)
    (<TranslationWarning.COPIED: 'copied'>,)
    >>> retry_reasons("Volvemos.", "We go back.", from_lang="gl", to_lang="en", statistics=statistics)
    ()
    """
    text, translation = without_verbatim(text), without_verbatim(translation)
    if not _WORD.search(text):
        return ()
    other = languages.base(from_lang) != languages.base(to_lang)
    spaced = not languages.spaceless(from_lang) and not languages.spaceless(to_lang)
    foreign = other and may_be_wrong_language(text, translation, from_lang, to_lang, statistics)
    found = {
        TranslationWarning.TOO_SHORT: is_rather_short(text, translation, statistics, spaced=spaced),
        TranslationWarning.WRONG_LANGUAGE: foreign,
        TranslationWarning.COPIED: other and may_be_copied(text, translation, statistics),
        TranslationWarning.SENTENCES: has_fewer_sentences(text, translation),
    }
    return tuple(reason for reason, holds in found.items() if holds)
