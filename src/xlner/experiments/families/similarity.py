"""How similar two languages look in writing: their script, and the character trigrams of their words."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xlner.core.sentence import Sentence
from xlner.text.language_families import relatedness


@dataclass(frozen=True, slots=True)
class LanguageProfile:
    """The script of most letters in a text, and the relative frequencies of its character trigrams.

    `trigrams` is scaled to a vector of length 1.
    """

    language: str
    script: str
    trigrams: Mapping[str, float]

    @classmethod
    def of(cls, language: str, sentences: Iterable[Sentence]) -> LanguageProfile:
        """Count the trigrams of lower-cased words, with a space on either side of each word.

        >>> LanguageProfile.of("en", [Sentence(("Ann", "ran"))]).script
        'LATIN'
        """
        words = Counter(token.lower() for sentence in sentences for token in sentence.tokens)
        trigrams: Counter[str] = Counter()
        scripts: Counter[str] = Counter()
        for word, times in words.items():
            if not any(map(str.isalpha, word)):
                continue
            framed = f" {word} "
            for k in range(len(framed) - 2):
                trigrams[framed[k : k + 3]] += times
            for letter in filter(str.isalpha, word):
                scripts[unicodedata.name(letter, "UNKNOWN").partition(" ")[0]] += times
        length = math.sqrt(sum(n * n for n in trigrams.values()))
        script = scripts.most_common(1)[0][0] if scripts else ""
        return cls(language, script, {gram: n / length for gram, n in trigrams.items()})

    def similarity(self, other: LanguageProfile) -> float:
        """Return the cosine of the trigram counts, from 0 to 1.

        >>> one = LanguageProfile.of("en", [Sentence(("Ann", "ran"))])
        >>> round(one.similarity(one), 6), one.similarity(LanguageProfile.of("el", [Sentence(("Αθήνα",))]))
        (1.0, 0.0)
        """
        return sum(weight * other.trigrams.get(gram, 0.0) for gram, weight in self.trigrams.items())


@dataclass(frozen=True, slots=True)
class LanguageSimilarity:
    """How similar the nearest training language is to a target language, separately by each measure.

    - `script`: 1 if a training language has the script of the target, else 0.
    - `relatedness`: the highest relatedness in the family tree, see `relatedness`.
    - `trigrams`: the highest cosine of trigram counts.
    """

    script: float
    relatedness: float
    trigrams: float

    @classmethod
    def of(cls, target: LanguageProfile, training: Sequence[LanguageProfile]) -> LanguageSimilarity:
        """Compare a target language with all training languages."""
        return cls(
            float(any(other.script == target.script for other in training)),
            max(relatedness(other.language, target.language) for other in training),
            max(other.similarity(target) for other in training),
        )
