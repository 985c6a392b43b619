"""What the statistical aligners share: normalized bitext, links as text, and symmetrization."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from xlner.alignment.symmetrization import canonical_method, symmetrize
from xlner.core.alignment import Alignment, Link
from xlner.core.pair import Pair
from xlner.errors import StageError

Words = tuple[str, ...]
Bitext = tuple[Words, Words]
"""The normalized words of a source and of a target sentence."""


def normalize_words(words: Sequence[str]) -> Words:
    """Return words as the models count them: in lower case and without white space.

    >>> normalize_words(["Vigo", "10 000"])
    ('vigo', '10_000')
    """
    return tuple("_".join(word.lower().split()) or "_" for word in words)


def normalized_sides(pair: Pair) -> Bitext:
    """Return the normalized words of a pair. Raises `ValidationError` if the pair has no source."""
    return normalize_words(pair.require_source().tokens), normalize_words(pair.target.tokens)


def training_pairs(pairs: Iterable[Pair], max_words: int) -> Iterator[Bitext]:
    """Yield the pairs a model can learn from: both sides have at least one word and at most `max_words`."""
    for pair in pairs:
        source, target = normalized_sides(pair)
        if source and target and max(len(source), len(target)) <= max_words:
            yield source, target


def check_length(bitext: Bitext, max_words: int) -> None:
    """Raise `StageError` for a sentence with more than `max_words` words."""
    words = max(map(len, bitext))
    if words > max_words:
        raise StageError(f"a sentence of {words} words exceeds the aligner's limit of {max_words} words")


def parse_links(line: str) -> set[Link]:
    """Parse links in the format of the programs.

    >>> sorted(parse_links("0-0 2-1"))
    [(0, 0), (2, 1)]
    """
    return {(int(s), int(t)) for s, _, t in (part.partition("-") for part in line.split())}


def symmetrized(method: str, forward: set[Link], reverse: set[Link]) -> Alignment:
    """Combine the links of both directions into one alignment; all links are `(source, target)`."""
    return symmetrize(Alignment(tuple(forward)), Alignment(tuple(reverse)), canonical_method(method))
