"""The candidates of all entities of a pair, as a union of several kinds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity, Span
from xlner.core.pair import Pair
from xlner.errors import UnknownNameError, ValidationError
from xlner.projection.candidates import aligned_words, between_aligned, merged_ranges, ngrams
from xlner.text.suggestions import names_hint


@dataclass(frozen=True, slots=True)
class CandidateSet:
    """The candidates of a pair: distinct spans, sorted, and which of them each entity may take.

    `allowed` has the shape `(n_entities, n_spans)`.

    >>> CandidateSet(((0, 1),), np.array([[True]])).spans
    ((0, 1),)
    """

    spans: tuple[Span, ...]
    allowed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CandidateOptions:
    """Which spans are candidates.

    - `kinds`, joined by `+`: `ngrams`, all spans; `aligned`, the spans between words linked to the entity; `merged`,
      its linked words joined across gaps of at most `gap` words; `ner`, the entities that the target sentence has.
    - `max_length`: the most words of a candidate, except for `ner`.
    - `keep_label`: an entity may take `ner` candidates with its own label only.
    - `stop_tokens`: no candidate contains one of these words.

    Raises `UnknownNameError` for an unknown kind, `ValidationError` for a `max_length` below 1 or a negative `gap`.

    >>> CandidateOptions("aligned+ner", max_length=5).needs_links
    True
    """

    kinds: str = "ngrams"
    max_length: int = 10
    gap: int = 1
    keep_label: bool = False
    stop_tokens: Collection[str] = ()

    def __post_init__(self) -> None:
        # Sorted, so that the fingerprint does not depend on the order.
        object.__setattr__(self, "stop_tokens", tuple(sorted(set(self.stop_tokens))))
        for name in self.names:
            if name not in _KINDS:
                raise UnknownNameError(
                    f"unknown candidates {name!r}", hint=names_hint(name, _KINDS, "known, joined by '+':")
                )
        if self.max_length < 1 or self.gap < 0:
            raise ValidationError(
                f"max_length {self.max_length} or gap {self.gap} leaves no candidate",
                hint="use a max_length of 1 or more and a gap of 0 or more",
            )

    @property
    def names(self) -> list[str]:
        """The kinds, one by one."""
        return self.kinds.split("+")

    @property
    def needs_links(self) -> bool:
        """True if some candidates come from links."""
        return not {"aligned", "merged"}.isdisjoint(self.names)

    def find(self, pair: Pair, entities: Sequence[Entity]) -> CandidateSet:
        """The candidates of these entities. Raises `ValidationError` if they come from links and the pair has none.

        >>> from xlner import Sentence
        >>> CandidateOptions(max_length=1).find(Pair(Sentence(("Ana", "Pardo"))), [Entity(0, 1, "PER")]).spans
        ((0, 1), (1, 2))
        """
        rows: list[set[Span]] = [set() for _ in entities]
        for name in self.names:
            for row, spans in zip(rows, _KINDS[name](pair, entities, self), strict=True):
                row.update(spans)
        stop_tokens = frozenset(self.stop_tokens)
        distinct = sorted(set[Span]().union(*rows))
        spans = [s for s in distinct if stop_tokens.isdisjoint(pair.target.tokens[slice(*s)])]
        column = {span: k for k, span in enumerate(spans)}
        allowed = np.zeros((len(entities), len(spans)), dtype=np.bool_)
        for k, row in enumerate(rows):
            allowed[k, [column[s] for s in row if s in column]] = True
        return CandidateSet(tuple(spans), allowed)


_Rows = Sequence[Sequence[Span]]


def _ngrams(pair: Pair, entities: Sequence[Entity], options: CandidateOptions) -> _Rows:
    return [ngrams(len(pair.target), options.max_length)] * len(entities)


def _aligned(pair: Pair, entities: Sequence[Entity], options: CandidateOptions) -> _Rows:
    return [between_aligned(words, options.max_length) for words in _linked_words(pair, entities)]


def _merged(pair: Pair, entities: Sequence[Entity], options: CandidateOptions) -> _Rows:
    rows = [merged_ranges(words, options.gap) for words in _linked_words(pair, entities)]
    return [[s for s in row if s[1] - s[0] <= options.max_length] for row in rows]


def _target_entities(pair: Pair, entities: Sequence[Entity], options: CandidateOptions) -> _Rows:
    found = pair.target.entities
    return [[f.span for f in found if not options.keep_label or f.label == e.label] for e in entities]


_KINDS: Mapping[str, Callable[[Pair, Sequence[Entity], CandidateOptions], _Rows]] = {
    "ngrams": _ngrams,
    "aligned": _aligned,
    "merged": _merged,
    "ner": _target_entities,
}


def _linked_words(pair: Pair, entities: Sequence[Entity]) -> list[list[int]]:
    return aligned_words(entities, pair.require_alignment())
