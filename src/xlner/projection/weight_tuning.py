"""Tune the weights of scores on a few labeled pairs, and measure whether tuning helps beyond chance."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.core.labels import without_labels
from xlner.core.pair import Pair
from xlner.core.resampling import Rows, bootstrap, f1, percentiles
from xlner.core.sentence import Sentence
from xlner.errors import ValidationError
from xlner.projection.candidate_sets import CandidateOptions
from xlner.projection.fused import FusedProjector
from xlner.projection.matching.match import match_spans
from xlner.projection.scores.scored_pair import ScoredPair
from xlner.projection.scores.weighted_sum import Score, Term, resolve, weights_text
from xlner.text.counts import counted
from xlner.text.spelling import check_installed

WEIGHTS = (0.25, 0.5, 1.0, 2.0)
"""The weights to try for each score; leaving it out is tried too."""
SCORE_THRESHOLDS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9)
"""The thresholds to try for each score."""
SUM_THRESHOLDS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""The thresholds to try for the weighted sum."""


@dataclass(frozen=True, slots=True)
class WeightSetting:
    """One set of weights to try: the terms of the weighted sum, and the least sum to accept.

    >>> WeightSetting((Term("alignment"),), 0.2).threshold
    0.2
    """

    terms: tuple[Term, ...]
    threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class TunedWeights:
    """Weights from `tune_weights`, and their F1 on sentences that they were not tuned on.

    - `setting`: the weights tuned on all pairs.
    - `f1`: the F1 of cross-validation, in which every sentence is projected with weights tuned on the other folds.
    - `baseline`: the F1 of the first score alone.
    - `low`, `high`: the 95 % bootstrap interval of the gain over the baseline.
    - `training_f1`: the F1 of `setting` on the pairs that it was tuned on, an upper bound.
    - `sentences`: the number of pairs.
    - `by_fold`: the weights that each fold found. If they differ much, there are too few pairs.
    - `candidates`: the candidates they were tuned with.

    >>> setting = WeightSetting((Term("alignment"),))
    >>> tuned = TunedWeights(setting, 0.9, 0.8, 0.05, 0.15, 0.95, 100, (), CandidateOptions())
    >>> round(tuned.gain, 2), tuned.weights
    (0.1, 'alignment:1')
    """

    setting: WeightSetting
    f1: float
    baseline: float
    low: float
    high: float
    training_f1: float
    sentences: int
    by_fold: tuple[WeightSetting, ...]
    candidates: CandidateOptions

    @property
    def gain(self) -> float:
        """How much better the tuned weights are than the first score alone, in F1."""
        return self.f1 - self.baseline

    @property
    def weights(self) -> str:
        """The weights as an option of `FusedProjector`."""
        return weights_text(_used(self.setting.terms))

    @property
    def spec(self) -> str:
        """The projector as a spec, for scores that need no model."""
        c = self.candidates
        spec = f"fused?weights={self.weights}&threshold={self.setting.threshold:g}"
        options = f"candidates={c.kinds}&max_length={c.max_length}&gap={c.gap}&keep_label={str(c.keep_label).lower()}"
        stops = f"&stop_tokens={' '.join(c.stop_tokens)}" if c.stop_tokens else ""
        return f"{spec}&{options}{stops}"

    def projector(self, **scores: Score) -> FusedProjector:
        """The tuned projector. `scores` are the functions given to `tune_weights`; unused ones are ignored."""
        used = {term.name for term in _used(self.setting.terms)}
        options: dict[str, Any] = {name: score for name, score in scores.items() if name in used}
        c = self.candidates
        return FusedProjector(
            weights=self.weights,
            candidates=c.kinds,
            max_length=c.max_length,
            gap=c.gap,
            keep_label=c.keep_label,
            stop_tokens=" ".join(c.stop_tokens),
            threshold=self.setting.threshold,
            **options,
        )

    def report(self) -> str:
        """The result in a few lines of text."""
        first = self.setting.terms[0].name
        settings = [f"  {weights_text(_used(s.terms))}, sum at least {s.threshold:g}" for s in self.by_fold]
        chance = "" if self.low > 0 else "; may be chance, because the interval includes 0"
        return "\n".join(
            [
                f"weights {self.weights}, sum at least {self.setting.threshold:g}, tuned on {self.sentences} sentences",
                f"F1 {self.f1:.3f} in {len(self.by_fold)}-fold cross-validation ({self.training_f1:.3f} on all pairs)",
                f"{first} alone {self.baseline:.3f}: gain {self.gain:+.3f} [{self.low:+.3f}, {self.high:+.3f}]{chance}",
                "weights of the folds:",
                *settings,
            ]
        )


def tune_weights(
    pairs: Sequence[Pair],
    gold: Sequence[Sentence],
    *,
    names: Sequence[str] = ("alignment", "surface"),
    candidates: CandidateOptions | None = None,
    ignore: Collection[str] = (),
    folds: int = 5,
    seed: int = 0,
    samples: int = 1000,
    **scores: Score,
) -> TunedWeights:
    """Find weights and thresholds for the scores in `names` with the best F1 against `gold`, one sentence per pair.

    Coordinate search: it starts from each score alone, and gives one score after the other the weight and threshold of
    a coarse grid that are best while the others stay, and then the sum its threshold, until nothing improves. In a tie
    the first setting tried stays. Cross-validation over `folds` folds of sentences measures the F1, and a paired
    bootstrap with `samples` samples the gain over the first score alone. The result depends only on the arguments,
    `seed` included.

    `ignore` leaves out labels on both sides. `scores` are the functions of scores that need a model.

    Raises `ValidationError` if pairs and gold do not match or there are fewer sentences than folds, and
    `UnknownNameError` for an unknown score.

    >>> from xlner import Alignment, Entity
    >>> entity = Entity(0, 1, "PER")
    >>> target, source = Sentence(("na", "Ana")), Sentence(("Ana",), (entity,))
    >>> gold = [target.with_entities([Entity(1, 2, "PER")])] * 4
    >>> tune_weights([Pair(target, source, Alignment(((0, 0),)))] * 4, gold, folds=2).gain
    1.0
    """
    _check(pairs, gold, folds)
    starts = [
        WeightSetting(tuple(Term(name, float(k == j)) for k, name in enumerate(names))) for j in range(len(names))
    ]
    functions = resolve(starts[0].terms, scores)
    if "surface" in functions and "surface" not in scores:
        check_installed()
    options = candidates or CandidateOptions()
    counter = _Counter([ScoredPair.of(pair, options, functions) for pair in pairs], gold, ignore)
    fold_of = np.random.default_rng(seed).permutation(len(pairs)) % folds
    by_fold = tuple(_search(counter, starts, np.flatnonzero(fold_of != k)) for k in range(folds))
    setting = _search(counter, starts, np.arange(len(pairs)))
    baseline = counter.counts(starts[0])
    held_out = np.zeros_like(baseline)
    for k, found in enumerate(by_fold):
        held_out[fold_of == k] = counter.counts(found)[fold_of == k]
    totals = bootstrap(np.hstack([held_out, baseline]), samples=samples, seed=seed)
    low, high = percentiles(f1(*totals[:, :3].T) - f1(*totals[:, 3:].T), 0.95)
    return TunedWeights(
        setting=setting,
        f1=_f1(held_out),
        baseline=_f1(baseline),
        low=low,
        high=high,
        training_f1=_f1(counter.counts(setting)),
        sentences=len(pairs),
        by_fold=by_fold,
        candidates=options,
    )


class _Counter:
    """Counts of correct, predicted and gold entities, computed once for each setting."""

    def __init__(self, scored: Sequence[ScoredPair], gold: Sequence[Sentence], ignore: Collection[str]) -> None:
        self._scored = scored
        self._ignore = ignore
        self._gold = [{(e.span, e.label) for e in without_labels(g.entities, ignore)} for g in gold]
        self._counts: dict[WeightSetting, Rows] = {}

    def counts(self, setting: WeightSetting) -> Rows:
        """The counts of every sentence, shape `(n_sentences, 3)`."""
        if setting not in self._counts:
            rows = [self._count(s, g, setting) for s, g in zip(self._scored, self._gold, strict=True)]
            self._counts[setting] = np.array(rows, dtype=np.int64)
        return self._counts[setting]

    def _count(
        self, scored: ScoredPair, gold: set[tuple[tuple[int, int], str]], setting: WeightSetting
    ) -> tuple[int, int, int]:
        candidates = scored.scored_spans(setting.terms, setting.threshold)
        chosen = match_spans(candidates, len(scored.pair.target)).chosen if candidates else ()
        spans = {(c.span, scored.entities[c.entity].label) for c in chosen}
        found = {(span, label) for span, label in spans if label not in self._ignore}
        return len(found & gold), len(found), len(gold)


def _f1(rows: Rows) -> float:
    """F1 of all sentences together."""
    return float(f1(*rows.sum(axis=0)))


def _search(counter: _Counter, starts: Sequence[WeightSetting], sentences: NDArray[np.int64]) -> WeightSetting:
    """The best setting on these sentences that coordinate search finds from any of the starts."""

    def value(setting: WeightSetting) -> float:
        return _f1(counter.counts(setting)[sentences])

    return max((_climb(start, value) for start in starts), key=value)


_Neighbors = Callable[[WeightSetting], list[WeightSetting]]


def _climb(setting: WeightSetting, value: Callable[[WeightSetting], float]) -> WeightSetting:
    while True:
        best = setting
        for neighbors in _coordinates(len(setting.terms)):
            best = max([best, *neighbors(best)], key=value)  # in a tie the present setting stays
        if best == setting:
            return setting
        setting = best


def _coordinates(n_terms: int) -> Iterator[_Neighbors]:
    """For each term, and for the threshold of the sum, the function that gives the settings with other values of it.

    The weight and the threshold of a term change together, because a score that helps above 0.9 can do harm above 0.
    """
    for k in range(n_terms):
        yield partial(_with_other_terms, k)
    yield _with_other_thresholds


def _with_other_terms(k: int, setting: WeightSetting) -> list[WeightSetting]:
    name = setting.terms[k].name
    terms = [Term(name, 0.0), *(Term(name, w, t) for w in WEIGHTS for t in SCORE_THRESHOLDS)]
    return [replace(setting, terms=(*setting.terms[:k], term, *setting.terms[k + 1 :])) for term in terms]


def _with_other_thresholds(setting: WeightSetting) -> list[WeightSetting]:
    return [replace(setting, threshold=t) for t in SUM_THRESHOLDS]


def _used(terms: Sequence[Term]) -> tuple[Term, ...]:
    """The terms with a weight above 0; if there are none, the first term, so that there is something to score with."""
    return tuple(t for t in terms if t.weight) or (replace(terms[0], weight=1.0),)


def _check(pairs: Sequence[Pair], gold: Sequence[Sentence], folds: int) -> None:
    if len(pairs) != len(gold):
        raise ValidationError(f"{counted(len(pairs), 'pair')} but {counted(len(gold), 'gold sentence')}")
    for number, (pair, sentence) in enumerate(zip(pairs, gold, strict=True), start=1):
        if pair.target.tokens != sentence.tokens:
            raise ValidationError(f"pair {number} and its gold sentence have different words")
    if not 2 <= folds <= len(pairs):
        raise ValidationError(
            f"cannot make {folds} folds of {len(pairs)} sentences", hint="use 2 to the number of sentences"
        )
