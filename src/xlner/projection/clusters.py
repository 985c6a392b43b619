"""Which entities of different sources are the same one, seen from the target sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from xlner.core.entity import Entity, Span, overlaps


@dataclass(frozen=True, slots=True)
class Member:
    """An entity, the number of its source and its place among that source's entities, and its score on target spans.

    Only spans with a score above 0 are in `scores`, and there is one at least. `best` is the span of the highest, of
    equals the longest, then the leftmost.

    >>> Member(0, 0, Entity(0, 1, "PER"), {(0, 1): 0.5, (1, 3): 0.5}).best
    (1, 3)
    """

    source: int
    place: int
    entity: Entity
    scores: dict[Span, float]
    best: Span = field(init=False)

    def __post_init__(self) -> None:
        best = max(self.scores, key=lambda s: (self.scores[s], s[1] - s[0], -s[0]))
        object.__setattr__(self, "best", best)


def clusters(members: Sequence[Member]) -> list[list[Member]]:
    """Members put together that are equivalent: of the same label, with overlapping best spans.

    No cluster has two members of one source. Pairs are joined by falling overlap of their best spans (words in both
    over words in either), then by falling sum of their best scores, then from left to right; a pair whose clusters
    share a source is not joined. So the order of sources matters between pairs that are equal in all of this only.
    Clusters and their members come in the order of `members`.

    >>> def name(source, start, end):
    ...     return Member(source, 0, Entity(0, 1, "PER"), {(start, end): 1.0})
    >>> [[m.best for m in cluster] for cluster in clusters([name(0, 0, 2), name(1, 1, 3), name(2, 1, 3)])]
    [[(0, 2), (1, 3), (1, 3)]]
    """
    of = list(range(len(members)))
    groups = {k: [k] for k in of}
    for i, j in sorted(_equivalent(members), key=lambda pair: _rank(members[pair[0]], members[pair[1]])):
        first, second = of[i], of[j]
        sources = [members[k].source for k in (*groups[first], *groups[second])]
        if first != second and len(set(sources)) == len(sources):
            for k in groups[second]:
                of[k] = first
            groups[first] += groups.pop(second)
    return sorted(([members[k] for k in sorted(group)] for group in groups.values()), key=lambda c: _place(c[0]))


def _equivalent(members: Sequence[Member]) -> list[tuple[int, int]]:
    pairs = combinations(range(len(members)), 2)
    return [(i, j) for i, j in pairs if _may_be_one(members[i], members[j])]


def _may_be_one(a: Member, b: Member) -> bool:
    return a.source != b.source and a.entity.label == b.entity.label and overlaps(a.best, b.best)


def _rank(a: Member, b: Member) -> tuple[float, float, tuple[Span, ...]]:
    common = min(a.best[1], b.best[1]) - max(a.best[0], b.best[0])
    either = max(a.best[1], b.best[1]) - min(a.best[0], b.best[0])
    return (-common / either, -(a.scores[a.best] + b.scores[b.best]), tuple(sorted((a.best, b.best))))


def _place(member: Member) -> tuple[int, int]:
    return (member.source, member.place)
