"""How sure links are by what the words are linked to elsewhere in the same text."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from xlner.core.alignment import Alignment
from xlner.core.pair import Pair
from xlner.errors import ValidationError

FLOOR = 0.5
"""What is left of the weight of a link between words that are never linked elsewhere, and are frequent."""

_Words = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LexicalWeights:
    """Counts of words and of links between them in many pairs, by which the links of a pair are weighed.

    Aligners link function words, and words that have no counterpart, with whatever is near. Such a link is one of many
    that the word has; a name is nearly always linked with the same word.

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
        """Count the lower-cased words of all pairs, and their links by weight.

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

    def weigh(self, pair: Pair, *, floor: float = FLOOR) -> Alignment:
        """The links of a pair with `weight · (floor + (1 - floor) · max(n(s, t) / n(s), n(s, t) / n(t)))`.

        `n(s, t)` is the weight of all links between the words `s` and `t`, `n(s)` and `n(t)` how often they occur; the
        fraction is the larger of the two translation probabilities, at most 1. Raises `ValidationError` for a pair
        without source or alignment, and for a `floor` outside [0, 1].
        """
        if not 0 <= floor <= 1:
            raise ValidationError(f"floor {floor} is outside [0, 1]")
        words, found = _words(pair), _links(pair)
        sure = (self._probability(words[0][s], words[1][t]) for s, t in found)
        weights = (w * (floor + (1 - floor) * p) for w, p in zip(found.values(), sure, strict=True))
        return Alignment(tuple(found), tuple(weights))

    def _probability(self, source: str, target: str) -> float:
        rarer = min(self.source.get(source, 0), self.target.get(target, 0))
        return min(self.links.get((source, target), 0.0) / max(rarer, 1), 1.0)


def _words(pair: Pair) -> tuple[list[str], list[str]]:
    if pair.source is None:
        raise ValidationError("a pair needs a source sentence for its links to be weighed")
    return [t.lower() for t in pair.source.tokens], [t.lower() for t in pair.target.tokens]


def _links(pair: Pair) -> dict[tuple[int, int], float]:
    if pair.alignment is None:
        raise ValidationError("a pair needs an alignment for its links to be weighed")
    alignment = pair.alignment
    return dict(zip(alignment.links, alignment.weights or (1.0,) * len(alignment), strict=True))
