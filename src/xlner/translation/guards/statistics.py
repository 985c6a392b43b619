"""What is usual about the translations of one pair of languages, learned from those seen so far."""

from __future__ import annotations

import math
import re
from bisect import insort
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from xlner.translation.guards.retention import Evidence, Retention

if TYPE_CHECKING:
    import regex

_PRIOR_WEIGHT = 20
"""Translations that the prior counts for."""
_PRIOR_SPREAD = 0.15
"""Standard deviation of log length ratios over language pairs and kinds of text, about."""
_SHORT = 10.0
"""Letters added to both lengths, so that a word more or less says little in a short text."""
_ENOUGH = 200
"""Translations from which on words say something."""
_MOST = 20_000
_RARE = 0.02
"""The share of translations that a word must be in to be one of the language, not of a few translations gone wrong."""
_FEWEST_WORDS = 5
_MAD_TO_DEVIATION = 1.4826


@dataclass(slots=True)
class TranslationStatistics:
    """Statistics so far: log ratios of lengths and of numbers of words, how many distinct translations each word is in,
    and what is kept.

    >>> calibration = TranslationStatistics()
    >>> for _ in range(200):
    ...     calibration.add("x" * 30, "y" * 60)
    >>> abs(calibration.deviation("x" * 30, "y" * 60)) < 0.1, calibration.deviation("x" * 30, "y" * 30) < -0.4
    (True, True)
    """

    ratios: list[float] = field(default_factory=list)
    word_ratios: list[float] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    retention: Retention = field(default_factory=Retention)

    def add(self, text: str, translation: str) -> None:
        """Count a translation in, until many are known."""
        if len(self.ratios) >= _MOST:
            return
        insort(self.ratios, _log_ratio(text, translation))
        insort(self.word_ratios, _log_ratio_of_words(text, translation))
        self.retention.add(text, translation)
        if translation not in self.seen:
            self.seen.add(translation)
            self.words.update(set(_words(translation)))

    @property
    def center(self) -> float:
        """The median log ratio, pulled to 0 while little is known."""
        return _center(self.ratios)

    @property
    def spread(self) -> float:
        """A robust standard deviation of log ratios, pulled to the prior's while little is known."""
        return _spread(self.ratios)

    @property
    def spread_of_words(self) -> float:
        """The same of log ratios of numbers of words."""
        return _spread(self.word_ratios)

    def deviation(self, text: str, translation: str) -> float:
        """How far the log ratio of lengths is from the usual one; negative for short translations."""
        return _log_ratio(text, translation) - self.center

    def deviation_of_words(self, text: str, translation: str) -> float:
        """How far the log ratio of the numbers of words, between spaces, is from the usual one."""
        return _log_ratio_of_words(text, translation) - _center(self.word_ratios)

    @property
    def knows_words(self) -> bool:
        """Whether so many translations are known that words say something."""
        return len(self.seen) >= _ENOUGH

    def evidence(self, text: str, translation: str) -> Evidence:
        """How strange it is what of the text is lost and what is kept; nothing is where too little is known."""
        if not self.knows_words:
            return Evidence()
        return self.retention.evidence(text, translation)

    def familiar(self, translation: str) -> float:
        """The share of words, names aside, that a fair number of translations have; 1 where too little is known.

        The translation is taken to have been counted in.
        """
        if not self.knows_words:
            return 1.0
        few = max(1.0, len(self.seen) * _RARE)
        found = _words(translation)
        if len(found) < _FEWEST_WORDS:
            return 1.0
        return sum(self.words[word] > few for word in found) / len(found)


def length(text: str) -> float:
    """How much a text says, in letters of an alphabet: syllables of a syllabary count for 2, logograms for 3.

    >>> length("Vigo 12"), length("今日は")
    (6.0, 8.0)
    """
    if text.isascii():
        return float(len(text) - text.count(" "))
    dense = sum(2 if c.isalpha() else 1 for c in _logograms().findall(text))
    return float(len(text) - sum(map(str.isspace, text)) + dense + len(_syllables().findall(text)))


def _log_ratio(text: str, translation: str) -> float:
    return math.log((length(translation) + _SHORT) / (length(text) + _SHORT))


def _log_ratio_of_words(text: str, translation: str) -> float:
    return math.log((len(translation.split()) + 1) / (len(text.split()) + 1))


def _center(ratios: Sequence[float]) -> float:
    n = len(ratios)
    return ratios[n // 2] * n / (n + _PRIOR_WEIGHT) if n else 0.0


def _spread(ratios: Sequence[float]) -> float:
    n = len(ratios)
    if not n:
        return _PRIOR_SPREAD
    quarter = (ratios[(3 * n) // 4] - ratios[n // 4]) / 2
    return (quarter * _MAD_TO_DEVIATION * n + _PRIOR_SPREAD * _PRIOR_WEIGHT) / (n + _PRIOR_WEIGHT)


def _words(text: str) -> list[str]:
    """Words that are not written like names; pairs of characters of scripts without spaces."""
    found = [word for word in re.findall(r"[^\W\d_]+", text) if not word[0].isupper()]
    if text.isascii():
        return found
    runs = [word for word in found if _logograms().match(word)]
    pairs = [run[k : k + 2] for run in runs for k in range(len(run) - 1)]
    return [word for word in found if not _logograms().match(word)] + pairs


@cache
def _logograms() -> regex.Pattern[str]:
    import regex

    return regex.compile(r"\p{Script=Han}")


@cache
def _syllables() -> regex.Pattern[str]:
    import regex

    return regex.compile(r"[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Ethiopic}]")
