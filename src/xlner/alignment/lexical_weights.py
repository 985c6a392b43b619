"""Weights of links from how often the same words are linked in the whole text."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from xlner.core.alignment import Alignment
from xlner.core.files import open_output, require_content
from xlner.core.lines import read_lines
from xlner.core.pair import Pair
from xlner.errors import InputError, UsageError

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

    def weigh(self, pair: Pair, *, floor: float = MIN_FACTOR, counted: bool = True) -> Alignment:
        """Return the links of a pair with `weight · (floor + (1 - floor) · max(n(s, t) / n(s), n(s, t) / n(t)))`.

        `n(s, t)` is the total weight of all links between the words `s` and `t`; `n(s)` and `n(t)` are their counts.
        The maximum is the larger of the two translation probabilities, at most 1. For a pair that is not among the
        `counted` ones, each of the three is one more, as if the link had been counted: a link of a word that no counted
        pair has keeps its weight. The similarity stays.

        Raises `ValidationError` for a pair without source or alignment, and `UsageError` for a `floor` outside [0, 1].

        >>> from xlner import Sentence
        >>> new = Pair(Sentence(("Elbe",)), Sentence(("Elbe",)), Alignment(((0, 0),)))
        >>> [LexicalWeights.count([]).weigh(new, counted=c).weights for c in (True, False)]
        [(0.5,), (1.0,)]
        """
        if not 0 <= floor <= 1:
            raise UsageError(f"floor {floor} is outside [0, 1]")
        words, found = _words(pair), _links(pair)
        own = 0 if counted else 1
        probabilities = (self._probability(words[0][s], words[1][t], own) for s, t in found)
        weights = (w * (floor + (1 - floor) * p) for w, p in zip(found.values(), probabilities, strict=True))
        return replace(pair.require_alignment(), links=tuple(found), weights=tuple(weights))

    def save(self, path: str | Path) -> int:
        """Write a table that `load` reads, or write to standard output for `-`. Return its number of lines.

        The columns are source word, target word, `n(s, t)`, `n(s)` and `n(t)`, sorted by words. Words without a link
        are left out; so are words with a tab or a line break.
        """
        rows = [
            (*words, n) for words, n in sorted(self.links.items()) if not any(c in w for w in words for c in "\t\r\n")
        ]
        with open_output(path) as stream:
            for s, t, n in rows:
                stream.write(f"{s}\t{t}\t{n:.12g}\t{self.source[s]}\t{self.target[t]}\n")
        return len(rows)

    @classmethod
    def load(cls, path: str | Path) -> LexicalWeights:
        """Read a table. Raises `InputError` for a file that is none.

        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     lines = LexicalWeights({("the", "der"): 2.0}, {"the": 3}, {"der": 2}).save(f"{folder}/counts.tsv")
        ...     LexicalWeights.load(f"{folder}/counts.tsv").source
        {'the': 3}
        """
        require_content(path)
        links: dict[_Words, float] = {}
        source: dict[str, int] = {}
        target: dict[str, int] = {}
        for s, t, n, of_source, of_target in _rows(path):
            links[s, t] = n
            source[s], target[t] = of_source, of_target
        return cls(links, source, target)

    def _probability(self, source: str, target: str, own: int) -> float:
        rarer = min(self.source.get(source, 0), self.target.get(target, 0)) + own
        return min((self.links.get((source, target), 0.0) + own) / max(rarer, 1), 1.0)


def _rows(path: str | Path) -> Iterator[tuple[str, str, float, int, int]]:
    for number, line in read_lines(path):
        if isinstance(line, InputError):
            raise line
        columns = line.split("\t")
        try:
            s, t, n, of_source, of_target = columns
            row = s.lower(), t.lower(), float(n), int(of_source), int(of_target)
            if not (s and t and math.isfinite(row[2]) and min(row[2:]) >= 0):
                raise ValueError
        except ValueError:
            raise InputError(
                "these are no counts of links: source word, target word, links, count of each word",
                path=path,
                line=number,
                hint="xlner lexicon SOURCE TARGET --counts -o FILE makes such a table",
            ) from None
        yield row


def _words(pair: Pair) -> tuple[list[str], list[str]]:
    return [t.lower() for t in pair.require_source().tokens], [t.lower() for t in pair.target.tokens]


def _links(pair: Pair) -> dict[tuple[int, int], float]:
    alignment = pair.require_alignment()
    return dict(zip(alignment.links, alignment.weights or (1.0,) * len(alignment), strict=True))
