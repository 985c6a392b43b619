"""How similar two languages look on paper: their script, and the character trigrams of their words."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xlner.core.sentence import Sentence
from xlner.text.language_families import relatedness


@dataclass(frozen=True, slots=True)
class Profile:
    """What unlabeled text of a language looks like: the script of most of its letters, and its trigrams.

    `trigrams` has how often each occurs, scaled to a vector of length 1.
    """

    language: str
    script: str
    trigrams: Mapping[str, float]

    @classmethod
    def of(cls, language: str, sentences: Iterable[Sentence]) -> Profile:
        """Count words in lower case, with a space on either side.

        >>> Profile.of("en", [Sentence(("Ann", "ran"))]).script
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

    def similarity(self, other: Profile) -> float:
        """Cosine of the trigram counts, from 0 to 1.

        >>> one = Profile.of("en", [Sentence(("Ann", "ran"))])
        >>> round(one.similarity(one), 6), one.similarity(Profile.of("el", [Sentence(("Αθήνα",))]))
        (1.0, 0.0)
        """
        return sum(weight * other.trigrams.get(gram, 0.0) for gram, weight in self.trigrams.items())


@dataclass(frozen=True, slots=True)
class Likeness:
    """How near the nearest training language comes to a target, by each measure on its own.

    `script` is 1 where a training language has the script of the target; `relatedness` is that of the typology;
    `trigrams` the cosine of trigram counts.
    """

    script: float
    relatedness: float
    trigrams: float

    @classmethod
    def of(cls, target: Profile, sources: Sequence[Profile]) -> Likeness:
        """Compare a target with all languages of a training set."""
        return cls(
            float(any(source.script == target.script for source in sources)),
            max(relatedness(source.language, target.language) for source in sources),
            max(source.similarity(target) for source in sources),
        )
