"""Weights from a few labeled pairs: which scores help, how much, and whether that is more than chance."""

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
from xlner.projection.scores.fusion import Part, Score, resolve, weights_text
from xlner.projection.scores.scoring import ScoredPair
from xlner.text.spelling import check_installed

WEIGHTS = (0.25, 0.5, 1.0, 2.0)
THRESHOLDS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9)
LEAST_SUMS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""What is tried, besides leaving a score out."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The weights and thresholds of a fused score, and the least sum to accept."""

    parts: tuple[Part, ...]
    threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class TunedWeights:
    """TunedWeights weights, and what they are worth on sentences that they were not tuned on.

    `f1` comes from cross-validation: every sentence is projected with weights tuned on the other folds. `baseline` is
    the F1 of the first score alone, `gain` the difference, and `low` and `high` its bootstrap interval at 95 %.
    `setting` is tuned on all pairs; `by_fold` are the settings that cross-validation found: where they differ much,
    there are too few pairs. `seen` is the F1 of `setting` on the pairs it was tuned on, an upper bound.
    """

    setting: Setting
    f1: float
    baseline: float
    low: float
    high: float
    seen: float
    sentences: int
    by_fold: tuple[Setting, ...]
    candidates: CandidateOptions

    @property
    def gain(self) -> float:
        """How much better tuned weights are than the first score alone."""
        return self.f1 - self.baseline

    @property
    def weights(self) -> str:
        """The weights as an option of `FusedProjector`."""
        return weights_text(_used(self.setting.parts))

    @property
    def spec(self) -> str:
        """The projector as a spec, for scores that need no model."""
        c = self.candidates
        spec = f"fused?weights={self.weights}&threshold={self.setting.threshold:g}"
        options = f"candidates={c.sources}&max_length={c.max_length}&gap={c.gap}&keep_label={str(c.keep_label).lower()}"
        stops = f"&stop_tokens={' '.join(sorted(c.stop_tokens))}" if c.stop_tokens else ""
        return f"{spec}&{options}{stops}"

    def projector(self, **scores: Score) -> FusedProjector:
        """The tuned projector; `scores` are the functions that `tune_weights` was given. Unused ones are ignored."""
        used = {part.name for part in _used(self.setting.parts)}
        options: dict[str, Any] = {name: score for name, score in scores.items() if name in used}
        c = self.candidates
        return FusedProjector(
            weights=self.weights,
            candidates=c.sources,
            max_length=c.max_length,
            gap=c.gap,
            keep_label=c.keep_label,
            stop_tokens=" ".join(sorted(c.stop_tokens)),
            threshold=self.setting.threshold,
            **options,
        )

    def report(self) -> str:
        """A few lines of text."""
        first = self.setting.parts[0].name
        settings = [f"  {weights_text(_used(s.parts))}, sum at least {s.threshold:g}" for s in self.by_fold]
        sure = "" if self.low > 0 else "; it may be chance: the interval holds 0"
        return "\n".join(
            [
                f"weights {self.weights}, sum at least {self.setting.threshold:g}, from {self.sentences} sentences",
                f"F1 {self.f1:.3f} in {len(self.by_fold)}-fold cross-validation ({self.seen:.3f} on what was seen)",
                f"{first} alone {self.baseline:.3f}: gain {self.gain:+.3f} [{self.low:+.3f}, {self.high:+.3f}]{sure}",
                "found by the folds:",
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
    """Find weights and thresholds for the scores in `names` that give the best F1 against `gold`, one per pair.

    Coordinate search: from each score alone, in turn every score gets the weight and threshold of a coarse grid that
    are best with the others as they are, and the sum its threshold, until nothing improves; of equals the first tried
    stays. What that is worth is measured by
    cross-validation over `folds` folds of sentences, and its gain over the first score alone by a paired bootstrap
    with `samples` samples. Everything follows from `seed`. `ignore` takes labels out on both sides; `scores` are the
    functions of scores that need a model.

    Raises `ValidationError` where pairs and gold do not fit each other, or there are fewer sentences than folds.

    >>> from xlner import Alignment, Entity
    >>> entity = Entity(0, 1, "PER")
    >>> target, source = Sentence(("na", "Ana")), Sentence(("Ana",), (entity,))
    >>> gold = [target.with_entities([Entity(1, 2, "PER")])] * 4
    >>> tune_weights([Pair(target, source, Alignment(((0, 0),)))] * 4, gold, folds=2).gain
    1.0
    """
    _check(pairs, gold, folds)
    starts = [Setting(tuple(Part(name, float(k == j)) for k, name in enumerate(names))) for j in range(len(names))]
    functions = resolve(starts[0].parts, scores)
    if "surface" in functions and "surface" not in scores:
        check_installed()
    options = candidates or CandidateOptions()
    trial = _Trial([ScoredPair.of(pair, options, functions) for pair in pairs], gold, ignore)
    fold_of = np.random.default_rng(seed).permutation(len(pairs)) % folds
    by_fold = tuple(_search(trial, starts, np.flatnonzero(fold_of != k)) for k in range(folds))
    everything = np.arange(len(pairs))
    setting = _search(trial, starts, everything)
    alone = trial.counts(starts[0])
    unseen = np.zeros_like(alone)
    for k, found in enumerate(by_fold):
        unseen[fold_of == k] = trial.counts(found)[fold_of == k]
    totals = bootstrap(np.hstack([unseen, alone]), samples=samples, seed=seed)
    low, high = percentiles(f1(*totals[:, :3].T) - f1(*totals[:, 3:].T), 0.95)
    return TunedWeights(
        setting=setting,
        f1=_f1(unseen),
        baseline=_f1(alone),
        low=low,
        high=high,
        seen=_f1(trial.counts(setting)),
        sentences=len(pairs),
        by_fold=by_fold,
        candidates=options,
    )


class _Trial:
    """Counts of settings on all pairs, each setting tried once."""

    def __init__(self, scored: Sequence[ScoredPair], gold: Sequence[Sentence], ignore: Collection[str]) -> None:
        self._scored = scored
        self._ignore = ignore
        self._gold = [{(e.span, e.label) for e in without_labels(g.entities, ignore)} for g in gold]
        self._counts: dict[Setting, Rows] = {}

    def counts(self, setting: Setting) -> Rows:
        """Correct, predicted and gold entities of every sentence."""
        if setting not in self._counts:
            rows = [self._count(s, g, setting) for s, g in zip(self._scored, self._gold, strict=True)]
            self._counts[setting] = np.array(rows, dtype=np.int64)
        return self._counts[setting]

    def _count(
        self, scored: ScoredPair, gold: set[tuple[tuple[int, int], str]], setting: Setting
    ) -> tuple[int, int, int]:
        options = scored.options(setting.parts, setting.threshold)
        chosen = match_spans(options, len(scored.pair.target)).chosen if options else ()
        spans = {(o.span, scored.entities[o.entity].label) for o in chosen}
        found = {(span, label) for span, label in spans if label not in self._ignore}
        return len(found & gold), len(found), len(gold)


def _f1(rows: Rows) -> float:
    """F1 of all sentences together."""
    return float(f1(*rows.sum(axis=0)))


def _search(trial: _Trial, starts: Sequence[Setting], sentences: NDArray[np.int64]) -> Setting:
    """The best setting on these sentences that coordinate search reaches from any of the starts."""

    def value(setting: Setting) -> float:
        return _f1(trial.counts(setting)[sentences])

    return max((_climb(start, value) for start in starts), key=value)


_Grid = Callable[[Setting], list[Setting]]


def _climb(setting: Setting, value: Callable[[Setting], float]) -> Setting:
    while True:
        best = setting
        for neighbors in _grids(len(setting.parts)):
            best = max([best, *neighbors(best)], key=value)  # the first of equals: what was there
        if best == setting:
            return setting
        setting = best


def _grids(n_parts: int) -> Iterator[_Grid]:
    """For each part, and for the least sum, what gives the settings with other values of it.

    Weight and threshold of a part go together: a score that helps from 0.9 on may do harm from 0 on.
    """
    for k in range(n_parts):
        yield partial(_other_parts, k)
    yield _other_sums


def _other_parts(k: int, setting: Setting) -> list[Setting]:
    name = setting.parts[k].name
    parts = [Part(name, 0.0), *(Part(name, w, t) for w in WEIGHTS for t in THRESHOLDS)]
    return [_with_part(setting, k, part) for part in parts]


def _other_sums(setting: Setting) -> list[Setting]:
    return [replace(setting, threshold=t) for t in LEAST_SUMS]


def _with_part(setting: Setting, k: int, part: Part) -> Setting:
    return replace(setting, parts=(*setting.parts[:k], part, *setting.parts[k + 1 :]))


def _used(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Parts with a weight; the first one where none has any, so that there is something to score with."""
    return tuple(p for p in parts if p.weight) or (replace(parts[0], weight=1.0),)


def _check(pairs: Sequence[Pair], gold: Sequence[Sentence], folds: int) -> None:
    if len(pairs) != len(gold):
        raise ValidationError(f"{len(pairs)} pairs but {len(gold)} gold sentences")
    for number, (pair, sentence) in enumerate(zip(pairs, gold, strict=True), start=1):
        if pair.target.tokens != sentence.tokens:
            raise ValidationError(f"pair {number} and its gold sentence have different words")
    if not 2 <= folds <= len(pairs):
        raise ValidationError(f"{folds} folds of {len(pairs)} sentences cannot be made", hint="use 2 or more")
