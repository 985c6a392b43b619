"""Groups of gold and predicted entities that share words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

LabeledSpan = tuple[int, int, object]
"""Start, end and label of a span."""


class Group(NamedTuple):
    """The indices of the gold and predicted entities in one group. At least one side has no more than one entity."""

    gold: tuple[int, ...]
    predicted: tuple[int, ...]


class _Overlap(NamedTuple):
    gold: int
    predicted: int
    words: int
    same_label: bool


def overlap_groups(gold: Sequence[LabeledSpan], predicted: Sequence[LabeledSpan]) -> list[Group]:
    """Put each entity of both sides into exactly one group, in the order of the words.

    Entities that share words are in the same group. If this chains several gold entities and several predicted ones,
    the chain is split at the overlaps of the fewest words until each group has one gold or one predicted entity.
    No split leaves an entity alone that overlaps another. The spans of each side must be sorted and disjoint.

    >>> overlap_groups([(0, 2, "PER"), (2, 4, "LOC"), (7, 8, "ORG")], [(0, 3, "PER"), (3, 4, "LOC"), (5, 6, "LOC")])
    [Group(gold=(0,), predicted=(0,)), Group(gold=(1,), predicted=(1,)), Group(gold=(), predicted=(2,)), \
Group(gold=(2,), predicted=())]
    """
    found = [_group(part) for chain in _chains(gold, predicted) for part in _parts(chain)]
    in_gold = {k for group in found for k in group.gold}
    in_predicted = {k for group in found for k in group.predicted}
    found += [Group((k,), ()) for k in range(len(gold)) if k not in in_gold]
    found += [Group((), (k,)) for k in range(len(predicted)) if k not in in_predicted]
    return sorted(found, key=lambda g: min([gold[k][:2] for k in g.gold] + [predicted[k][:2] for k in g.predicted]))


def best_pair(gold: Sequence[LabeledSpan], predicted: Sequence[LabeledSpan]) -> tuple[int, int]:
    """The indices of the gold and the predicted entity that match best.

    An equal label counts first, then the number of shared words; ties go to the first pair.

    >>> best_pair([(0, 5, "ORG")], [(0, 1, "LOC"), (3, 5, "ORG")])
    (0, 1)
    """
    pairs = [(g, p) for g in range(len(gold)) for p in range(len(predicted))]
    return max(pairs, key=lambda k: (gold[k[0]][2] == predicted[k[1]][2], _shared(gold[k[0]], predicted[k[1]])))


def _chains(gold: Sequence[LabeledSpan], predicted: Sequence[LabeledSpan]) -> Iterator[list[_Overlap]]:
    """Yield chains of overlaps from left to right. Each overlap in a chain shares an entity with the next one."""
    chain: list[_Overlap] = []
    g = p = 0
    while g < len(gold) and p < len(predicted):
        words = _shared(gold[g], predicted[p])
        if words > 0:
            if chain and chain[-1].gold != g and chain[-1].predicted != p:
                yield chain
                chain = []
            chain.append(_Overlap(g, p, words, gold[g][2] == predicted[p][2]))
        if gold[g][1] <= predicted[p][1]:
            g += 1
        else:
            p += 1
    if chain:
        yield chain


def _parts(chain: list[_Overlap]) -> Iterator[list[_Overlap]]:
    """Split a chain so that all overlaps of each part share one entity."""
    inner = [k for k in range(1, len(chain) - 1) if _is_inner(*chain[k - 1 : k + 2])]
    cuts: set[int] = set()
    for k in sorted(inner, key=lambda k: (chain[k].words, chain[k].same_label)):
        if not cuts & {k - 1, k + 1}:  # next to a cut, an overlap is at the end of its part
            cuts.add(k)
    start = 0
    for cut in (*sorted(cuts), len(chain)):
        yield chain[start:cut]
        start = cut + 1


def _is_inner(before: _Overlap, overlap: _Overlap, after: _Overlap) -> bool:
    """Return True if both entities of an overlap have another overlap."""
    return (before.gold == overlap.gold) != (overlap.gold == after.gold)


def _group(part: Sequence[_Overlap]) -> Group:
    return Group(tuple(sorted({o.gold for o in part})), tuple(sorted({o.predicted for o in part})))


def _shared(first: LabeledSpan, second: LabeledSpan) -> int:
    return min(first[1], second[1]) - max(first[0], second[0])
