"""Pick the sentences that are most worth a person's time."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from xlner.core.pair import Pair
from xlner.report.apply import labeled_sentence
from xlner.report.facets import spans_of
from xlner.report.records import OTHER_SOURCES
from xlner.report.shown import ShownSentence

_DROPPED = 0.5
_FAILED = 0.5
_WARNING = 0.3
_AGAIN = 0.5
"""How much a doubt counts that was picked before, each time."""

Doubt = tuple[tuple[str, str, str], float]
"""What is doubtful, and how much, from 0 to 1."""


def doubts_of(shown: ShownSentence) -> Iterator[Doubt]:
    """What is doubtful about a sentence: unsure and dropped entities, warnings, an error, and where sources or the
    members of an ensemble disagree.

    >>> from xlner import Entity, Sentence
    >>> list(doubts_of(ShownSentence(1, Pair(Sentence(("Vigo",), (Entity(0, 1, "LOC", 0.75),))))))
    [(('entity', 'vigo', 'LOC'), 0.25)]
    """
    pair = shown.pair
    sentence = labeled_sentence(pair)
    for entity in sentence.entities:
        if entity.score is not None:
            yield ("entity", sentence.surface(entity).lower(), entity.label), 1 - min(max(entity.score, 0.0), 1.0)
    if pair.error is not None:
        yield ("failed", pair.error, ""), _FAILED
    outcomes = pair.projection.outcomes if pair.projection is not None else ()
    if pair.source is not None:
        for outcome in outcomes:
            if outcome.dropped:
                yield ("dropped", pair.source.surface(outcome.entity).lower(), outcome.entity.label), _DROPPED
    for warning in shown.warnings:
        yield ("warning", warning, ""), _WARNING
    opinions = list(_opinions(pair))
    if len(opinions) > 1:
        for (start, end, label), count in Counter(span for found in opinions for span in found).items():
            share = count / len(opinions)
            yield ("opinions", " ".join(sentence.tokens[start:end]).lower(), label), 1 - abs(2 * share - 1)


def _opinions(pair: Pair) -> Iterator[frozenset[tuple[int, int, str]]]:
    """What each member of an ensemble found, or else what was projected from each source."""
    members = pair.projection.ensemble_members if pair.projection is not None else ()
    if members:
        yield from (spans_of(member.entities) for member in members)
    else:
        yield _projected_spans(pair)
        yield from _other_sources(pair)


def _projected_spans(pair: Pair) -> frozenset[tuple[int, int, str]]:
    outcomes = pair.projection.outcomes if pair.projection is not None else ()
    return spans_of(entity for outcome in outcomes for entity in outcome.projected)


def _other_sources(pair: Pair) -> Iterator[frozenset[tuple[int, int, str]]]:
    """What was projected from each other source; a file has them as records."""
    others = pair.target.meta.get(OTHER_SOURCES)
    for other in others if isinstance(others, (list, tuple)) else ():
        if isinstance(other, Pair):
            yield _projected_spans(other)
        elif isinstance(other, Mapping):
            yield frozenset(span for record in _objects(other.get("outcomes")) for span in _projected(record))


def _projected(record: Mapping[str, Any]) -> Iterator[tuple[int, int, str]]:
    for entity in _objects(record.get("projected")):
        start, end, label = (entity.get(name) for name in ("start", "end", "label"))
        if type(start) is int and type(end) is int and isinstance(label, str):
            yield start, end, label


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, (list, tuple)) else []


def pick(doubts: Sequence[Sequence[Doubt]], count: int) -> list[int]:
    """The positions of the `count` sentences with the most doubts, the most doubtful first; those without any last.

    A doubt that was picked before counts half as much each time, so that the picks differ: the value of a set of
    sentences is submodular, and picking one after the other is within 1 - 1/e of the best set (Nemhauser et al. 1978).

    >>> vigo, lugo = (("entity", "vigo", "LOC"), 0.5), (("entity", "lugo", "LOC"), 0.4)
    >>> pick([[vigo], [vigo], [lugo]], 2)
    [0, 2]
    """
    seen: Counter[tuple[str, str, str]] = Counter()

    def value(position: int) -> float:
        return sum(weight * _AGAIN ** seen[what] for what, weight in doubts[position])

    heap = [(-value(position), position) for position in range(len(doubts))]
    heapq.heapify(heap)
    picked: list[int] = []
    while heap and len(picked) < count:
        old, position = heapq.heappop(heap)
        now = -value(position)
        if now > old and heap and (now, position) > heap[0]:  # its doubts were picked meanwhile
            heapq.heappush(heap, (now, position))
            continue
        picked.append(position)
        seen.update({what for what, _ in doubts[position]})
    return picked


def least_sure(sentences: Iterable[ShownSentence], count: int) -> list[int]:
    """The numbers of the `count` sentences that are most worth a person's time, see `doubts_of` and `pick`.

    >>> from xlner import Entity, Sentence
    >>> scores = (0.9, 0.2)
    >>> pairs = [Pair(Sentence(("Vigo",), (Entity(0, 1, "LOC", score),))) for score in scores]
    >>> least_sure((ShownSentence(k, pair) for k, pair in enumerate(pairs, start=1)), 1)
    [2]
    """
    return numbers_to_pick({s.number: list(doubts_of(s)) for s in sentences if s.pair.target.tokens}, count)


def numbers_to_pick(doubts: Mapping[int, Sequence[Doubt]], count: int) -> list[int]:
    """The numbers of the sentences that `pick` picks, of their doubts by number."""
    numbers = list(doubts)
    return [numbers[position] for position in pick(list(doubts.values()), count)]
