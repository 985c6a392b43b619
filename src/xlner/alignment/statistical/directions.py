"""What the statistical aligners share: normalized bitext, and one set of links out of two directions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from xlner.alignment.symmetrization import symmetrize
from xlner.core.alignment import Alignment, Link
from xlner.core.pair import Pair
from xlner.errors import StageError, ValidationError

Words = tuple[str, ...]
Bitext = tuple[Words, Words]
"""The words of a source and of a target sentence."""


def folded(words: Sequence[str]) -> Words:
    """Words as the models count them: lower-case, and without white space inside.

    >>> folded(["Vigo", "10 000"])
    ('vigo', '10_000')
    """
    return tuple("_".join(word.lower().split()) or "_" for word in words)


def both_sides(pair: Pair) -> Bitext:
    """The folded words of a pair; raises `ValidationError` where it has no source."""
    if pair.source is None:
        raise ValidationError("a pair without a source sentence cannot be aligned")
    return folded(pair.source.tokens), folded(pair.target.tokens)


def trainable(pairs: Iterable[Pair], longest: int) -> Iterator[Bitext]:
    """The pairs that a model can learn from: both sides have words, and none more than `longest`."""
    for pair in pairs:
        source, target = both_sides(pair)
        if source and target and max(len(source), len(target)) <= longest:
            yield source, target


def check_length(bitext: Bitext, longest: int) -> None:
    """Raise `StageError` for a sentence that the model cannot read whole."""
    words = max(map(len, bitext))
    if words > longest:
        raise StageError(f"a sentence of {words} words is longer than the {longest} that the aligner takes")


def links_of(line: str) -> set[Link]:
    """Links as the programs write them.

    >>> sorted(links_of("0-0 2-1"))
    [(0, 0), (2, 1)]
    """
    return {(int(s), int(t)) for s, _, t in (part.partition("-") for part in line.split())}


def symmetrized(method: str, forward: set[Link], reverse: set[Link]) -> Alignment:
    """One alignment out of the links of both directions; all links are `(source, target)`."""
    return symmetrize(Alignment(tuple(forward)), Alignment(tuple(reverse)), method)


def check_symmetrizer(method: str) -> str:
    """The method; raises `UnknownNameError` with the known ones."""
    symmetrize(Alignment(()), Alignment(()), method)
    return method
