"""Made-up languages: sentences with exchanged letters, so that a recognizer learns from names and their form alone.

A language that a recognizer has never seen gives it little besides names and their capitals. A ciphered sentence is a
sentence in such a language: its names are the same, and in all other words the vowels and the consonants are exchanged
with a key, and prefixes and suffixes are added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import regex

from xlner.core.sentence import Sentence

_VOWELS = "aeiou"
_CONSONANTS = "bcdfghjklmnprstvwyz"
_PREFIXES = ("", "", "o", "mu", "ki", "e", "a")
_SUFFIXES = ("", "a", "u", "wo", "e", "")
_LATIN = regex.compile(r"\p{Latin}+")
_LEAST_AFFIXED = 4
"""Letters of the shortest word that gets a prefix and a suffix."""


@dataclass(frozen=True, slots=True)
class Key:
    """How to exchange letters."""

    letters: Mapping[str, str]
    prefix: str
    suffix: str

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Key:
        """A random key."""
        letters: dict[str, str] = {}
        for group in (_VOWELS, _CONSONANTS):
            letters |= {old: group[k] for old, k in zip(group, rng.permutation(len(group)), strict=True)}
        return cls(letters, str(rng.choice(_PREFIXES)), str(rng.choice(_SUFFIXES)))

    def word(self, word: str) -> str:
        """The word with exchanged letters, and with a capital if it had one.

        >>> key = Key({"e": "o", "l": "k", "w": "z"}, prefix="mu", suffix="")
        >>> key.word("Well"), key.word("we")
        ('Muzokk', 'zo')
        """
        made = "".join(self.letters.get(letter, letter) for letter in word.lower())
        if len(word) >= _LEAST_AFFIXED:
            made = f"{self.prefix}{made}{self.suffix}"
        return made[:1].upper() + made[1:] if word[:1].isupper() else made


def ciphered(sentence: Sentence, key: Key) -> Sentence:
    """The sentence with exchanged letters in lower-case words and in the first word, except in entities.

    >>> from xlner import Entity
    >>> key = Key({"e": "o", "i": "u"}, "", "")
    >>> ciphered(Sentence(("He", "lives", "in", "Vigo"), (Entity(3, 4, "LOC"),)), key).tokens
    ('Ho', 'luvos', 'un', 'Vigo')
    """
    inside = {i for e in sentence.entities for i in range(e.start, e.end)}
    tokens = tuple(
        key.word(word) if i not in inside and _changes(word, first=i == 0) else word
        for i, word in enumerate(sentence.tokens)
    )
    return Sentence(tokens, sentence.entities, language=None)


def in_latin_script(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences with an entity whose words are mostly in Latin script."""
    return [s for s in sentences if s.entities and sum(map(_is_latin, s.tokens)) * 2 > len(s)]


def _is_latin(word: str) -> bool:
    return _LATIN.fullmatch(word) is not None


def _changes(word: str, *, first: bool) -> bool:
    return len(word) > 1 and _is_latin(word) and (word.islower() or (first and word[1:].islower()))
