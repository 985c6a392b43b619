"""The heuristic as it is in two published programs: an entity is projected onto all of its ranges of linked words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from xlner.core.entity import Entity, Span
from xlner.core.pair import Outcome, Pair, Projection, Reason
from xlner.projection.candidates import aligned_words


@dataclass(frozen=True, slots=True)
class AllRanges:
    """Projects an entity onto all ranges of its linked words that are long enough.

    - `gap`, `ratio`, `keep_first`: see `HeuristicProjector`.
    - `free`: if false, entities are taken in the order of the source sentence, and words of later ranges overwrite
      those of earlier ones. If true, the shortest entity comes first, and a range with a taken word is left out.
    - `top_k`: only this many of the shortest ranges of an entity.

    >>> from xlner import Alignment, Sentence
    >>> ana = Sentence(("Ana",), (Entity(0, 1, "PER"),))
    >>> pair = Pair(Sentence(tuple("abcd")), ana, Alignment(((0, 0), (0, 3))))
    >>> AllRanges(gap=1, ratio=0.8).project(pair).sentence.tags()
    ['B-PER', 'O', 'O', 'B-PER']
    """

    gap: int
    ratio: float
    top_k: int | None = None
    keep_first: bool = False
    free: bool = False

    def project(self, pair: Pair) -> Projection:
        """Project the entities of a pair. What is left of a range that was overwritten is an entity of its own.

        Raises `ValidationError` for a pair without source or alignment.
        """
        source, alignment = pair.require_source(), pair.require_alignment()
        entities = source.entities
        words = aligned_words(entities, alignment)
        ranges = [self._long_enough(e, self._ranges(e, words[k], pair)) for k, e in enumerate(entities)]
        order = sorted(range(len(entities)), key=lambda k: len(entities[k]) if self.free else 0)
        owner: list[int | None] = [None] * len(pair.target)
        begins: set[int] = set()
        for k in order:
            for start, end in ranges[k]:
                if self.free and any(owner[i] is not None for i in range(start, end)):
                    continue
                owner[start:end] = [k] * (end - start)
                begins.difference_update(range(start, end))
                begins.add(start)
        made: list[list[Entity]] = [[] for _ in entities]
        for k, (start, end) in _chunks(owner, begins, [e.label for e in entities]):
            made[k].append(Entity(start, end, entities[k].label))
        outcomes = [_outcome(e, made[k], words[k], ranges[k]) for k, e in enumerate(entities)]
        projected = sorted((e for some in made for e in some), key=lambda e: e.start)
        return Projection(pair.target.with_entities(projected), tuple(outcomes))

    def _ranges(self, entity: Entity, words: Sequence[int], pair: Pair) -> list[Span]:
        """The ranges of linked words, joined across gaps."""
        links = pair.require_alignment().links
        first = {target for source, target in links if source == entity.start} if self.keep_first else set()
        ranges: list[Span] = []
        for word in words:
            hole = word - ranges[-1][1] if ranges else 0
            if ranges and (hole == 0 or (hole <= self.gap and word not in first)):
                ranges[-1] = (ranges[-1][0], word + 1)
            else:
                ranges.append((word, word + 1))
        return ranges

    def _long_enough(self, entity: Entity, ranges: Sequence[Span]) -> list[Span]:
        kept = [(start, end) for start, end in ranges if (end - start) / len(entity) > self.ratio]
        return kept if self.top_k is None else sorted(kept, key=lambda r: r[1] - r[0])[: self.top_k]


def _chunks(owner: Sequence[int | None], begins: set[int], labels: Sequence[str]) -> Iterator[tuple[int, Span]]:
    """The entities that the tags of the words make, each with the source entity of its first word.

    As in the tags `B-PER B-LOC I-PER`, what is left behind a range of another label is an entity, and what is left
    behind one of the same label continues it.
    """
    named = [None if k is None else labels[k] for k in owner]
    starts = [i for i, name in enumerate(named) if name is not None and (i in begins or i == 0 or named[i - 1] != name)]
    for start, limit in pairwise([*starts, len(owner)]):
        end = next((i for i in range(start, limit) if named[i] is None), limit)
        first = owner[start]
        if first is not None:
            yield first, (start, end)


def _outcome(entity: Entity, made: Sequence[Entity], words: Sequence[int], ranges: Sequence[Span]) -> Outcome:
    if made:
        return Outcome(entity, tuple(made), scores={"length_ratio": len(made[0]) / len(entity)})
    if ranges:
        return Outcome(entity, reason=Reason.OVERLAP)
    return Outcome(entity, reason=Reason.BELOW_THRESHOLD if words else Reason.UNALIGNED)
