"""What is usual about the translations of one pair of languages, learned from those of the run so far."""

from __future__ import annotations

import math
from bisect import insort
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from xlner.text.verbatim import without_verbatim
from xlner.translation.guards.identified_words import IdentifiedWords, common_words, logograms
from xlner.translation.guards.retention import Improbability, Retention

if TYPE_CHECKING:
    import regex

PRIOR_WEIGHT = 20
"""Translations that the prior counts for."""
PRIOR_SPREAD = 0.15
"""Rough standard deviation of log length ratios over language pairs and kinds of text, before any were seen."""
ADDED_LETTERS = 10.0
"""Letters added to both lengths, so that one word more or less changes little in a short text."""
MIN_TRANSLATIONS = 200
"""Distinct translations from which evidence of words is used."""
MAX_TRANSLATIONS = 20_000
"""Translations after which nothing more is learned, to bound memory and time."""
RARE = 0.02
"""Fraction of the translations that a familiar word must exceed, so that a few translations gone wrong do not count."""
MIN_WORDS = 5
"""Words of a translation, names aside, from which the fraction of familiar ones is used."""
_MAD_TO_DEVIATION = 1.4826
"""Standard deviation of a normal distribution divided by its median absolute deviation."""


@dataclass(slots=True)
class TranslationStatistics:
    """Log ratios of lengths and of numbers of words, the words of distinct translations, and what translations keep.

    >>> statistics = TranslationStatistics()
    >>> for _ in range(200):
    ...     statistics.add("x" * 30, "y" * 60)
    >>> abs(statistics.deviation("x" * 30, "y" * 60)) < 0.1, statistics.deviation("x" * 30, "y" * 30) < -0.4
    (True, True)
    """

    ratios: list[float] = field(default_factory=list)
    """Sorted log ratios of lengths, translation to text."""
    word_ratios: list[float] = field(default_factory=list)
    """Sorted log ratios of numbers of words, translation to text."""
    words: Counter[str] = field(default_factory=Counter)
    """Distinct translations with each word, without those that are still to be counted."""
    uncounted: list[str] = field(default_factory=list)
    """Distinct translations whose words are counted when they are asked for."""
    seen: set[str] = field(default_factory=set)
    """Distinct translations."""
    retention: Retention = field(default_factory=Retention)
    """What translations keep of their texts."""
    identified: IdentifiedWords = field(default_factory=IdentifiedWords)
    """The words of translations that are in the right language for certain."""

    def add(self, text: str, translation: str) -> None:
        """Count a translation without its verbatim text, unless `MAX_TRANSLATIONS` are known."""
        if len(self.ratios) >= MAX_TRANSLATIONS:
            return
        text, translation = without_verbatim(text), without_verbatim(translation)
        insort(self.ratios, _log_ratio(text, translation))
        insort(self.word_ratios, _log_ratio_of_words(text, translation))
        self.retention.add(text, translation)
        if translation not in self.seen:
            self.seen.add(translation)
            self.uncounted.append(translation)

    @property
    def center(self) -> float:
        """The median log ratio of lengths, shrunk toward 0 while few translations are known."""
        return _center(self.ratios)

    @property
    def spread(self) -> float:
        """A robust standard deviation of log ratios of lengths, shrunk toward the prior while few are known."""
        return _spread(self.ratios)

    @property
    def spread_of_words(self) -> float:
        """The same for log ratios of numbers of words."""
        return _spread(self.word_ratios)

    def deviation(self, text: str, translation: str) -> float:
        """Return the log ratio of lengths minus the usual one; negative for a short translation."""
        return _log_ratio(text, translation) - self.center

    def deviation_of_words(self, text: str, translation: str) -> float:
        """Return the log ratio of numbers of words, split at spaces, minus the usual one."""
        return _log_ratio_of_words(text, translation) - _center(self.word_ratios)

    @property
    def knows_words(self) -> bool:
        """Whether enough translations are known to use evidence of words."""
        return len(self.seen) >= MIN_TRANSLATIONS

    def improbability(self, text: str, translation: str) -> Improbability:
        """Return how improbable it is what the translation lost and kept; nothing while too few are known."""
        if not self.knows_words:
            return Improbability()
        return self.retention.improbability(text, translation)

    def familiar(self, translation: str) -> float:
        """Return the fraction of words, names aside, that enough other translations have.

        It is 1 while too few translations are known, and for a translation of few words. The translation must have
        been added.
        """
        if not self.knows_words:
            return 1.0
        while self.uncounted:
            self.words.update(set(common_words(self.uncounted.pop())))
        few = max(1.0, len(self.seen) * RARE)
        found = common_words(translation)
        if len(found) < MIN_WORDS:
            return 1.0
        return sum(self.words[word] > few for word in found) / len(found)


@lru_cache(maxsize=1 << 12)  # asked for when a translation is added, and for its warnings and retry reasons
def length(text: str) -> float:
    """Return the length of a text in letters of an alphabet: syllabic characters count 2, logograms 3, spaces 0.

    >>> length("Vigo 12"), length("今日は")
    (6.0, 8.0)
    """
    if text.isascii():
        return float(len(text) - text.count(" "))
    dense = sum(2 if c.isalpha() else 1 for c in logograms().findall(text))
    return float(len(text) - sum(map(str.isspace, text)) + dense + len(_syllables().findall(text)))


def _log_ratio(text: str, translation: str) -> float:
    return math.log((length(translation) + ADDED_LETTERS) / (length(text) + ADDED_LETTERS))


def _log_ratio_of_words(text: str, translation: str) -> float:
    return math.log((len(translation.split()) + 1) / (len(text.split()) + 1))


def _center(ratios: Sequence[float]) -> float:
    n = len(ratios)
    return ratios[n // 2] * n / (n + PRIOR_WEIGHT) if n else 0.0


def _spread(ratios: Sequence[float]) -> float:
    n = len(ratios)
    if not n:
        return PRIOR_SPREAD
    half_quartile_range = (ratios[(3 * n) // 4] - ratios[n // 4]) / 2
    return (half_quartile_range * _MAD_TO_DEVIATION * n + PRIOR_SPREAD * PRIOR_WEIGHT) / (n + PRIOR_WEIGHT)


@cache
def _syllables() -> regex.Pattern[str]:
    import regex

    return regex.compile(r"[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Ethiopic}]")
