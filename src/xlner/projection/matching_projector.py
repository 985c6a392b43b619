"""The projector that chooses disjoint spans by the alignment score, exactly or greedily."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xlner.core.entity import Span
from xlner.core.options import options_fingerprint, speed_option
from xlner.core.pair import Pair, Projection
from xlner.projection.candidates import aligned_words, between_aligned, merged_ranges, ngrams
from xlner.projection.kernels.distinct import DistinctSolver
from xlner.projection.kernels.objects import Build, flatten, projections
from xlner.projection.kernels.run import backend, backend_for, rule_of, run_matching, search_of
from xlner.projection.matching.match import Matching, ScoredSpan, match_spans, with_gaps
from xlner.projection.scores.alignment import alignment_score

SCORE_NAME = "alignment"
"""The name of the scores of this projector."""


@dataclass(frozen=True, slots=True)
class MatchingOptions:
    """Options of `MatchingProjector`, which documents them.

    >>> MatchingOptions(stop_tokens=("!",)).n
    1
    """

    candidates: str = "aligned"
    max_length: int | None = None
    threshold: float = 0.0
    constraint: str = "<="
    n: int = 1
    gap: int = 1
    stop_tokens: tuple[str, ...] = ()
    gaps: bool = False
    matcher: str = speed_option("exact")
    """The fingerprint begins with it; `milp` gives what `exact` gives."""


class MatchingProjector:
    """The best total alignment score `2 · links / (|s| + |t|)` (Politov et al. 2025) that disjoint spans can have.

    - `matcher`: `exact`; `greedy`, the best free candidate first, which differs from `exact` only where entities
      compete for words; `milp`, the result of `exact` by an integer program, slow.
    - `candidates`: `aligned`, the spans between words linked to the entity; `ngrams`, all spans, which have the same
      optimum under this score; `merged`, the linked words joined across gaps of at most `gap` words.
    - `max_length`: the most words of a candidate.
    - `threshold`: the least score to accept.
    - `constraint` and `n`: each entity gets at most (`<=`), exactly (`=`) or at least (`>=`) `n` spans;
      `>=` with 0 sets no limit at all.
    - `stop_tokens`, separated by spaces: no candidate contains one of these words.
    - `gaps`: add to the scores of each outcome how much the objective drops without this projection, as `gap`. This
      solves the problem once more for each entity.

    If `=` or `>=` cannot be met, the projector makes as many projections as possible and then maximizes the score. An
    entity that gets no span is dropped as `over-limit`; one that gets fewer than `n` has the number of `missing` ones
    in its scores.

    In specs the name chooses the matcher: `exact:ngrams?max_length=10`, `greedy?threshold=0.4`.

    Raises `UnknownNameError` for an unknown `candidates`, `constraint` or `matcher`, and `ValidationError` for a number
    out of range.

    >>> from xlner import Alignment, Entity, Sentence
    >>> pair = Pair(Sentence(("a", "b")), Sentence(("A",), (Entity(0, 1, "LOC"),)), Alignment(((0, 1),)))
    >>> MatchingProjector().project([pair])[0].outcomes[0].scores["alignment"]
    1.0
    """

    def __init__(
        self,
        candidates: str = "aligned",
        *,
        max_length: int | None = None,
        threshold: float = 0.0,
        constraint: str = "<=",
        n: int = 1,
        gap: int = 1,
        stop_tokens: str = "",
        gaps: bool = False,
        matcher: str = "exact",
    ) -> None:
        self.options = MatchingOptions(
            candidates,
            max_length,
            threshold,
            constraint,
            n,
            gap,
            tuple(sorted(set(stop_tokens.split()))),
            gaps,
            matcher,
        )
        self._search = search_of(matcher, candidates, max_length, threshold, gap)
        self._rule = rule_of(constraint, n)
        self._stop_tokens = frozenset(self.options.stop_tokens)

    @property
    def fingerprint(self) -> str:
        """The options that change results."""
        return options_fingerprint("greedy" if self.options.matcher == "greedy" else "exact", self.options)

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """Project the entities of every pair. Raises `ValidationError` for a pair without source or alignment."""
        options = self.options
        on = backend_for(len(pairs))
        found = run_matching(flatten(pairs, on, self._stop_tokens), self._search, self._rule, on)
        several = options.n > 1 or not self._rule.limited
        required = options.n if self._rule.required else 0
        made = projections(pairs, found, Build(SCORE_NAME, several=several, required=required))
        return [with_gaps(m, self.match(pair)) for m, pair in zip(made, pairs, strict=True)] if options.gaps else made

    def solver(self) -> DistinctSolver | None:
        """Projects on arrays, see `xlner.projection.kernels.distinct`; None if it needs words, or `gaps` are asked for.

        Entities that get one span each do not depend on one another where they do not compete.
        """
        options = self.options
        if options.stop_tokens or options.gaps:
            return None
        independent = options.n == 1 and self._rule.limited == 1 and options.matcher != "milp"
        return DistinctSolver(
            lambda pairs: run_matching(pairs, self._search, self._rule, backend(fast=False)),
            score_name=SCORE_NAME,
            matched=True,
            independent=independent,
        )

    def match(self, pair: Pair) -> Matching:
        """The matching of one pair: chosen spans, solver, objective and, on demand, gaps.

        Raises `ValidationError` for a pair without source or alignment.

        >>> from xlner import Alignment, Entity, Sentence
        >>> pair = Pair(Sentence(("a", "b")), Sentence(("A",), (Entity(0, 1, "LOC"),)), Alignment(((0, 1),)))
        >>> best = MatchingProjector().match(pair)
        >>> best.solver, best.objective, best.gap(best.chosen[0])
        ('single', 1.0, 1.0)
        """
        o = self.options
        return match_spans(self._candidates(pair), len(pair.target), matcher=o.matcher, constraint=o.constraint, n=o.n)

    def _candidates(self, pair: Pair) -> list[ScoredSpan]:
        entities = pair.require_source().entities
        words = aligned_words(entities, pair.require_alignment())
        found = []
        for k, entity in enumerate(entities):
            spans = [s for s in self._spans(pair, words[k]) if not self._has_stop_token(pair, s)]
            scores = alignment_score(pair, [entity], spans)[0].tolist()
            scored = zip(spans, scores, strict=True)
            found += [ScoredSpan(k, s, c) for s, c in scored if c and c >= self.options.threshold]
        return found

    def _spans(self, pair: Pair, words: Sequence[int]) -> list[Span]:
        length = self.options.max_length or len(pair.target)
        if self.options.candidates == "ngrams":
            return ngrams(len(pair.target), length)
        if self.options.candidates == "aligned":
            return between_aligned(words, length)
        return [s for s in merged_ranges(words, self.options.gap) if s[1] - s[0] <= length]

    def _has_stop_token(self, pair: Pair, span: Span) -> bool:
        return not self._stop_tokens.isdisjoint(pair.target.tokens[slice(*span)])


def greedy_projector(
    candidates: str = "aligned",
    *,
    max_length: int | None = None,
    threshold: float = 0.0,
    constraint: str = "<=",
    n: int = 1,
    gap: int = 1,
    stop_tokens: str = "",
    gaps: bool = False,
) -> MatchingProjector:
    """`MatchingProjector` with the greedy matcher: what the spec `greedy` makes. The options are the same.

    >>> greedy_projector("ngrams", max_length=10).options.matcher
    'greedy'
    """
    return MatchingProjector(
        candidates,
        max_length=max_length,
        threshold=threshold,
        constraint=constraint,
        n=n,
        gap=gap,
        stop_tokens=stop_tokens,
        gaps=gaps,
        matcher="greedy",
    )
