"""Find the words that a chat model copied from a sentence: where they are is never asked of the model."""

from __future__ import annotations

import re

from xlner.core.entity import Span
from xlner.core.sentence import Sentence
from xlner.text.offsets import whole_words_in


def places(sentence: Sentence, phrase: str, *, ignore_case: bool = False) -> list[Span]:
    """Return the places of a phrase in a sentence with text, in whole words. White space of any kind is the same.

    >>> places(Sentence.from_text("York and New  York"), "New York"), places(Sentence.from_text("Yorkshire"), "York")
    ([(2, 4)], [])
    """
    found = occurrences(sentence, phrase, ignore_case=ignore_case)
    return [span for start, end in found if (span := whole_words_in(sentence.offsets or (), start, end))]


def occurrences(sentence: Sentence, phrase: str, *, ignore_case: bool = False) -> list[Span]:
    """Return the places of a phrase in the text of a sentence, in characters. No place is inside of another.

    >>> occurrences(Sentence.from_text("Yorkshire"), "York")
    [(0, 4)]
    """
    words = phrase.split()
    if not words:
        return []
    pattern = r"\s+".join(map(re.escape, words))
    found = re.finditer(pattern, sentence.text or "", re.IGNORECASE if ignore_case else re.NOFLAG)
    return [match.span() for match in found]
