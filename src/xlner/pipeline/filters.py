"""Filters that choose projected sentences to train on, and counts of what each of them drops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from xlner.core.pair import Pair
from xlner.core.signature import Digest
from xlner.errors import UnknownNameError, ValidationError
from xlner.text.counts import counted
from xlner.text.suggestions import names_hint

FAILED = "failed"
"""The reason for dropping a sentence that has an error."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter for sentences: its name, and its value if it takes one. `FILTERS` describes all of them.

    Raises `UnknownNameError` for an unknown name, and `ValidationError` for a missing value or one out of range.

    >>> str(Filter.parse("confidence:0.50"))
    'confidence:0.5'
    """

    name: str
    value: float | None = None

    def __post_init__(self) -> None:
        if self.name not in FILTERS:
            raise UnknownNameError(f"unknown filter {self.name!r}", hint=names_hint(self.name, FILTERS))
        kind = FILTERS[self.name]
        if (self.value is None) == kind.takes_value:
            hint = f"write {self.name}:NUMBER" if kind.takes_value else f"write {self.name}"
            raise ValidationError(f"filter {self!s} {'needs a' if kind.takes_value else 'takes no'} value", hint=hint)
        if self.value is not None and not kind.low <= self.value <= kind.high:
            raise ValidationError(f"filter {self!s} needs a value from {kind.low:g} to {kind.high:g}")

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}:{self.value:g}"

    @classmethod
    def parse(cls, text: str) -> Filter:
        """Parse `name` or `name:value`."""
        name, colon, value = text.strip().partition(":")
        try:
            return cls(name, float(value) if colon else None)
        except ValueError as error:
            if isinstance(error, ValidationError):
                raise
            raise ValidationError(f"filter {text!r} has no number after the colon") from None

    def keeps(self, pair: Pair) -> bool:
        """True if a sentence passes. `unique` always passes here, because it needs the sentences before."""
        return FILTERS[self.name].keeps(pair, self.value or 0.0)


@dataclass(frozen=True, slots=True)
class FilterKind:
    """A filter: its test of a pair with a value, and the range of the value."""

    keeps: Callable[[Pair, float], bool]
    takes_value: bool = True
    low: float = 0.0
    high: float = 1.0


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _projected(pair: Pair) -> float:
    outcomes = pair.projection.outcomes if pair.projection is not None else ()
    return _share(sum(not o.dropped for o in outcomes), len(outcomes))


def _confidences(pair: Pair) -> list[float]:
    return [e.score or 0.0 for e in pair.labeled.entities] or [1.0]


def _mean_confidence(pair: Pair) -> float:
    scores = _confidences(pair)
    return sum(scores) / len(scores)


def _length_ratio(pair: Pair) -> float:
    lengths = (len(pair.target), len(pair.target) if pair.source is None else len(pair.source))
    return max(lengths) / max(min(lengths), 1) if min(lengths) or not max(lengths) else float("inf")


def _linked(pair: Pair) -> float:
    if pair.alignment is None or pair.source is None:
        return 1.0
    ends = ({s for s, _ in pair.alignment.links}, {t for _, t in pair.alignment.links})
    return _share(sum(map(len, ends)), len(pair.source) + len(pair.target))


_ANY = float("inf")
FILTERS: dict[str, FilterKind] = {
    "complete": FilterKind(lambda p, _: _projected(p) == 1, takes_value=False),
    "projected": FilterKind(lambda p, v: _projected(p) >= v),
    "confidence": FilterKind(lambda p, v: min(_confidences(p)) >= v),
    "mean-confidence": FilterKind(lambda p, v: _mean_confidence(p) >= v),
    "linked": FilterKind(lambda p, v: _linked(p) >= v),
    "length-ratio": FilterKind(lambda p, v: _length_ratio(p) <= v, low=1.0, high=_ANY),
    "max-length": FilterKind(lambda p, v: len(p.target) <= v, high=_ANY),
    "entities": FilterKind(lambda p, v: len(p.labeled.entities) >= v, high=_ANY),
    "unique": FilterKind(lambda p, _: True, takes_value=False),
}
"""The filters by name:

- `complete`: all source entities are projected (COMP-INS of Ebing and Glavaš 2025).
- `projected:X`: at least this share of the source entities is projected.
- `confidence:X`, `mean-confidence:X`: the lowest, or the mean, score of the projected entities is at least X. An
  entity without a score counts as 0.
- `linked:X`: at least this share of all words has a link. A pair without an alignment passes.
- `length-ratio:X`: the longer sentence has at most X times the words of the shorter one.
- `max-length:N`: the target has at most N words.
- `entities:N`: the target has at least N entities.
- `unique`: no sentence that was kept before has the same words.
"""


@dataclass(slots=True)
class FilterReport:
    """How many sentences were kept, and how many each filter dropped. A sentence counts for the first filter it fails.

    >>> str(FilterReport(kept=1))
    'kept 1 of 1 sentence'
    """

    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def sentences(self) -> int:
        """All sentences, kept and dropped."""
        return self.kept + self.dropped.total()

    def __str__(self) -> str:
        by = ", ".join(f"{count} by {name}" for name, count in self.dropped.most_common())
        return f"kept {self.kept} of {counted(self.sentences, 'sentence')}" + (f", dropped {by}" if by else "")


class SentenceFilters:
    """Keeps sentences that pass all filters. Sentences with an error are never kept.

    `filters` are `Filter` objects or texts such as `complete` and `confidence:0.5`; see `FILTERS`.

    >>> from xlner import Sentence
    >>> filters = SentenceFilters(["max-length:2", "unique"])
    >>> texts = ("Vigo", "a b c", "Vigo")
    >>> [p.target.tokens for p in filters.kept(Pair(Sentence(tuple(t.split()))) for t in texts)]
    [('Vigo',)]
    >>> str(filters.report)
    'kept 1 of 3 sentences, dropped 1 by max-length:2, 1 by unique'
    """

    def __init__(self, filters: Iterable[Filter | str]) -> None:
        self.filters = tuple(Filter.parse(f) if isinstance(f, str) else f for f in filters)
        self.report = FilterReport()
        self._seen: set[str] = set()

    def kept(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """The pairs that pass, in order; `report` counts them."""
        for pair in pairs:
            reason = self.reason(pair)
            if reason is None:
                self.report.kept += 1
                if any(f.name == "unique" for f in self.filters):
                    self._seen.add(_words(pair))
                yield pair
            else:
                self.report.dropped[reason] += 1

    def reason(self, pair: Pair) -> str | None:
        """The first filter that drops a pair; None if it passes."""
        if pair.error is not None:
            return FAILED
        return next((str(f) for f in self.filters if not f.keeps(pair) or self._is_double(f, pair)), None)

    def _is_double(self, by: Filter, pair: Pair) -> bool:
        return by.name == "unique" and _words(pair) in self._seen


def _words(pair: Pair) -> str:
    return Digest(pair.target.tokens).hexdigest(32)
