"""What is suspicious about a translation: checks that need the two texts, their languages, and what is usual so far.

| flag | what is wrong |
|---|---|
| `empty` | nothing to read in it |
| `too-short`, `too-long` | its length, for the pair of languages; a little short, and without what is usually kept |
| `repeated` | words or letters in a loop that the text does not have |
| `wrong-script` | letters of another script than the language is written in |
| `wrong-language` | by its letters another language; or hardly a word that other translations of the run have |
| `copied` | the words of the text, untranslated |
| `cut-off` | no end to a sentence that has one |
| `sentences` | fewer sentences, and shorter |
| `placeholders` | `{name}`, `%s`, `<tag>` of the text missing or doubled |
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from xlner.text import languages
from xlner.text.sentence_splitter import split_sentences
from xlner.translation.guards import identification
from xlner.translation.guards.statistics import TranslationStatistics

if TYPE_CHECKING:
    import regex

_FEWEST_WORDS = 4
_FEWEST_IN_A_COPY = 3
_SPREAD = 5.0
"""How many robust standard deviations a length may be away from the usual one, …"""
_LEAST_DEVIATION = 0.4
"""… and the log ratio that is never too far: two thirds, or half as much again."""
_A_LITTLE_SHORT = 0.4
"""The share of that limit from which on it counts what is lost; …"""
_TOO_MUCH_LOST = 1.5
"""… so many powers of ten are as bad as the limit."""
_SHORTER = -0.25
_COPIED = 0.8
_STRANGE = 1.5
"""Powers of ten that are too many for words of the text alone; …"""
_STRANGE_WORD = 0.4
"""… so many must come from one of them, for names add up; and …"""
_NATS_FOR_A_POWER = 12.0
"""… so much evidence of its letters, for the language of the text, counts as one."""
_UNFAMILIAR = 0.15
_FOREIGN = 22.0
"""Nats by which another language must be more probable."""
_FOREIGN_LETTERS = 0.3
_FEWEST_LETTERS = 3

_WORD = re.compile(r"[^\W\d_]+")
_PLACEHOLDER = re.compile(r"\{\w*\}|%\(\w+\)[sd]|%[sd]\b|\$\{\w+\}|</?\w+ ?/?>|__\w+?__")
_LOOP_OF_LETTERS = re.compile(r"([^\W\d_][^\d]{0,11}?)\1{5,}")  # rows of dots and dashes are layout
_LONG_WORD = 6
_LONGEST_LOOP = 10  # words
_END = re.compile(r"[.!?…。！？؟۔।။።॥։;:][\"'’”»)\]）」』*\s]*$")
_STOP = re.compile(r"[.!?…。！？؟۔।။።॥։][\"'’”»)\]）」』*\s]*$")
_SCRIPTS = {"Jpan": ("Han", "Hiragana", "Katakana"), "Kore": ("Hangul", "Han"), "Hans": ("Han",), "Hant": ("Han",)}


class TranslationWarning(StrEnum):
    """A finding about a translation."""

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


def find_warnings(
    text: str, translation: str, *, from_lang: str, to_lang: str, calibration: TranslationStatistics | None = None
) -> tuple[TranslationWarning, ...]:
    """What is suspicious about a translation of a text, in the order of `TranslationWarning`; nothing in most cases.

    `calibration` knows lengths and words that are usual in the run; without one, a wide prior holds.

    >>> find_warnings("Ana vive en Vigo.", "", from_lang="gl", to_lang="en")
    (<TranslationWarning.EMPTY: 'empty'>,)
    >>> find_warnings("Ana vive en Vigo.", "Ana lives in Vigo.", from_lang="gl", to_lang="en")
    ()
    """
    if not _readable(text):
        return ()
    if not _readable(translation):
        return (TranslationWarning.EMPTY,)
    usual = calibration or TranslationStatistics()
    same = languages.base(from_lang) == languages.base(to_lang)
    deviation = usual.deviation(text, translation)
    copy = not same and _is_copy(text, translation, from_lang, to_lang, usual)
    long = deviation / max(_LEAST_DEVIATION, _SPREAD * usual.spread)
    found: dict[TranslationWarning, Callable[[], bool]] = {
        TranslationWarning.TOO_SHORT: lambda: _is_too_short(text, translation, -long, usual),
        TranslationWarning.TOO_LONG: lambda: long > 1,
        TranslationWarning.REPEATED: lambda: _loops(text, translation),
        TranslationWarning.WRONG_SCRIPT: lambda: _foreign_letters(text, translation, to_lang) > _FOREIGN_LETTERS,
        TranslationWarning.WRONG_LANGUAGE: lambda: (
            not same and not copy and _is_foreign(text, translation, from_lang, to_lang, usual)
        ),
        TranslationWarning.COPIED: lambda: copy,
        TranslationWarning.CUT_OFF: lambda: _is_cut_off(text, translation),
        TranslationWarning.SENTENCES: lambda: (
            deviation < _SHORTER and len(split_sentences(translation)) < len(split_sentences(text))
        ),
        TranslationWarning.PLACEHOLDERS: lambda: _placeholders(text) != _placeholders(translation),
    }
    return tuple(flag for flag, holds in found.items() if holds())


def _is_too_short(text: str, translation: str, short: float, usual: TranslationStatistics) -> bool:
    """`short` is by how much it is, where 1 is too much; a part of it will do where something is lost."""
    return short > 1 or (
        short > _A_LITTLE_SHORT and short + usual.evidence(text, translation).lost / _TOO_MUCH_LOST > 1
    )


def _is_foreign(text: str, translation: str, from_lang: str, to_lang: str, usual: TranslationStatistics) -> bool:
    """Whether it is written in another language."""
    if not identification.knows(to_lang):
        return usual.familiar(translation) < _UNFAMILIAR
    return identification.another_language(text, translation, from_lang, to_lang) > _FOREIGN


def _is_copy(text: str, translation: str, from_lang: str, to_lang: str, usual: TranslationStatistics) -> bool:
    if copied(text, translation) > _COPIED:
        return True
    if Counter(_words(translation)) - Counter(_words(text)):
        return False
    found = usual.evidence(text, translation)
    if found.strangest < _STRANGE_WORD:
        return False
    nats = 0.0
    if identification.knows(from_lang) and identification.knows(to_lang):
        likely = identification.log_probabilities(translation)
        nats = max(nats, likely[languages.base(from_lang)] - likely[languages.base(to_lang)])
    return found.kept + nats / _NATS_FOR_A_POWER >= _STRANGE


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def repeats(text: str) -> int:
    """How often the unit of the longest loop stands in a row: from 4 for a word, 3 for several, 6 for letters, else 0.

    >>> repeats("so so so so good"), repeats("it is it is"), repeats("ahahahahahah")
    (4, 0, 6)
    """
    words = re.findall(r"\w+", text.casefold())
    best = 0
    for size in range(1, min(_LONGEST_LOOP, len(words) // 3) + 1):
        times = _longest_run([a == b for a, b in zip(words, words[size:], strict=False)]) // size + 1
        if times >= (4 if size == 1 else 3):
            best = max(best, times)
    for word in words:
        if len(word) >= _LONG_WORD and (match := _LOOP_OF_LETTERS.search(word)):
            best = max(best, len(match[0]) // len(match[1]))
    return best


def _loops(text: str, translation: str) -> bool:
    times = repeats(translation)
    return times > 0 and times > repeats(text)


def _longest_run(holds: Sequence[bool]) -> int:
    longest = run = 0
    for here in holds:
        run = run + 1 if here else 0
        longest = max(longest, run)
    return longest


def copied(text: str, translation: str) -> float:
    """The share of words in a translation that the text has too, names and numbers aside; 0 where they are few.

    >>> copied("a choiva non para en Vigo", "a choiva non para en Vigo"), copied("Ana Pardo", "Ana Pardo")
    (1.0, 0.0)
    """
    there, here = Counter(_common_words(text)), Counter(_common_words(translation))
    if here.total() < (_FEWEST_IN_A_COPY if text.strip() == translation.strip() else _FEWEST_WORDS):
        return 0.0
    return (there & here).total() / here.total()


def _common_words(text: str) -> Iterable[str]:
    """Words that are not written like names; all words where the script has no capitals."""
    return (word for word in re.findall(r"[^\W\d_]+", text) if not word[0].isupper())


def _readable(text: str) -> bool:
    return any(c.isalnum() for c in text)


def _is_cut_off(text: str, translation: str) -> bool:
    return len(text.split()) >= _FEWEST_WORDS and bool(_STOP.search(text)) and not _END.search(translation)


def _placeholders(text: str) -> Counter[str]:
    return Counter(re.sub(r"\s", "", m) for m in _PLACEHOLDER.findall(text))


def _foreign_letters(text: str, translation: str, to_lang: str) -> float:
    """The share of letters that `to_lang` is not written in."""
    script = languages.script(to_lang)
    pattern = _letters_of(script)
    if pattern is None or (script == "Latn" and translation.isascii()):
        return 0.0
    foreign = sum(map(str.isalpha, pattern.sub("", translation)))
    return foreign / sum(map(str.isalpha, translation)) if foreign >= _FEWEST_LETTERS else 0.0


@cache
def _letters_of(script: str) -> regex.Pattern[str] | None:
    """Letters of a script and those that scripts share; None for a script that is not known."""
    import regex

    names = (*_SCRIPTS.get(script, (script,)), "Common", "Inherited")
    try:
        return regex.compile("[" + "".join(rf"\p{{Script={name}}}" for name in names) + "]")
    except regex.error:
        return None


def severity(flags: Iterable[TranslationWarning]) -> float:
    """How bad a translation is, to tell which of several attempts is best: one more finding is worse than none.

    >>> severity([]) < severity([TranslationWarning.CUT_OFF]) < severity([TranslationWarning.EMPTY])
    True
    """
    return sum(math.inf if flag is TranslationWarning.EMPTY else 1.0 for flag in flags)
