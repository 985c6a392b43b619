"""The words of translations whose language was identified. Translations of such words need no identification."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

MIN_KNOWN = 0.8
"""Fraction of known words from which a translation is in the language. Of a related language, about half are known."""
MIN_WORDS = 5
"""Words of a translation, names aside, from which the fraction counts."""
MIN_TRANSLATIONS = 2
"""Identified translations that a known word must be in."""
MAX_TRANSLATIONS = 20_000
"""Translations after which nothing more is learned, to bound memory and time."""


@dataclass(slots=True)
class IdentifiedWords:
    """In how many translations each word is, counted over distinct translations in the right language.

    >>> words = IdentifiedWords()
    >>> words.add("the rain falls on the old town")
    >>> words.add("rain falls and the people of the old town sing on")
    >>> words.has_words_of("the people of the old town sing"), words.has_words_of("rain falls on the old town")
    (False, True)
    """

    counts: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)

    def add(self, translation: str) -> None:
        """Count a translation that is in the right language, unless `MAX_TRANSLATIONS` are known."""
        if translation not in self.seen and len(self.seen) < MAX_TRANSLATIONS:
            self.seen.add(translation)
            self.counts.update(set(common_words(translation)))

    def has_words_of(self, translation: str) -> bool:
        """Return whether almost all words of a translation are known, or the translation itself."""
        if translation in self.seen:
            return True
        counts, words = self.counts, common_words(translation)
        if len(words) < MIN_WORDS:
            return False
        known = sum(counts.get(word, 0) >= MIN_TRANSLATIONS for word in words)
        return known >= MIN_KNOWN * len(words)


def common_words(text: str) -> list[str]:
    """Return the words that are not written like names. Runs of logograms give pairs of characters instead.

    >>> common_words("Ana vive en Vigo"), common_words("今日は")
    (['vive', 'en'], ['今日', '日は'])
    """
    found = [word for word in re.findall(r"[^\W\d_]+", text) if not word[0].isupper()]
    if text.isascii():
        return found
    runs = [word for word in found if logograms().match(word)]
    pairs = [run[k : k + 2] for run in runs for k in range(len(run) - 1)]
    return [word for word in found if not logograms().match(word)] + pairs


@cache
def logograms() -> regex.Pattern[str]:
    """The pattern of a logogram."""
    import regex

    return regex.compile(r"\p{Script=Han}")
