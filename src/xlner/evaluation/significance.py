"""Whether one system is better than another, or the difference may be chance."""

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
_ROUNDING = 1e-12  # F1 values that differ by less are the same


@dataclass(frozen=True, slots=True)
class Difference:
    """The micro F1 of the second system minus that of the first, with its interval and p-value.

    `p` is the probability of a difference at least as large, in either direction, if the two systems were the same.
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
    """Paired approximate randomization over sentences (Noreen 1989; Yeh 2000), and a paired bootstrap interval.

    In each trial the outputs of the two systems are swapped in every sentence with probability 1/2; `p` is
    `(r + 1) / (trials + 1)` where *r* trials differ at least as much as the systems do. Raises `InputError` where the
    two scores are not of the same data, mode and ignored labels.

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
    """P-values of several comparisons, adjusted so that the chance of any false finding is bounded (Holm 1979).

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
