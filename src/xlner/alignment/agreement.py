"""Several alignments of one pair as one: how many of them hold a link is how sure it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from xlner.core.alignment import Alignment
from xlner.errors import ValidationError


def agreement(alignments: Sequence[Alignment]) -> Alignment:
    """All links of several alignments of one pair, each weighted by the share of them that hold it, in (0, 1].

    Of both directions of a statistical aligner and their symmetrization, links of both directions weigh 1, those of
    one direction that were kept 2/3, others 1/3. An alignment counts as often as it is given; weights that it has
    itself are left aside. Raises `ValidationError` where there is none.

    >>> agreement([Alignment(((0, 0), (1, 1))), Alignment(((0, 0),))])
    Alignment(links=((0, 0), (1, 1)), weights=(1.0, 0.5))
    """
    if not alignments:
        raise ValidationError("there are no alignments to agree")
    held = Counter(link for alignment in alignments for link in alignment.links)
    return Alignment(tuple(held), tuple(count / len(alignments) for count in held.values()))
