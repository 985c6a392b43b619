"""`repeated`: words or letters in a loop that the text does not have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from operator import eq

MIN_REPEATS_OF_A_WORD = 4
"""Times that one word must stand in a row. Three are good style: "no, no, no"."""
MIN_REPEATS_OF_A_PHRASE = 3
"""Times that a phrase of several words must stand in a row."""
MAX_PHRASE_WORDS = 10
"""Words of the longest phrase that is looked for. The search takes time for each length."""
MIN_LETTERS_OF_A_LOOP = 6
"""Letters of the shortest word that may be a loop of letters."""

_LOOP_OF_LETTERS = re.compile(r"([^\W\d_][^\d]{0,11}?)\1{5,}")
"""Up to 12 characters, six times in a row. They begin with a letter: rows of dots and dashes are layout."""


def has_loop(text: str, translation: str) -> bool:
    """Return whether a translation has a loop with more repeats than any in the text."""
    times = repeats(translation)
    return times > 0 and times > repeats(text)


def repeats(text: str) -> int:
    """Return how often the most repeated unit stands in a row; 0 for a text without a loop.

    A loop is a word 4 times, a phrase 3 times, or letters within a word 6 times.

    >>> repeats("so so so so good"), repeats("it is it is"), repeats("ahahahahahah")
    (4, 0, 6)
    """
    words = re.findall(r"\w+", text.casefold())
    best = 0
    again = len(words) - len(set(words))  # a phrase of n words three times in a row has 2 n words that came before
    for size in range(1, min(MAX_PHRASE_WORDS, again // (MIN_REPEATS_OF_A_PHRASE - 1)) + 1):
        fewest = MIN_REPEATS_OF_A_WORD if size == 1 else MIN_REPEATS_OF_A_PHRASE
        if sum(map(eq, words, words[size:])) < (fewest - 1) * size:
            continue  # too few in all, so that none need to be in a row
        times = _longest_run(map(eq, words, words[size:])) // size + 1
        if times >= fewest:
            best = max(best, times)
    for word in words:
        repeated = len(word) - len(set(word))  # most words have too few letters twice for a search
        if repeated >= MIN_LETTERS_OF_A_LOOP - 1 and (match := _LOOP_OF_LETTERS.search(word)):
            best = max(best, len(match[0]) // len(match[1]))
    return best


def _longest_run(holds: Iterable[bool]) -> int:
    longest = run = 0
    for here in holds:
        run = run + 1 if here else 0
        longest = max(longest, run)
    return longest
