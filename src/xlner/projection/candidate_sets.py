"""Candidates of all entities of a pair at once, from several sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity, Span
from xlner.core.pair import Pair
from xlner.errors import UnknownNameError, ValidationError
from xlner.projection.candidates import aligned_words, between_aligned, merged_ranges, ngrams


@dataclass(frozen=True, slots=True)
class CandidateSet:
    """Distinct spans, sorted, and which of them each entity may take: `allowed`, shape `(n_entities, n_spans)`."""

    spans: tuple[Span, ...]
    allowed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CandidateOptions:
    """Where candidates come from: a union of sources, and what holds for all of them.

    `sources`, joined by `+`: `ngrams`, all spans; `aligned`, the spans between words linked to the entity; `merged`,
    its linked words joined across gaps of at most `gap` words; `ner`, the entities that the target sentence
    has already. With `keep_label` an entity may take recognized spans of its own label only. No span has more than
    `max_length` words or contains one of `stop_tokens`; recognized spans may be longer.

    Raises `UnknownNameError` or `ValidationError` for options that make no sense.
    """

    sources: str = "ngrams"
    max_length: int = 10
    gap: int = 1
    keep_label: bool = False
    stop_tokens: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in self.sources.split("+"):
            if name not in _SOURCES:
                raise UnknownNameError(
                    f"unknown candidates {name!r}", hint=f"known, to be joined by '+': {', '.join(_SOURCES)}"
                )
        if self.max_length < 1 or self.gap < 0:
            raise ValidationError(f"max_length {self.max_length} or gap {self.gap} leaves no candidate")

    @property
    def need_links(self) -> bool:
        """True where some candidates come from links."""
        return not {"aligned", "merged"}.isdisjoint(self.sources.split("+"))

    def of(self, pair: Pair, entities: Sequence[Entity]) -> CandidateSet:
        """The candidates of these entities.

        >>> from xlner import Sentence
        >>> CandidateOptions(max_length=1).of(Pair(Sentence(("Ana", "Pardo"))), [Entity(0, 1, "PER")]).spans
        ((0, 1), (1, 2))
        """
        rows: list[set[Span]] = [set() for _ in entities]
        for name in self.sources.split("+"):
            for row, spans in zip(rows, _SOURCES[name](pair, entities, self), strict=True):
                row.update(spans)
        spans = sorted(s for s in set[Span]().union(*rows) if not self._has_stop(pair, s))
        column = {span: k for k, span in enumerate(spans)}
        allowed = np.zeros((len(entities), len(spans)), dtype=np.bool_)
        for k, row in enumerate(rows):
            allowed[k, [column[s] for s in row if s in column]] = True
        return CandidateSet(tuple(spans), allowed)

    def _has_stop(self, pair: Pair, span: Span) -> bool:
        return not self.stop_tokens.isdisjoint(pair.target.tokens[slice(*span)])


_Rows = Sequence[Sequence[Span]]


def _ngrams(pair: Pair, entities: Sequence[Entity], options: CandidateOptions) -> _Rows:
    return [ngrams(len(pair.target), options.max_length)] * len(entities)


def _aligned(pair: Pair, entities: Sequence[Entity], options: CandidateOptions) -> _Rows:
    return [between_aligned(words, options.max_length) for words in _linked(pair, entities)]


def _merged(pair: Pair, entities: Sequence[Entity], options: CandidateOptions) -> _Rows:
    rows = [merged_ranges(words, options.gap) for words in _linked(pair, entities)]
    return [[s for s in row if s[1] - s[0] <= options.max_length] for row in rows]


def _recognized(pair: Pair, entities: Sequence[Entity], options: CandidateOptions) -> _Rows:
    found = pair.target.entities
    return [[f.span for f in found if not options.keep_label or f.label == e.label] for e in entities]


_SOURCES: Mapping[str, Callable[[Pair, Sequence[Entity], CandidateOptions], _Rows]] = {
    "ngrams": _ngrams,
    "aligned": _aligned,
    "merged": _merged,
    "ner": _recognized,
}


def _linked(pair: Pair, entities: Sequence[Entity]) -> list[list[int]]:
    if pair.alignment is None:
        raise ValidationError("a pair needs an alignment for candidates between linked words")
    return aligned_words(entities, pair.alignment)
