"""Projectors that need no score: the longest run of linked words, and the hull of all linked words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from xlner.core.alignment import Alignment
from xlner.core.options import options_fingerprint
from xlner.core.pair import Outcome, Pair, Projection, Reason
from xlner.errors import UnknownNameError, UsageError
from xlner.projection.all_ranges import AllRanges
from xlner.projection.candidates import aligned_words
from xlner.projection.kernels.distinct import DistinctSolver
from xlner.projection.kernels.objects import Build, flatten, projections
from xlner.projection.kernels.ranges import Ranges
from xlner.projection.kernels.run import backend, backend_for, hull_of, ranges_of, run_ranges
from xlner.text.suggestions import names_hint

SCORE_NAME = "length_ratio"
"""The name of the scores of these projectors: the words of a span divided by those of the entity."""


class RangeChoice(StrEnum):
    """Which ranges of linked words an entity is projected onto.

    >>> RangeChoice("all") is RangeChoice.ALL
    True
    """

    LONGEST = "longest"
    """The longest free one, longest entity first."""
    ALL = "all"
    """All that are long enough; words of later entities overwrite those of earlier ones."""
    FREE = "free"
    """All that are long enough and free, shortest entity first."""


@dataclass(frozen=True, slots=True)
class HeuristicOptions:
    """Options of `HeuristicProjector`, which documents them.

    >>> HeuristicOptions(gap=2).ratio
    0.8
    """

    gap: int = 1
    ratio: float = 0.8
    top_k: int | None = None
    keep_first: bool = False
    ranges: RangeChoice = RangeChoice.LONGEST


class HeuristicProjector:
    """The longest run of words linked to an entity (García-Ferrero et al. 2022).

    Takes the entities by falling length. For each one it joins the linked words into ranges, drops ranges that are too
    short, and takes the longest range that is still free, the leftmost one of equals.

    - `gap`: words are joined across at most this many words without a link to the entity.
    - `ratio`: a range must have more than this share of the entity's words.
    - `top_k`: only this many of the longest ranges are tried; with 1, an entity whose longest range is taken is
      dropped. All ranges by default.
    - `keep_first`: a range that begins with a word linked to the first word of the entity is not joined to the range
      left of it.
    - `ranges`: `longest`, as above. With `all`, an entity is projected onto all ranges that are long enough, in the
      order of the source sentence, and words of later entities overwrite those of earlier ones; `top_k` cannot be
      given. This is what the program of Politov et al. 2025 does. With `free`, the shortest entity comes first, a range
      with a taken word is left out, and `top_k` keeps the shortest ranges. This is the program of Shkalikov's thesis.

    Raises `ValidationError` for a negative `gap` or `ratio` and a `top_k` below 1, `UnknownNameError` for unknown
    `ranges`, and `UsageError` for `top_k` with `all`.

    >>> from xlner import Alignment, Entity, Sentence
    >>> pair = Pair(Sentence(("a", "b")), Sentence(("A",), (Entity(0, 1, "LOC"),)), Alignment(((0, 1),)))
    >>> HeuristicProjector().project([pair])[0].sentence.tags()
    ['O', 'B-LOC']
    """

    def __init__(
        self,
        *,
        gap: int = 1,
        ratio: float = 0.8,
        top_k: int | None = None,
        keep_first: bool = False,
        ranges: RangeChoice | str = RangeChoice.LONGEST,
    ) -> None:
        self._ranges = ranges_of(gap, ratio, top_k, keep_first=keep_first)
        choice = _choice(ranges)
        if choice is RangeChoice.ALL and top_k is not None:
            raise UsageError("top_k and ranges=all exclude each other", hint="use ranges=free")
        self.options = HeuristicOptions(gap, ratio, top_k, keep_first, choice)

    @property
    def fingerprint(self) -> str:
        """The options that change results."""
        return options_fingerprint("heuristic", self.options)

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """Project the entities of every pair. Raises `ValidationError` for a pair without source or alignment."""
        options = self.options
        if options.ranges is RangeChoice.LONGEST:
            return _project_ranges(pairs, self._ranges)
        free = options.ranges is RangeChoice.FREE
        every = AllRanges(options.gap, options.ratio, options.top_k, options.keep_first, free)
        return [every.project(pair) for pair in pairs]

    def solver(self) -> DistinctSolver | None:
        """Projects on arrays, see `xlner.projection.kernels.distinct`; None unless `ranges` are the longest."""
        return _range_solver(self._ranges) if self.options.ranges is RangeChoice.LONGEST else None


def _choice(name: RangeChoice | str) -> RangeChoice:
    try:
        return RangeChoice(name)
    except ValueError:
        raise UnknownNameError(f"unknown ranges {str(name)!r}", hint=names_hint(name, RangeChoice)) from None


@dataclass(frozen=True, slots=True)
class HullOptions:
    """Options of `HullProjector`, which documents them.

    >>> HullOptions(comp_src=True).comp_tgt
    False
    """

    comp_src: bool = False
    comp_tgt: bool = False
    comp_ins: bool = False
    restr_tgt: bool = False
    max_ratio: float | None = None


class HullProjector:
    """From the first to the last word linked to an entity (Ebing & Glavaš 2025), longest entity first.

    The filters of that paper drop uncertain entities; their definitions are those of its published code:

    - `comp_src` (COMP-SRC): every word of the entity must have a link.
    - `comp_tgt` (COMP-TGT): every word of the hull must be linked to the entity.
    - `comp_ins` (COMP-INS): if one entity of a sentence is dropped, all are. The paper then leaves the sentence out of
      its training data, as the sentence filter `complete` does.
    - `restr_tgt` (RESTR-TGT): an entity of one word gets one word, the first that it is linked to.
    - `max_ratio` (not in the paper): the hull has at most this many times the entity's words.

    An entity that a filter drops has the reason `no-candidate`.

    Raises `ValidationError` for a `max_ratio` that is not above 0.

    >>> from xlner import Alignment, Entity, Sentence
    >>> pair = Pair(Sentence(tuple("abc")), Sentence(("A",), (Entity(0, 1, "LOC"),)), Alignment(((0, 0), (0, 2))))
    >>> HullProjector().project([pair])[0].sentence.tags()
    ['B-LOC', 'I-LOC', 'I-LOC']
    >>> HullProjector(restr_tgt=True).project([pair])[0].sentence.tags()
    ['B-LOC', 'O', 'O']
    >>> HullProjector(comp_tgt=True).project([pair])[0].outcomes[0].reason.value
    'no-candidate'
    """

    def __init__(
        self,
        *,
        comp_src: bool = False,
        comp_tgt: bool = False,
        comp_ins: bool = False,
        restr_tgt: bool = False,
        max_ratio: float | None = None,
    ) -> None:
        self._ranges = hull_of(all_sources=comp_src, all_targets=comp_tgt, max_ratio=max_ratio)
        self.options = HullOptions(comp_src, comp_tgt, comp_ins, restr_tgt, max_ratio)

    @property
    def fingerprint(self) -> str:
        """The options that change results."""
        return options_fingerprint("hull", self.options)

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """Project the entities of every pair. Raises `ValidationError` for a pair without source or alignment."""
        if self.options.restr_tgt:
            pairs = [_with_first_links(p, complete=self.options.comp_tgt) for p in pairs]
        found = _project_ranges(pairs, self._ranges)
        return [_all_or_nothing(p) for p in found] if self.options.comp_ins else found

    def solver(self) -> DistinctSolver | None:
        """Projects on arrays, see `xlner.projection.kernels.distinct`; None with `comp_ins` or `restr_tgt`."""
        return None if self.options.comp_ins or self.options.restr_tgt else _range_solver(self._ranges)


def _with_first_links(pair: Pair, *, complete: bool) -> Pair:
    """The pair in which entities of one word keep only their first link.

    If hulls must be `complete`, an entity whose hull has a hole keeps its links, so that the hole drops it.
    """
    if pair.source is None or pair.alignment is None:
        return pair
    single = [e for e in pair.source.entities if len(e) == 1]
    first: dict[int, int] = {}
    for entity, words in zip(single, aligned_words(single, pair.alignment), strict=True):
        has_hole = bool(words) and words[-1] - words[0] >= len(words)
        if words and not (complete and has_hole):
            first[entity.start] = words[0]
    links = tuple(link for link in pair.alignment.links if first.get(link[0], link[1]) == link[1])
    return replace(pair, alignment=Alignment(links))


def _range_solver(ranges: Ranges) -> DistinctSolver:
    return DistinctSolver(
        lambda pairs: run_ranges(pairs, ranges, backend(fast=False)), score_name=SCORE_NAME, matched=False
    )


def _project_ranges(pairs: Sequence[Pair], ranges: Ranges) -> list[Projection]:
    on = backend_for(len(pairs))
    return projections(pairs, run_ranges(flatten(pairs, on), ranges, on), Build(SCORE_NAME, matched=False))


def _all_or_nothing(projection: Projection) -> Projection:
    """The projection itself, or one without entities if an entity was dropped."""
    if not any(o.dropped for o in projection.outcomes):
        return projection
    outcomes = [Outcome(o.entity, reason=o.reason or Reason.NO_CANDIDATE) for o in projection.outcomes]
    return Projection(projection.sentence.with_entities(()), tuple(outcomes))
