"""Links between the words of a source and a target sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING

from xlner.errors import ValidationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Link = tuple[int, int]
"""`(source index, target index)`, 0-based."""
_TARGET = itemgetter(1)


@dataclass(frozen=True, slots=True)
class Alignment:
    """The links of one pair.

    - `links`: sorted, without duplicates. Of the weights of a duplicate link, the largest is kept.
    - `weights`: one weight per link, or None if the aligner does not weight links.
    - `similarity`: the cosine similarity of all words, shape `(n_source, n_target)`, float32, 0 for words without a
      vector; None unless the aligner was asked for it. It is not compared and not written to files.

    Raises `ValidationError` for a negative index, a weight that is not finite, or if there is not one weight per link.
    `Pair` checks that the links and the similarity fit the sentences.

    >>> Alignment(((1, 0), (0, 0), (1, 0))).links
    ((0, 0), (1, 0))
    """

    links: tuple[Link, ...]
    weights: tuple[float, ...] | None = None
    similarity: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        links = [(int(s), int(t)) for s, t in self.links]
        if links and (min(links)[0] < 0 or min(map(_TARGET, links)) < 0):
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
        """The same links with source and target swapped.

        >>> Alignment(((0, 1),)).reversed().links
        ((1, 0),)
        """
        similarity = None if self.similarity is None else self.similarity.T
        return Alignment(tuple((t, s) for s, t in self.links), self.weights, similarity)

    def check(self, source_length: int, target_length: int) -> None:
        """Raise `ValidationError` if a link or the similarity does not fit sentences of these lengths."""
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
    """The manually annotated links of one pair.

    Annotators mark each link as sure or as merely possible (Och and Ney 2003). `possible` includes the sure links.
    `lengths` are the numbers of source and target words, if the data include the sentences. Raises `ValidationError`
    for a negative index or a link outside the sentences.

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
    """Sort the links and keep the largest weight of each."""
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
