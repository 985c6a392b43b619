"""Translation warnings: what looks wrong about a translation, judged by the two texts, their languages and the run.

| warning | what looks wrong |
|---|---|
| `empty` | the translation has no letters or digits |
| `too-short`, `too-long` | the length, compared with the run; too short is also a little short with something lost |
| `repeated` | words or letters in a loop that the text does not have |
| `wrong-script` | letters of a script that the language is not written in |
| `wrong-language` | another language, or hardly a word that other translations of the run have |
| `copied` | the words of the text, untranslated |
| `cut-off` | no end, although the text is a sentence with a full stop |
| `sentences` | fewer sentences, and shorter |
| `placeholders` | `{name}`, `%s` or `<tag>` of the text missing or doubled |
| `verbatim` | an address, @name, #tag, file path or code of the text missing or changed (`xlner.text.verbatim`) |

Verbatim text counts for the last warning only. The others are about the words around it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum

from xlner.text import languages
from xlner.text.verbatim import lost_verbatim, without_verbatim
from xlner.translation.guards.checks.completeness import is_cut_off, lost_placeholders, lost_sentences
from xlner.translation.guards.checks.copies import is_copied
from xlner.translation.guards.checks.language import is_wrong_language
from xlner.translation.guards.checks.length import is_too_long, is_too_short
from xlner.translation.guards.checks.loops import has_loop
from xlner.translation.guards.checks.script import is_wrong_script
from xlner.translation.guards.statistics import TranslationStatistics


class TranslationWarning(StrEnum):
    """Something that looks wrong about a translation.

    >>> TranslationWarning("copied")
    <TranslationWarning.COPIED: 'copied'>
    """

    EMPTY = "empty"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    REPEATED = "repeated"
    WRONG_SCRIPT = "wrong-script"
    WRONG_LANGUAGE = "wrong-language"
    COPIED = "copied"
    CUT_OFF = "cut-off"
    SENTENCES = "sentences"
    PLACEHOLDERS = "placeholders"
    VERBATIM = "verbatim"


def find_warnings(
    text: str, translation: str, *, from_lang: str, to_lang: str, statistics: TranslationStatistics | None = None
) -> tuple[TranslationWarning, ...]:
    """Return what looks wrong about a translation, in the order of `TranslationWarning`; usually nothing.

    `statistics` knows the lengths and words that are usual in the run. Without it a broad prior is used.

    >>> find_warnings("Ana vive en Vigo.", "", from_lang="gl", to_lang="en")
    (<TranslationWarning.EMPTY: 'empty'>,)
    >>> find_warnings("Ana vive en Vigo.", "Ana lives in Vigo.", from_lang="gl", to_lang="en")
    ()
    """
    if not _readable(text):
        return ()
    if not _readable(translation):
        return (TranslationWarning.EMPTY,)
    lost = (TranslationWarning.VERBATIM,) if lost_verbatim(text, translation) else ()
    placeholders = lost_placeholders(text, translation)
    text, translation = without_verbatim(text), without_verbatim(translation)
    if not _readable(text):
        return lost
    usual = statistics or TranslationStatistics()
    deviation = usual.deviation(text, translation)
    other = languages.base(from_lang) != languages.base(to_lang)
    copied = other and is_copied(text, translation, from_lang, to_lang, usual)
    foreign = other and not copied and is_wrong_language(text, translation, from_lang, to_lang, usual)
    found = {
        TranslationWarning.TOO_SHORT: is_too_short(text, translation, deviation, usual),
        TranslationWarning.TOO_LONG: is_too_long(deviation, usual),
        TranslationWarning.REPEATED: has_loop(text, translation),
        TranslationWarning.WRONG_SCRIPT: is_wrong_script(translation, to_lang),
        TranslationWarning.WRONG_LANGUAGE: foreign,
        TranslationWarning.COPIED: copied,
        TranslationWarning.CUT_OFF: is_cut_off(text, translation),
        TranslationWarning.SENTENCES: lost_sentences(text, translation, deviation),
        TranslationWarning.PLACEHOLDERS: placeholders,
    }
    return (*(warning for warning, holds in found.items() if holds), *lost)


def severity(warnings: Iterable[TranslationWarning]) -> float:
    """Return how bad a translation is, to choose the best of several attempts: the number of warnings.

    An empty translation is worse than any other.

    >>> severity([]) < severity([TranslationWarning.CUT_OFF]) < severity([TranslationWarning.EMPTY])
    True
    """
    return sum(math.inf if warning is TranslationWarning.EMPTY else 1.0 for warning in warnings)


def _readable(text: str) -> bool:
    return any(c.isalnum() for c in text)
