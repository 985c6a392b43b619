"""Cluster the entities of several sources that are the same entity in the target sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from xlner.core.entity import Entity, Span, overlaps


@dataclass(frozen=True, slots=True)
class ClusterMember:
    """An entity of one source, with its score on target spans.

    - `source`: the number of the source.
    - `place`: the index of the entity in its source sentence.
    - `scores`: the spans with a score above 0; at least one.
    - `best`: the span with the highest score; of equals the longest, then the leftmost.

    >>> ClusterMember(0, 0, Entity(0, 1, "PER"), {(0, 1): 0.5, (1, 3): 0.5}).best
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


def cluster_entities(members: Sequence[ClusterMember]) -> list[list[ClusterMember]]:
    """Cluster equivalent members: those with the same label and overlapping best spans.

    A cluster never has two members of one source. Pairs are joined in this order: by falling overlap of their best
    spans (words in both over words in either), then by falling sum of their best scores, then from left to right. A
    pair is not joined if its clusters share a source. The order of sources therefore only matters between pairs that
    are equal in all of this. Clusters and their members keep the order of `members`.

    >>> def member(source, start, end):
    ...     return ClusterMember(source, 0, Entity(0, 1, "PER"), {(start, end): 1.0})
    >>> found = cluster_entities([member(0, 0, 2), member(1, 1, 3), member(2, 1, 3)])
    >>> [[m.best for m in cluster] for cluster in found]
    [[(0, 2), (1, 3), (1, 3)]]
    """
    cluster_of = list(range(len(members)))
    clusters = {k: [k] for k in cluster_of}
    for i, j in sorted(_equivalent_pairs(members), key=lambda pair: _rank(members[pair[0]], members[pair[1]])):
        first, second = cluster_of[i], cluster_of[j]
        sources = [members[k].source for k in (*clusters[first], *clusters[second])]
        if first != second and len(set(sources)) == len(sources):
            for k in clusters[second]:
                cluster_of[k] = first
            clusters[first] += clusters.pop(second)
    return sorted(([members[k] for k in sorted(cluster)] for cluster in clusters.values()), key=lambda c: _place(c[0]))


def _equivalent_pairs(members: Sequence[ClusterMember]) -> list[tuple[int, int]]:
    pairs = combinations(range(len(members)), 2)
    return [(i, j) for i, j in pairs if _are_equivalent(members[i], members[j])]


def _are_equivalent(a: ClusterMember, b: ClusterMember) -> bool:
    return a.source != b.source and a.entity.label == b.entity.label and overlaps(a.best, b.best)


def _rank(a: ClusterMember, b: ClusterMember) -> tuple[float, float, tuple[Span, ...]]:
    common = min(a.best[1], b.best[1]) - max(a.best[0], b.best[0])
    either = max(a.best[1], b.best[1]) - min(a.best[0], b.best[0])
    return (-common / either, -(a.scores[a.best] + b.scores[b.best]), tuple(sorted((a.best, b.best))))


def _place(member: ClusterMember) -> tuple[int, int]:
    return (member.source, member.place)
