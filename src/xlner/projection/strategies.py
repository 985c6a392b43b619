"""Projectors: complete ways to carry the entities of a source sentence over to its target sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xlner.core.alignment import Alignment
from xlner.core.entity import Span
from xlner.core.pair import Outcome, Pair, Projection, Reason
from xlner.errors import ValidationError
from xlner.projection.candidates import aligned_words, between_aligned, merged_ranges, ngrams
from xlner.projection.kernels.batch import Ranges
from xlner.projection.kernels.objects import Build, flatten, projections
from xlner.projection.kernels.run import backend_for, hull_of, ranges_of, rule_of, run_matching, run_ranges, search_of
from xlner.projection.matching.match import Match, Option, match_spans, with_gaps
from xlner.projection.scores.alignment import alignment_score


class HeuristicProjector:
    """The longest run of words linked to an entity (García-Ferrero et al. 2022).

    For each entity, longest first: join its linked words across gaps of at most `gap` words, keep ranges whose length
    is more than `ratio` of the entity's, and take the longest range that is still free, the leftmost of equals. Only
    the `top_k` longest ranges are tried; with 1, an entity whose longest range is taken is dropped. With `keep_first`
    a range that begins with a word linked to the entity's first word is not joined to the range left of it.

    Raises `ValidationError` for options that make no sense.

    >>> from xlner import Alignment, Entity, Sentence
    >>> pair = Pair(Sentence(("a", "b")), Sentence(("A",), (Entity(0, 1, "LOC"),)), Alignment(((0, 1),)))
    >>> HeuristicProjector().project([pair])[0].sentence.tags()
    ['O', 'B-LOC']
    """

    def __init__(self, *, gap: int = 1, ratio: float = 0.8, top_k: int | None = None, keep_first: bool = False) -> None:
        self._ranges = ranges_of(gap, ratio, top_k, keep_first=keep_first)
        self.gap = gap
        self.ratio = ratio
        self.top_k = top_k
        self.keep_first = keep_first

    @property
    def fingerprint(self) -> str:
        """What the result depends on."""
        return f"heuristic gap={self.gap} ratio={self.ratio} top_k={self.top_k} keep_first={self.keep_first}"

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """Project the entities of every pair; raises `ValidationError` for a pair without source or alignment."""
        return _project_ranges(pairs, self._ranges)


class HullProjector:
    """From the first to the last word linked to an entity (Ebing & Glavaš 2025), longest entity first.

    The filters of that paper drop doubtful entities; definitions are those of its published code. `comp_src`
    (COMP-SRC): every word of the entity has a link. `comp_tgt` (COMP-TGT): every word of the hull is linked to the
    entity. `comp_ins` (COMP-INS): all entities of the sentence are projected, else none is; the paper then leaves the
    sentence out of its training data, as the filter `complete` does. `restr_tgt` (RESTR-TGT): an entity of one word
    gets one word, the first that it is linked to. `max_ratio` is ours: the hull has at most that many times the
    entity's words. What a filter drops has the reason `no-candidate`.

    Raises `ValidationError` for options that make no sense.

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
        if max_ratio is not None and not max_ratio > 0:
            raise ValidationError(f"max_ratio {max_ratio} leaves no hull", hint="use a number above 0")
        self._ranges = hull_of(all_sources=comp_src, all_targets=comp_tgt, max_ratio=max_ratio)
        self.comp_src = comp_src
        self.comp_tgt = comp_tgt
        self.comp_ins = comp_ins
        self.restr_tgt = restr_tgt
        self.max_ratio = max_ratio

    @property
    def fingerprint(self) -> str:
        """What the result depends on."""
        filters = f"comp_src={self.comp_src} comp_tgt={self.comp_tgt} comp_ins={self.comp_ins}"
        return f"hull {filters} restr_tgt={self.restr_tgt} max_ratio={self.max_ratio}"

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """Project the entities of every pair; raises `ValidationError` for a pair without source or alignment."""
        if self.restr_tgt:
            pairs = [_with_one_word_for_one(p, complete=self.comp_tgt) for p in pairs]
        found = _project_ranges(pairs, self._ranges)
        return [_all_or_nothing(p) for p in found] if self.comp_ins else found


def _with_one_word_for_one(pair: Pair, *, complete: bool) -> Pair:
    """The pair in which entities of one word have their first link only.

    Where hulls must be `complete`, one with a hole keeps its links, so that it is dropped for the hole.
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


def _project_ranges(pairs: Sequence[Pair], ranges: Ranges) -> list[Projection]:
    on = backend_for(len(pairs))
    return projections(pairs, run_ranges(flatten(pairs, on), ranges, on), Build("length_ratio", matched=False))


def _all_or_nothing(projection: Projection) -> Projection:
    """The projection, or where an entity is dropped one without entities."""
    if not any(o.dropped for o in projection.outcomes):
        return projection
    outcomes = [Outcome(o.entity, reason=o.reason or Reason.NO_CANDIDATE) for o in projection.outcomes]
    return Projection(projection.sentence.with_entities(()), tuple(outcomes))


class ExactProjector:
    """The best total alignment score `2 · links / (|s| + |t|)` (Politov et al. 2025) that disjoint spans can have.

    `candidates`: `aligned`, the spans between words linked to the entity; `ngrams`, all spans, which under this score
    have the same optimum; `merged`, the linked words joined across gaps of at most `gap` words. `max_length` bounds a
    candidate's words, `threshold` is the least score to accept, and no candidate contains one of `stop_tokens`
    (separated by spaces). Each entity gets at most (`<=`), exactly (`=`) or at least (`>=`) `n` spans.

    Where `=` or `>=` cannot be met, as many projections as possible are made and then the best-scoring ones. An entity
    that gets none is dropped as `over-limit`; one that gets too few has how many as `missing` in its scores.
    `matcher` is `exact`, `milp` (the same result by an integer program, slow) or `greedy`. With `gaps`, outcomes say
    how much smaller the objective of the best solution without this projection is, as `gap`; that takes one more
    solution for each entity.

    Raises `UnknownNameError` or `ValidationError` for options that make no sense.

    >>> from xlner import Alignment, Entity, Sentence
    >>> pair = Pair(Sentence(("a", "b")), Sentence(("A",), (Entity(0, 1, "LOC"),)), Alignment(((0, 1),)))
    >>> ExactProjector().project([pair])[0].outcomes[0].scores["alignment"]
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
        self._search = search_of(matcher, candidates, max_length, threshold, gap)
        self._rule = rule_of(constraint, n)
        self._stop_tokens = frozenset(stop_tokens.split())
        self.candidates = candidates
        self.max_length = max_length
        self.threshold = threshold
        self.constraint = constraint
        self.n = n
        self.gap = gap
        self.stop_tokens = stop_tokens
        self.gaps = gaps
        self.matcher = matcher

    @property
    def fingerprint(self) -> str:
        """What the result depends on; `milp` gives what `exact` gives."""
        name = "greedy" if self.matcher == "greedy" else "exact"
        options = f"candidates={self.candidates} max_length={self.max_length} threshold={self.threshold}"
        stops = " ".join(sorted(self._stop_tokens))
        options += f" constraint={self.constraint}{self.n} gap={self.gap} stop_tokens={stops!r}"
        return f"{name} {options}{' gaps' * self.gaps}"

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """Project the entities of every pair; raises `ValidationError` for a pair without source or alignment."""
        on = backend_for(len(pairs))
        found = run_matching(flatten(pairs, on, self._stop_tokens), self._search, self._rule, on)
        several = self.n > 1 or not self._rule.limited
        required = self.n if self._rule.required else 0
        made = projections(pairs, found, Build("alignment", several=several, required=required))
        return [with_gaps(m, self.match(pair)) for m, pair in zip(made, pairs, strict=True)] if self.gaps else made

    def match(self, pair: Pair) -> Match:
        """The solution of one pair with what proves it, its objective and, on demand, the gap to the runner-up.

        >>> from xlner import Alignment, Entity, Sentence
        >>> pair = Pair(Sentence(("a", "b")), Sentence(("A",), (Entity(0, 1, "LOC"),)), Alignment(((0, 1),)))
        >>> best = ExactProjector().match(pair)
        >>> best.solver, best.objective, best.gap(best.chosen[0])
        ('single', 1.0, 1.0)
        """
        return match_spans(
            self._options(pair), len(pair.target), matcher=self.matcher, constraint=self.constraint, n=self.n
        )

    def _options(self, pair: Pair) -> list[Option]:
        if pair.source is None or pair.alignment is None:
            raise ValidationError("a pair needs a source sentence and an alignment to be projected")
        words = aligned_words(pair.source.entities, pair.alignment)
        options = []
        for k, entity in enumerate(pair.source.entities):
            spans = [s for s in self._spans(pair, words[k]) if not self._has_stop(pair, s)]
            scores = alignment_score(pair, [entity], spans)[0].tolist()
            options += [Option(k, s, c) for s, c in zip(spans, scores, strict=True) if c and c >= self.threshold]
        return options

    def _spans(self, pair: Pair, words: Sequence[int]) -> list[Span]:
        length = self.max_length or len(pair.target)
        if self.candidates == "ngrams":
            return ngrams(len(pair.target), length)
        if self.candidates == "aligned":
            return between_aligned(words, length)
        return [s for s in merged_ranges(words, self.gap) if s[1] - s[0] <= length]

    def _has_stop(self, pair: Pair, span: Span) -> bool:
        return not self._stop_tokens.isdisjoint(pair.target.tokens[slice(*span)])


class GreedyProjector(ExactProjector):
    """Greedy matching by the alignment score: the best free candidate first (Politov et al. 2025).

    Options are those of `ExactProjector`. It differs from it where entities compete for the same words.

    >>> from xlner import Alignment, Entity, Sentence
    >>> pair = Pair(Sentence(("a", "b")), Sentence(("A",), (Entity(0, 1, "LOC"),)), Alignment(((0, 1),)))
    >>> GreedyProjector().project([pair])[0].outcomes[0].scores["alignment"]
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
    ) -> None:
        super().__init__(
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
