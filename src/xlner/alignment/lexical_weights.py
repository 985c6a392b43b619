"""Weights of links from how often the same words are linked in the whole text."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from xlner.core.alignment import Alignment
from xlner.core.pair import Pair
from xlner.errors import UsageError

MIN_FACTOR = 0.5
"""The factor for a link between two words that are never linked elsewhere; a link always linked has 1."""

_Words = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LexicalWeights:
    """Counts of words and of the links between them in many pairs, used to weight the links of a pair.

    Aligners link function words, and words without a counterpart, to whatever is near. Such a word has links to many
    different words, while the words of an entity are nearly always linked to the same word.

    >>> from xlner import Sentence
    >>> def pair(source, target, *links):
    ...     return Pair(Sentence(tuple(target.split())), Sentence(tuple(source.split())), Alignment(links))
    >>> text = [pair("the Rhine", "der Rhein", (0, 0), (1, 1)), pair("the end", "das Ende", (0, 0), (1, 1))]
    >>> LexicalWeights.count(text * 9).weigh(pair("the Rhine", "der Rhein", (0, 1), (1, 1))).weights
    (0.5, 1.0)
    """

    links: Mapping[_Words, float]
    source: Mapping[str, int]
    target: Mapping[str, int]

    @classmethod
    def count(cls, pairs: Iterable[Pair]) -> LexicalWeights:
        """Count the lower-cased words of all pairs, and add up the weights of their links.

        Raises `ValidationError` for a pair without source or alignment.
        """
        links: defaultdict[_Words, float] = defaultdict(float)
        source: Counter[str] = Counter()
        target: Counter[str] = Counter()
        for pair in pairs:
            words, found = _words(pair), _links(pair)
            source.update(words[0])
            target.update(words[1])
            for (s, t), weight in found.items():
                links[words[0][s], words[1][t]] += weight
        return cls(dict(links), source, target)

    def weigh(self, pair: Pair, *, floor: float = MIN_FACTOR) -> Alignment:
        """Return the links of a pair with `weight · (floor + (1 - floor) · max(n(s, t) / n(s), n(s, t) / n(t)))`.

        `n(s, t)` is the total weight of all links between the words `s` and `t`; `n(s)` and `n(t)` are their counts.
        The maximum is the larger of the two translation probabilities, at most 1. Raises `ValidationError` for a pair
        without source or alignment, and `UsageError` for a `floor` outside [0, 1].
        """
        if not 0 <= floor <= 1:
            raise UsageError(f"floor {floor} is outside [0, 1]")
        words, found = _words(pair), _links(pair)
        probabilities = (self._probability(words[0][s], words[1][t]) for s, t in found)
        weights = (w * (floor + (1 - floor) * p) for w, p in zip(found.values(), probabilities, strict=True))
        return Alignment(tuple(found), tuple(weights))

    def _probability(self, source: str, target: str) -> float:
        rarer = min(self.source.get(source, 0), self.target.get(target, 0))
        return min(self.links.get((source, target), 0.0) / max(rarer, 1), 1.0)


def _words(pair: Pair) -> tuple[list[str], list[str]]:
    return [t.lower() for t in pair.require_source().tokens], [t.lower() for t in pair.target.tokens]


def _links(pair: Pair) -> dict[tuple[int, int], float]:
    alignment = pair.require_alignment()
    return dict(zip(alignment.links, alignment.weights or (1.0,) * len(alignment), strict=True))
