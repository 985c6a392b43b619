"""Bootstrap confidence intervals: how much scores vary because the sentences are a sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from xlner.core.resampling import Floats, bootstrap, f1, percentiles
from xlner.core.signature import Signature
from xlner.evaluation.entities import Scores
from xlner.evaluation.spans import Ints

LEVEL = 0.95
SAMPLES = 1000
_CORRECT, _PREDICTED, _GOLD, _PARTIAL = range(4)


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval at the confidence level `level`.

    >>> str(Interval(0.25, 0.5))
    '[0.2500, 0.5000]'
    """

    low: float
    high: float
    level: float = LEVEL

    def __str__(self) -> str:
        return f"[{self.low:.4f}, {self.high:.4f}]"


@dataclass(frozen=True, slots=True)
class ConfidenceIntervals:
    """Intervals of the micro F1, the macro F1 and the F1 of each label, and a signature that includes the options.

    >>> from xlner import Entity, Sentence, evaluate
    >>> gold = [Sentence(("Vigo",), (Entity(0, 1, "LOC"),))]
    >>> found = confidence_intervals(evaluate(gold, gold), samples=10)
    >>> found.micro.low, sorted(found.per_type)
    (1.0, ['LOC'])
    """

    micro: Interval
    macro: Interval
    per_type: Mapping[str, Interval]
    signature: Signature


def confidence_intervals(
    scores: Scores, *, samples: int = SAMPLES, level: float = LEVEL, seed: int = 0
) -> ConfidenceIntervals:
    """Percentile intervals of F1 over bootstrap samples of the sentences (Efron 1979).

    The F1 of a label that does not occur in a sample is 0 there, so that the interval of a rare label can begin at 0.
    The macro F1 of a sample is the mean over the labels that occur in it. The same seed gives the same intervals.
    Raises `ValidationError` if `samples` is less than 1 or `level` is not between 0 and 1.

    >>> from xlner import Entity, Sentence, evaluate
    >>> gold = [Sentence(("Vigo",), (Entity(0, 1, "LOC"),))] * 2
    >>> str(confidence_intervals(evaluate(gold, gold)).micro)
    '[1.0000, 1.0000]'
    """
    n_types = len(scores.labels)
    totals = bootstrap(scores.by_sentence.reshape(scores.sentences, n_types * 4), samples=samples, seed=seed)
    totals = totals.reshape(samples, n_types, 4)
    per_type = f1_of(totals)
    found = {label: _interval(per_type[:, k], level) for k, label in enumerate(scores.labels)}
    facts = {"bootstrap": samples, "level": level, "seed": seed, "numpy": np.__version__}
    micro = _interval(f1_of(totals.sum(axis=1)), level)
    return ConfidenceIntervals(micro, _interval(macro_f1_of(totals), level), found, scores.signature.extended(facts))


def f1_of(totals: Ints) -> Floats:
    """F1 of the counts in the last axis: correct, predicted, gold, partial.

    >>> f1_of(np.array([1, 2, 2, 1])).item()
    0.75
    """
    credit = totals[..., _CORRECT] + totals[..., _PARTIAL] / 2
    return f1(credit, totals[..., _PREDICTED], totals[..., _GOLD])


def macro_f1_of(totals: Ints) -> Floats:
    """Mean F1 over the labels in the second-to-last axis; labels without any entity are left out.

    >>> macro_f1_of(np.array([[1, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]])).item()
    0.5
    """
    present = (totals[..., _PREDICTED] + totals[..., _GOLD]) > 0
    number = present.sum(axis=-1)
    return np.where(number > 0, f1_of(totals).sum(axis=-1) / np.maximum(number, 1), 0.0)


def _interval(values: Floats, level: float) -> Interval:
    return Interval(*percentiles(values, level), level)
