"""Several alignments of one pair combined into one, weighted by how many of them contain each link."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from xlner.core.alignment import Alignment
from xlner.errors import ValidationError


def agreement(alignments: Sequence[Alignment]) -> Alignment:
    """Return all links of several alignments of one pair, each weighted by the share of alignments that contain it.

    Weights are in (0, 1]. For example, given both directions of a statistical aligner and their symmetrization, links
    in both directions weigh 1, links in one direction that the symmetrization keeps 2/3, and the others 1/3. An
    alignment that is given twice counts twice. The weights of the alignments are ignored. Raises `ValidationError` for
    an empty sequence.

    >>> agreement([Alignment(((0, 0), (1, 1))), Alignment(((0, 0),))])
    Alignment(links=((0, 0), (1, 1)), weights=(1.0, 0.5))
    """
    if not alignments:
        raise ValidationError("there are no alignments to combine")
    counts = Counter(link for alignment in alignments for link in alignment.links)
    return Alignment(tuple(counts), tuple(count / len(alignments) for count in counts.values()))


def shared_links(pairs: Iterable[tuple[Alignment, Alignment]]) -> float:
    """The share of links that two alignments of the same pairs have in common: intersection / union, 1 without links.

    Below about 0.4, the links of one direction alone are mostly wrong, and the shares of `agreement` say little.

    >>> shared_links([(Alignment(((0, 0), (1, 1))), Alignment(((0, 0),)))])
    0.5
    """
    both = either = 0
    for one, other in pairs:
        both += len(set(one.links) & set(other.links))
        either += len(set(one.links) | set(other.links))
    return both / either if either else 1.0
