"""Word links between a source and a target sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xlner.errors import ValidationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Link = tuple[int, int]
"""`(source index, target index)`, 0-based."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """The set of links of one pair, sorted, each once, with one weight per link where the aligner gives one.

    `similarity` holds how alike all words are, where the aligner was told to hand that on: cosines of shape (n_source,
    n_target), float32, 0 for words without a vector. It counts neither for equality nor in output.

    Raises `ValidationError` for a negative index, for weights that do not match the links and for weights that are
    not finite. Whether links and similarity fit the sentences is checked where both meet, in `Pair`.

    >>> Alignment(((1, 0), (0, 0), (1, 0))).links
    ((0, 0), (1, 0))
    """

    links: tuple[Link, ...]
    weights: tuple[float, ...] | None = None
    similarity: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        links = [(int(s), int(t)) for s, t in self.links]
        if any(s < 0 or t < 0 for s, t in links):
            raise ValidationError(f"negative index in link {min(links)}")
        if self.weights is None:
            object.__setattr__(self, "links", tuple(sorted(set(links))))
            return
        weighted = _merge(links, self.weights)
        object.__setattr__(self, "links", tuple(weighted))
        object.__setattr__(self, "weights", tuple(weighted.values()))

    def __len__(self) -> int:
        return len(self.links)

    def reversed(self) -> Alignment:
        """The same links seen from the other side."""
        similarity = None if self.similarity is None else self.similarity.T
        return Alignment(tuple((t, s) for s, t in self.links), self.weights, similarity)

    def check(self, source_length: int, target_length: int) -> None:
        """Raise `ValidationError` where a link leaves sentences of these lengths, or the similarity does not fit."""
        shape = (source_length, target_length)
        if self.similarity is not None and self.similarity.shape != shape:
            raise ValidationError(
                f"a similarity of shape {self.similarity.shape} does not fit sentences of {shape} words"
            )
        for s, t in self.links:
            if s >= source_length or t >= target_length:
                raise ValidationError(
                    f"link {s}-{t} is out of range for {source_length} source and {target_length} target words",
                    hint="links are 0-based, source first",
                )


@dataclass(frozen=True, slots=True)
class GoldAlignment:
    """The links that people made for a pair: sure ones, and possible ones, which a sure one always is, too.

    `lengths` are the numbers of source and target words where the data have the sentences. Raises `ValidationError`
    for a negative index and for a link that leaves the sentences.

    >>> sorted(GoldAlignment(frozenset({(0, 0)}), frozenset({(1, 1)})).possible)
    [(0, 0), (1, 1)]
    """

    sure: frozenset[Link]
    possible: frozenset[Link] = frozenset()
    lengths: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "sure", frozenset(self.sure))
        object.__setattr__(self, "possible", frozenset(self.possible) | self.sure)
        links = Alignment(tuple(self.possible))
        if self.lengths is not None:
            links.check(*self.lengths)


def _merge(links: Sequence[Link], weights: Iterable[float]) -> dict[Link, float]:
    """Sorted links with the largest weight of each."""
    merged: dict[Link, float] = {}
    try:
        for link, weight in zip(links, weights, strict=True):
            if not math.isfinite(weight):
                raise ValidationError(f"weight {weight} of link {link} is not finite")
            merged[link] = max(float(weight), merged.get(link, -math.inf))
    except ValueError as error:
        if isinstance(error, ValidationError):
            raise
        raise ValidationError("an alignment needs one weight per link") from None
    return dict(sorted(merged.items()))
