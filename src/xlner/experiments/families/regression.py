"""What the gain of a condition goes with: a linear regression on what was added to the training languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.resampling import Floats, percentiles
from xlner.evaluation import Interval
from xlner.experiments.families.gains import LEVEL
from xlner.experiments.families.outcomes import Outcomes, Resampled

PREDICTORS: Mapping[str, str] = {
    "families": "families of the training languages, more than the baseline has",
    "languages": "training languages, more than the baseline has",
    "script": "1 where a training language has the script of the target",
    "relatedness": "relatedness of the nearest training language (1 branch, 1/2 family), more than in the baseline",
    "trigrams": "trigram cosine of the nearest training language, more than in the baseline",
    "outside": "share of training words that are outside of names, more than in the baseline",
}
_RANK = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """One row per condition and target: the predictors, shape `(n_rows, n_predictors)`, and the gain over the baseline.

    `sampled` has the gains of the bootstrap samples, shape `(samples, n_rows)`; `rows` the indices of condition and
    target.
    """

    rows: tuple[tuple[int, int], ...]
    names: tuple[str, ...]
    predictors: Floats
    gains: Floats
    sampled: Floats
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coefficient:
    """How much F1 goes with one more of a predictor, the others being equal.

    `alone` is the coefficient of a regression on this predictor and nothing else. `interval` is a bootstrap over target
    languages, seeds and sentences, of the `drawn` share of the samples in which the coefficient could be told. Where
    all depends on one language, `rests_on` names it. None where the data cannot tell the predictor from the others.
    """

    name: str
    value: float | None
    interval: Interval | None
    alone: float | None
    drawn: float
    rests_on: str | None = None

    @property
    def real(self) -> bool:
        """Whether the interval leaves out 0, and more than one language says so."""
        return self.interval is not None and self.rests_on is None and not self.interval.low <= 0 <= self.interval.high


@dataclass(frozen=True, slots=True)
class Regression:
    """Ordinary least squares of the gains, with an intercept. `r2` is the share of the variance of the gains."""

    coefficients: tuple[Coefficient, ...]
    intercept: float
    r2: float
    n_rows: int
    n_languages: int


def observe(outcomes: Outcomes, resampled: Resampled) -> Observations | None:
    """The rows of the regression: conditions in the style of the baseline, targets that are zero-shot for both.

    None where there are no rows.
    """
    recipe, sources = outcomes.recipe, outcomes.sources
    base = outcomes.conditions.index(recipe.baseline)
    usual = recipe.conditions[base]
    rows, predictors = [], []
    for c, condition in enumerate(recipe.conditions):
        if c == base or not recipe.controlled(condition):
            continue
        for k in outcomes.shared(usual.name, condition.name):
            near = sources.likeness(outcomes.targets[k], condition.languages)
            before = sources.likeness(outcomes.targets[k], usual.languages)
            rows.append((c, k))
            predictors.append(
                (
                    len(condition.families) - len(usual.families),
                    len(condition.languages) - len(usual.languages),
                    near.script,
                    near.relatedness - before.relatedness,
                    near.trigrams - before.trigrams,
                    sources.outside(condition.languages) - sources.outside(usual.languages),
                )
            )
    if not rows:
        return None
    f1 = outcomes.f1().mean(axis=1)
    gains = np.array([f1[c, k] - f1[base, k] for c, k in rows])
    sampled = np.stack([resampled.f1[:, c, k] - resampled.f1[:, base, k] for c, k in rows], axis=1)
    table = np.array(predictors, dtype=np.float64).reshape(len(rows), len(PREDICTORS))
    languages = tuple(outcomes.targets[k].language for _, k in rows)
    return Observations(tuple(rows), tuple(PREDICTORS), table, gains, sampled, languages)


def regress(data: Observations, resampled: Resampled) -> Regression:
    """Regress the gains on all predictors; intervals from samples in which target languages are drawn anew, too."""
    ones = np.ones((len(data.rows), 1))
    design = np.hstack([ones, data.predictors])
    values, known = least_squares(design, data.gains)
    residuals = data.gains - design @ values
    spread = float(((data.gains - data.gains.mean()) ** 2).sum())
    drawn, found = _bootstrap(design, data, resampled)
    made = []
    for k, name in enumerate(data.names, start=1):
        alone, alone_known = least_squares(design[:, [0, k]], data.gains)
        told = found[:, k]
        enough = bool(known[k]) and bool(told.any())
        made.append(
            Coefficient(
                name,
                float(values[k]) if known[k] else None,
                Interval(*percentiles(drawn[told, k], LEVEL), LEVEL) if enough else None,
                float(alone[1]) if alone_known[1] else None,
                float(told.mean()),
                _rests_on(design, data.languages, k) if known[k] else None,
            )
        )
    r2 = 1 - float((residuals**2).sum()) / spread if spread else 0.0
    return Regression(tuple(made), float(values[0]), r2, len(data.rows), len(set(data.languages)))


def least_squares(design: Floats, values: Floats, weights: Floats | None = None) -> tuple[Floats, NDArray[np.bool_]]:
    """Weighted least squares, and for each column whether its coefficient is determined by the data.

    A column that the others make up has no coefficient of its own: 0 then stands for it.

    >>> least_squares(np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), np.array([1.0, 3.0, 5.0]))[0].round(6).tolist()
    [1.0, 2.0]
    """
    root = np.ones(len(values)) if weights is None else np.sqrt(weights)
    scaled = design * root[:, None]
    _, sizes, directions = np.linalg.svd(scaled, full_matrices=False)
    rank = int((sizes > _RANK * max(1.0, float(sizes.max(initial=0.0)))).sum())
    # A coefficient is determined where no direction without extent has a share in it.
    projector = directions[:rank].T @ directions[:rank]
    known = np.abs(np.diag(projector) - 1) < 1e-6
    solution = np.linalg.lstsq(scaled, values * root, rcond=_RANK)[0]
    return np.where(known, solution, 0.0), known


def _bootstrap(design: Floats, data: Observations, resampled: Resampled) -> tuple[Floats, NDArray[np.bool_]]:
    """Coefficients of every sample and whether it determines them, each of shape `(samples, n_columns)`."""
    weights = resampled.clusters(data.languages).astype(np.float64)
    fits = [least_squares(design, gains, w) for gains, w in zip(data.sampled, weights, strict=True)]
    return np.array([values for values, _ in fits]), np.array([known for _, known in fits], dtype=bool)


def _rests_on(design: Floats, languages: Sequence[str], column: int) -> str | None:
    """The language without whose rows a coefficient could not be told; None where there is no such language."""
    for language in dict.fromkeys(languages):
        weights = np.array([float(other != language) for other in languages])
        if weights.any() and not least_squares(design, np.zeros(len(languages)), weights)[1][column]:
            return language
    return None
