"""The projector that weighs several scores against each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from xlner.core.pair import Pair, Projection, Reason
from xlner.errors import ValidationError
from xlner.projection.candidate_sets import CandidateOptions
from xlner.projection.matching.match import Match, Option, match_spans, with_gaps
from xlner.projection.scores.fusion import NEED_LINKS, Part, Score, parse_weights, preset, resolve, weights_text
from xlner.projection.scores.model_translation import ModelTranslationScore
from xlner.projection.scores.scoring import ScoredPair
from xlner.projection.target_recognizer import TargetRecognizer
from xlner.stages import Recognizer
from xlner.text.spelling import check_installed

DEFAULT_PRESET = "align+surface"


class FusedProjector:
    """The best total of a weighted sum of scores, `Σ_k w_k · c_k(s, t)`, that disjoint spans can have.

    `preset` names a sum of `xlner.projection.scores.fusion.PRESETS`; or `weights` says which scores with which weights
    and thresholds, as in `alignment:1,surface:0.5:0.7`. Built in are `alignment`, `coverage`, `null_aware_coverage`,
    `weighted_coverage` and `surface`; others are passed in by name as functions `(pair, entities, candidates) → array
    (n_entities, n_candidates)`, such as `ner=NerScore(…)`, `ner_spans=…` and `translation=TranslationScore(…)`, which
    presets speak of.

    `recognizer`, an object or a spec, is one for the target language: it gives the scores `ner` and `ner_spans`, and
    with `ner` among the candidates the entities of the target: `fused:align+ner?recognizer=hf:./my-ner`.

    `scorer` is the spec of a translator that scores phrases, such as `nllb:FOLDER`, for the part `translation`.

    `candidates` is a union of sources, see `CandidateOptions`, of which `max_length`, `gap`, `keep_label` and
    `stop_tokens` (separated by spaces) are options, too. `threshold` is the least sum to accept. `constraint`, `n`,
    `gaps` and `matcher` are those of `ExactProjector`.

    Outcomes hold the score of every part as it is, without its weight, and the `total` of the weighted sum, which is
    also the score of the projected entities.

    Raises `UnknownNameError` or `ValidationError` for options that make no sense, `MissingExtraError` where the
    surface score lacks its packages.

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
        self.parts = parts_of(preset, weights)
        self._recognizer = None if recognizer is None else TargetRecognizer(recognizer)
        if self._recognizer is not None:
            scores = {**self._recognizer.scores({p.name for p in self.parts} - scores.keys()), **scores}
        if scorer is not None:
            scores = {"translation": ModelTranslationScore(scorer), **scores}
        self._functions = resolve(self.parts, scores)
        self._given = scores
        self._candidates = CandidateOptions(candidates, max_length, gap, keep_label, frozenset(stop_tokens.split()))
        if not 0 <= threshold < math.inf:
            raise ValidationError(f"threshold {threshold} must not be negative")
        if "surface" in self._functions and "surface" not in scores:
            check_installed()
        match_spans((), 0, matcher=matcher, constraint=constraint, n=n)  # raises for options that make no sense
        self.threshold = threshold
        self.constraint = constraint
        self.n = n
        self.gaps = gaps
        self.matcher = matcher

    @property
    def reads_target_entities(self) -> bool:
        """True where candidates are entities that target sentences have to bring along."""
        return self._recognizer is None and "ner" in self._candidates.sources.split("+")

    @property
    def fingerprint(self) -> str:
        """What the result depends on; a given score counts with its `fingerprint`, else with its name."""
        name = "greedy" if self.matcher == "greedy" else "exact"
        sums = weights_text(self.parts)
        c = self._candidates
        spans = f"candidates={c.sources} max_length={c.max_length} gap={c.gap} keep_label={c.keep_label}"
        given = {name: _fingerprint(score) for name, score in sorted(self._given.items())}
        if self._recognizer is not None:
            given["recognizer"] = self._recognizer.fingerprint
        options = f"{spans} stop_tokens={' '.join(sorted(c.stop_tokens))!r} threshold={self.threshold}"
        options += f" constraint={self.constraint}{self.n}{' gaps' * self.gaps}"
        return f"fused {name} {sums} {options} given={given}"

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """Project the entities of every pair; raises `ValidationError` for a pair that lacks its source or links."""
        return [self._project(pair) for pair in self._read(pairs)]

    def match(self, pair: Pair) -> Match:
        """The solution of one pair with what proves it, its objective and, on demand, the gap to the runner-up."""
        (pair,) = self._read([pair])
        return self._match(pair, self._scored(pair).options(self.parts, self.threshold))

    def _read(self, pairs: Sequence[Pair]) -> Sequence[Pair]:
        """What the recognizer has to say of the targets, all at once."""
        recognizer = self._recognizer
        if recognizer is None or not pairs:
            return pairs
        if not {"ner", "ner_spans"}.isdisjoint(self._functions):
            recognizer.read(pairs)
        return recognizer.recognized(pairs) if "ner" in self._candidates.sources.split("+") else pairs

    def _project(self, pair: Pair) -> Projection:
        scored = self._scored(pair)
        options = scored.options(self.parts, self.threshold)
        required = 0 if self.constraint == "<=" else self.n
        lost = Reason.OVER_LIMIT if required else Reason.OVERLAP
        chosen, solver = self._choose(pair, options)
        made = scored.project(chosen, self.parts, options, lost=lost, required=required)
        made = replace(made, solver=solver, objective=math.fsum(o.score for o in chosen))
        return with_gaps(made, self._match(pair, options)) if self.gaps else made

    def _choose(self, pair: Pair, options: Sequence[Option]) -> tuple[Sequence[Option], str]:
        """The options to take, and what proves that no others are better."""
        best = self._match(pair, options)
        return best.chosen, best.solver

    def _match(self, pair: Pair, options: Sequence[Option]) -> Match:
        return match_spans(options, len(pair.target), matcher=self.matcher, constraint=self.constraint, n=self.n)

    def _scored(self, pair: Pair) -> ScoredPair:
        need_links = self._candidates.need_links or not NEED_LINKS.isdisjoint(self._functions.keys() - self._given)
        if need_links and pair.alignment is None:
            raise ValidationError("a pair needs a source sentence and an alignment to be projected")
        return ScoredPair.of(pair, self._candidates, self._functions)


def parts_of(name: str | None, weights: str | None) -> tuple[Part, ...]:
    """The parts of a preset or of weights, not both; of the default preset where neither is given."""
    if name is not None and weights is not None:
        raise ValidationError(f"preset {name!r} and weights {weights!r} cannot both hold", hint="give one of them")
    return preset(name or DEFAULT_PRESET) if weights is None else parse_weights(weights)


def _fingerprint(score: Score) -> str:
    fallback = getattr(score, "__qualname__", type(score).__qualname__)
    return str(getattr(score, "fingerprint", f"{score.__module__}.{fallback}"))
