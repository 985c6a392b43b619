"""A linear regression of the gain of a condition on how its training languages differ from those of the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.resampling import Floats, percentiles
from xlner.evaluation import Interval
from xlner.experiments.families.counts import BootstrapSamples, StudyCounts
from xlner.experiments.families.gains import LEVEL

PREDICTORS: Mapping[str, str] = {
    "families": "number of families of the training languages, minus that of the baseline",
    "languages": "number of training languages, minus that of the baseline",
    "script": "1 if a training language has the script of the target, else 0",
    "relatedness": "relatedness of the nearest training language (1 branch, 1/2 family), minus that of the baseline",
    "trigrams": "trigram cosine of the nearest training language, minus that of the baseline",
    "outside": "share of training words outside entities, minus that of the baseline",
}
"""What each predictor measures."""
_RANK = 1e-9
"""Singular values up to this share of the largest one, or of 1 if that is larger, count as 0."""
_DETERMINED = 1e-6
"""A coefficient is determined if its column lies in the row space of the design, up to this error."""


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """The rows of the regression, one per condition and target.

    - `rows`: the indices of condition and target. `languages`: the language of each target.
    - `names`: the predictors. `predictors`: their values, shape `(n_rows, n_predictors)`.
    - `gains`: the gain over the baseline. `sampled`: the gains of bootstrap samples, shape `(n_samples, n_rows)`.
    """

    rows: tuple[tuple[int, int], ...]
    names: tuple[str, ...]
    predictors: Floats
    gains: Floats
    sampled: Floats
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coefficient:
    """The change in F1 that goes with an increase of a predictor by 1, with the other predictors held equal.

    - `value`: the coefficient; None if the data cannot separate the predictor from the others.
    - `interval`: bootstrap over target languages, seeds and sentences, from the samples that determine the
      coefficient. `determined` is the share of these samples.
    - `alone`: the coefficient of a regression on this predictor only.
    - `depends_on`: the one language without which the coefficient is not determined, if there is one.
    """

    name: str
    value: float | None
    interval: Interval | None
    alone: float | None
    determined: float
    depends_on: str | None = None

    @property
    def significant(self) -> bool:
        """Whether the interval excludes 0 and the coefficient depends on more than one language."""
        if self.interval is None or self.depends_on is not None:
            return False
        return not self.interval.low <= 0 <= self.interval.high


@dataclass(frozen=True, slots=True)
class Regression:
    """Ordinary least squares with an intercept. `r2` is the share of the variance of the gains that is explained."""

    coefficients: tuple[Coefficient, ...]
    intercept: float
    r2: float
    n_rows: int
    n_languages: int


def observe(counts: StudyCounts, bootstrap: BootstrapSamples) -> Observations | None:
    """Return the rows of the regression, or None if there are none.

    They are the conditions of the usual size that are trained in the style of the baseline, on targets that are
    zero-shot for both.
    """
    recipe, data = counts.recipe, counts.data
    base = counts.conditions.index(recipe.baseline)
    usual = recipe.conditions[base]
    rows, predictors = [], []
    for c, condition in enumerate(recipe.conditions):
        if c == base or condition.sentences is not None or not recipe.controlled(condition):
            continue
        for k in counts.shared(usual.name, condition.name):
            near = data.similarity(counts.targets[k], condition.languages)
            before = data.similarity(counts.targets[k], usual.languages)
            rows.append((c, k))
            predictors.append(
                (
                    len(condition.families) - len(usual.families),
                    len(condition.languages) - len(usual.languages),
                    near.script,
                    near.relatedness - before.relatedness,
                    near.trigrams - before.trigrams,
                    data.outside(condition.languages) - data.outside(usual.languages),
                )
            )
    if not rows:
        return None
    f1 = counts.f1().mean(axis=1)
    gains = np.array([f1[c, k] - f1[base, k] for c, k in rows])
    sampled = np.stack([bootstrap.f1[:, c, k] - bootstrap.f1[:, base, k] for c, k in rows], axis=1)
    table = np.array(predictors, dtype=np.float64).reshape(len(rows), len(PREDICTORS))
    languages = tuple(counts.targets[k].language for _, k in rows)
    return Observations(tuple(rows), tuple(PREDICTORS), table, gains, sampled, languages)


def regress(data: Observations, bootstrap: BootstrapSamples) -> Regression:
    """Regress the gains on all predictors. Intervals come from samples that draw target languages as well."""
    ones = np.ones((len(data.rows), 1))
    design = np.hstack([ones, data.predictors])
    values, known = least_squares(design, data.gains)
    residuals = data.gains - design @ values
    spread = float(((data.gains - data.gains.mean()) ** 2).sum())
    drawn, found = _bootstrap(design, data, bootstrap)
    made = []
    for k, name in enumerate(data.names, start=1):
        alone, alone_known = least_squares(design[:, [0, k]], data.gains)
        determined = found[:, k]
        enough = bool(known[k]) and bool(determined.any())
        made.append(
            Coefficient(
                name,
                float(values[k]) if known[k] else None,
                Interval(*percentiles(drawn[determined, k], LEVEL), LEVEL) if enough else None,
                float(alone[1]) if alone_known[1] else None,
                float(determined.mean()),
                _depends_on(design, data.languages, k) if known[k] else None,
            )
        )
    r2 = 1 - float((residuals**2).sum()) / spread if spread else 0.0
    return Regression(tuple(made), float(values[0]), r2, len(data.rows), len(set(data.languages)))


def least_squares(design: Floats, values: Floats, weights: Floats | None = None) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the coefficients of weighted least squares, and for each column whether the data determine it.

    The coefficient of a column that is a linear combination of others is not determined, and is returned as 0.

    >>> least_squares(np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), np.array([1.0, 3.0, 5.0]))[0].round(6).tolist()
    [1.0, 2.0]
    """
    root = np.ones(len(values)) if weights is None else np.sqrt(weights)
    scaled = design * root[:, None]
    _, sizes, directions = np.linalg.svd(scaled, full_matrices=False)
    rank = int((sizes > _RANK * max(1.0, float(sizes.max(initial=0.0)))).sum())
    # A coefficient is determined if no direction of the null space has a component in its column.
    row_space = directions[:rank].T @ directions[:rank]
    known = np.abs(np.diag(row_space) - 1) < _DETERMINED
    solution = np.linalg.lstsq(scaled, values * root, rcond=_RANK)[0]
    return np.where(known, solution, 0.0), known


def _bootstrap(design: Floats, data: Observations, bootstrap: BootstrapSamples) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the coefficients of each sample and whether it determines them, each of shape `(n_samples, n_columns)`."""
    weights = bootstrap.language_weights(data.languages).astype(np.float64)
    fits = [least_squares(design, gains, w) for gains, w in zip(data.sampled, weights, strict=True)]
    return np.array([values for values, _ in fits]), np.array([known for _, known in fits], dtype=bool)


def _depends_on(design: Floats, languages: Sequence[str], column: int) -> str | None:
    """Return the language without whose rows a coefficient is not determined; None if there is no such language."""
    for language in dict.fromkeys(languages):
        weights = np.array([float(other != language) for other in languages])
        if weights.any() and not least_squares(design, np.zeros(len(languages)), weights)[1][column]:
            return language
    return None
