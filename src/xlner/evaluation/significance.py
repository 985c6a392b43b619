"""Significance tests: is the difference between two systems more than chance?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xlner.core.resampling import bootstrap, percentiles, randomize
from xlner.core.signature import Signature
from xlner.errors import InputError
from xlner.evaluation.confidence_intervals import LEVEL, SAMPLES, Interval, f1_of
from xlner.evaluation.entities import Scores
from xlner.evaluation.spans import Ints

TRIALS = 10_000
_ROUNDING = 1e-12  # F1 values that differ by less are equal


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference in micro F1 between two systems.

    - `f1`: the micro F1 of the second system minus that of the first.
    - `interval`: its confidence interval.
    - `p`: the two-sided p-value, the probability of a difference at least as large if the systems were equally good.
    - `signature`: what was compared, and how.

    >>> from xlner import Entity, Sentence, evaluate
    >>> gold = [Sentence(("Vigo",), (Entity(0, 1, "LOC"),))] * 4
    >>> scores = [evaluate(gold, predicted) for predicted in ([s.with_entities(()) for s in gold], gold)]
    >>> compare(*scores).f1, str(compare(*scores).interval)
    (1.0, '[1.0000, 1.0000]')
    """

    f1: float
    interval: Interval
    p: float
    signature: Signature


def compare(
    first: Scores,
    second: Scores,
    *,
    trials: int = TRIALS,
    samples: int = SAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> Difference:
    """Compare the micro F1 of two systems by paired tests over sentences.

    The p-value is from approximate randomization (Noreen 1989; Yeh 2000). Each trial swaps the outputs of the two
    systems in each sentence with probability 1/2. The p-value is `(r + 1) / (trials + 1)`, where `r` is the number of
    trials in which the absolute difference is at least as large as the observed one. The interval is from a paired
    bootstrap with `samples` samples, at the confidence level `level`.

    Raises `InputError` if the data, mode or ignored labels of the two scores differ, and `ValidationError` if `trials`
    or `samples` is less than 1 or `level` is not between 0 and 1.

    >>> from xlner import Entity, Sentence, evaluate
    >>> gold = [Sentence(("Vigo",), (Entity(0, 1, "LOC"),))] * 20
    >>> nothing = [s.with_entities(()) for s in gold]
    >>> compare(evaluate(gold, nothing), evaluate(gold, gold)).p < 0.001
    True
    """
    if first.signature != second.signature:
        raise InputError(
            f"scores cannot be compared: {first.signature} and {second.signature}",
            hint="compare scores of the same data, mode and ignored labels",
        )
    rows = [scores.by_sentence.sum(axis=1) for scores in (first, second)]
    difference = _difference(rows[0].sum(axis=0), rows[1].sum(axis=0))
    swapped = randomize(rows[1] - rows[0], trials=trials, seed=seed)
    chance = _difference(rows[0].sum(axis=0) + swapped, rows[1].sum(axis=0) - swapped)
    reached = int((np.abs(chance) >= abs(float(difference)) - _ROUNDING).sum())
    totals = bootstrap(np.hstack(rows), samples=samples, seed=seed)
    resampled = _difference(totals[:, :4], totals[:, 4:])
    facts = {"test": "approximate-randomization", "trials": trials, "bootstrap": samples, "level": level}
    signature = first.signature.extended({**facts, "seed": seed, "numpy": np.__version__})
    interval = Interval(*percentiles(resampled, level), level)
    return Difference(float(difference), interval, (reached + 1) / (trials + 1), signature)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust the p-values of several comparisons by the step-down method of Holm (1979).

    The adjusted values control the probability of at least one false positive. The k-th smallest of m p-values is
    multiplied by m - k + 1; each result is at least as large as the one before it, and at most 1.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, k in enumerate(order):
        least = max(least, min(1.0, p_values[k] * (len(p_values) - rank)))
        adjusted[k] = least
    return adjusted


def _difference(first: Ints, second: Ints) -> np.ndarray:
    return f1_of(second) - f1_of(first)
