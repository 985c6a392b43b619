"""The projector that matches by a weighted sum of several scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from xlner.core.options import options_fingerprint, speed_option
from xlner.core.pair import Pair, Projection, Reason
from xlner.core.registry import DEFAULT_RECOGNIZER
from xlner.errors import ValidationError
from xlner.projection.candidate_sets import CandidateOptions
from xlner.projection.matching.match import Matching, ScoredSpan, check_matching_options, match_spans, with_gaps
from xlner.projection.scores.model_translation import ModelTranslationScore
from xlner.projection.scores.scored_pair import ScoredPair
from xlner.projection.scores.weighted_sum import LINK_SCORES, Score, Term, resolve, score_fingerprint, terms_of
from xlner.projection.target_recognizer import TargetRecognizer
from xlner.stages import Recognizer
from xlner.text.spelling import check_installed

_RECOGNIZER_SCORES = frozenset({"ner", "ner_spans"})


@dataclass(frozen=True, slots=True)
class FusedOptions:
    """Options of `FusedProjector`, which documents them.

    >>> FusedOptions((Term("alignment"),)).n
    1
    """

    terms: tuple[Term, ...]
    candidates: CandidateOptions = field(default_factory=CandidateOptions)
    threshold: float = 0.0
    constraint: str = "<="
    n: int = 1
    gaps: bool = False
    matcher: str = speed_option("exact")
    """The fingerprint begins with it; `milp` gives what `exact` gives."""


class FusedProjector:
    """The best total of a weighted sum of scores, `Σ_k w_k · c_k(s, t)`, that disjoint spans can have.

    - `preset`: the name of a weighted sum in `xlner.projection.scores.weighted_sum.PRESETS`.
    - `weights`, instead of a preset: scores with their weights and thresholds, as in `alignment:1,surface:0.5:0.7`.
      `alignment`, `coverage`, `null_aware_coverage`, `weighted_coverage` and `surface` are built in.
    - `**scores`: other scores by name, as functions `(pair, entities, candidates) → array (n_entities, n_candidates)`.
      Presets use the names `ner`, `ner_spans` and `translation`: pass `ner=NerScore(…)`,
      `translation=TranslationScore(…)`.
    - `recognizer`, an object or a spec, for the target language: gives the scores `ner` and `ner_spans`, by default
      the recognizer `multilingual`, and the entities of the target sentence if `ner` is among the candidates. In a
      spec: `fused:align+ner?recognizer=hf:DIR`.
    - `scorer`: the spec of a translator that scores phrases, such as `nllb:DIR`; gives the score `translation`.
    - `candidates`, `max_length`, `gap`, `keep_label`, `stop_tokens` (separated by spaces): see `CandidateOptions`.
    - `threshold`: the least sum to accept.
    - `constraint`, `n`, `gaps`, `matcher`: see `MatchingProjector`.

    Outcomes hold the score of every term without its weight, and the weighted sum as `total`, which is also the score
    of the projected entities.

    Raises `UnknownNameError` for unknown names, `ValidationError` for a number out of range, `UsageError` for weights
    that cannot be read or options that exclude each other, and `MissingExtraError` if the packages of the surface
    score are not installed.

    >>> from xlner import Alignment, Entity, Sentence
    >>> pair = Pair(Sentence(("na", "Anu")), Sentence(("Ana",), (Entity(0, 1, "PER"),)), Alignment(()))
    >>> [o.scores for o in FusedProjector(weights="surface:1").project([pair])[0].outcomes]
    [{'surface': 0.8, 'total': 0.8}]
    """

    def __init__(
        self,
        preset: str | None = None,
        *,
        weights: str | None = None,
        recognizer: Recognizer | str | None = None,
        scorer: str | None = None,
        candidates: str = "ngrams",
        max_length: int = 10,
        gap: int = 1,
        keep_label: bool = False,
        stop_tokens: str = "",
        threshold: float = 0.0,
        constraint: str = "<=",
        n: int = 1,
        gaps: bool = False,
        matcher: str = "exact",
        **scores: Score,
    ) -> None:
        self.options = FusedOptions(
            terms_of(preset, weights),
            CandidateOptions(candidates, max_length, gap, keep_label, stop_tokens.split()),
            threshold,
            constraint,
            n,
            gaps,
            matcher,
        )
        missing = {t.name for t in self.options.terms} - scores.keys()
        if recognizer is None and not missing.isdisjoint(_RECOGNIZER_SCORES):
            recognizer = DEFAULT_RECOGNIZER
        self._recognizer = None if recognizer is None else TargetRecognizer(recognizer)
        if self._recognizer is not None:
            scores = {**self._recognizer.scores(missing), **scores}
        if scorer is not None:
            scores = {"translation": ModelTranslationScore(scorer), **scores}
        self._functions = resolve(self.options.terms, scores)
        self._given = scores
        if not 0 <= threshold < math.inf:
            raise ValidationError(f"threshold {threshold} is negative or not finite")
        if "surface" in self._functions and "surface" not in scores:
            check_installed()
        check_matching_options(matcher, constraint, n)

    @property
    def reads_target_entities(self) -> bool:
        """True if candidates are entities that target sentences must already have."""
        return self._recognizer is None and "ner" in self.options.candidates.names

    @property
    def fingerprint(self) -> str:
        """The options that change results, the given scores and the recognizer."""
        name = "fused-greedy" if self.options.matcher == "greedy" else "fused"
        given = {name: score_fingerprint(score) for name, score in sorted(self._given.items())}
        if self._recognizer is not None:
            given["recognizer"] = self._recognizer.fingerprint
        return f"{options_fingerprint(name, self.options)} {given}"

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """Project the entities of every pair. Raises `ValidationError` for a pair without source or required links."""
        return [self._project(pair) for pair in self._recognize(pairs)]

    def match(self, pair: Pair) -> Matching:
        """The matching of one pair: chosen spans, solver, objective and, on demand, gaps."""
        (pair,) = self._recognize([pair])
        return self._match(pair, self._scored_spans(self._score(pair)))

    def score(self, pair: Pair) -> ScoredPair:
        """The candidates of one pair with the score of every term.

        >>> from xlner import Alignment, Entity, Sentence
        >>> pair = Pair(Sentence(("Ana",)), Sentence(("Ana",), (Entity(0, 1, "PER"),)), Alignment(((0, 0),)))
        >>> [scores.tolist() for scores in FusedProjector().score(pair).scores]
        [[[1.0]], [[1.0]]]
        """
        (pair,) = self._recognize([pair])
        return self._score(pair)

    def _recognize(self, pairs: Sequence[Pair]) -> Sequence[Pair]:
        """The pairs with what the recognizer finds in their targets, in one batch."""
        recognizer = self._recognizer
        if recognizer is None or not pairs:
            return pairs
        if not _RECOGNIZER_SCORES.isdisjoint(self._functions):
            recognizer.read(pairs)
        return recognizer.recognized(pairs) if "ner" in self.options.candidates.names else pairs

    def _project(self, pair: Pair) -> Projection:
        options = self.options
        scored = self._score(pair)
        available = self._scored_spans(scored)
        required = 0 if options.constraint == "<=" else options.n
        lost = Reason.OVER_LIMIT if required else Reason.OVERLAP
        chosen, solver = self._choose(pair, available)
        made = scored.project(chosen, options.terms, available, lost=lost, required=required)
        made = replace(made, solver=solver, objective=math.fsum(c.score for c in chosen))
        return with_gaps(made, self._match(pair, available)) if options.gaps else made

    def _choose(self, pair: Pair, available: Sequence[ScoredSpan]) -> tuple[Sequence[ScoredSpan], str]:
        """The candidates to take, and the name of the solver."""
        best = self._match(pair, available)
        return best.chosen, best.solver

    def _match(self, pair: Pair, available: Sequence[ScoredSpan]) -> Matching:
        o = self.options
        return match_spans(available, len(pair.target), matcher=o.matcher, constraint=o.constraint, n=o.n)

    def _scored_spans(self, scored: ScoredPair) -> list[ScoredSpan]:
        return scored.scored_spans(self.options.terms, self.options.threshold)

    def _score(self, pair: Pair) -> ScoredPair:
        needs_links = self.options.candidates.needs_links
        needs_links = needs_links or not LINK_SCORES.isdisjoint(self._functions.keys() - self._given)
        if needs_links:
            pair.require_alignment()
        return ScoredPair.of(pair, self.options.candidates, self._functions)
