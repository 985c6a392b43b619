"""The gain of one condition over another: per target, and on average over the targets of a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from xlner.core.resampling import Floats, Rows, percentiles, randomize
from xlner.evaluation import Interval, holm
from xlner.experiments.families.counts import BootstrapSamples, StudyCounts, f1_of

TRIALS = 10_000
"""Random permutations of a randomization test."""
LEVEL = 0.95
"""Confidence level of all intervals."""
SIGNIFICANT = 0.05
"""A difference with a smaller p-value is significant."""
_TOLERANCE = 1e-12
"""Differences of F1 up to this size count as equal in tests."""
_EXACT = 16
"""Up to this number of languages, the sign-flip test tries all combinations of signs."""


@dataclass(frozen=True, slots=True)
class Gain:
    """F1 of the second condition minus F1 of the first, on one target; both are means over seeds.

    - `interval`: paired bootstrap over sentences and seeds.
    - `p`: approximate randomization over sentences (Noreen 1989). The outputs of all seeds are swapped together.
    - `p_holm`: `p` adjusted for all gains of the study (Holm 1979).

    >>> Gain("en", "germanic", "news/sv", 0.1, Interval(0.05, 0.15, 0.95), p=0.001, p_holm=0.01).significant
    True
    """

    first: str
    second: str
    target: str
    gain: float
    interval: Interval
    p: float
    p_holm: float = 1.0

    @property
    def significant(self) -> bool:
        """Whether both the test and the interval show that the conditions differ."""
        return self.p_holm < SIGNIFICANT and not self.interval.low <= 0 <= self.interval.high


@dataclass(frozen=True, slots=True)
class MeanGain:
    """The mean gain over the languages of a group that neither condition was trained on.

    Two questions are answered separately: do the conditions differ on these languages (`here`), and do they differ on
    similar languages (`beyond`)?

    - `by_language`: the gain on each language.
    - `means`: mean F1 of both conditions.
    - `here`: interval over sentences and seeds. `p_here`: approximate randomization over the sentences of all
      languages.
    - `beyond`: interval over languages, sentences and seeds. `p_beyond`: sign-flip test over languages (Fisher 1935),
      exact for up to 16 languages.

    Both p-values are adjusted (Holm 1979) within each group: for all comparisons with the baseline, and separately for
    all other comparisons.

    >>> here, beyond = Interval(0.05, 0.15, 0.95), Interval(-0.02, 0.2, 0.95)
    >>> languages = (("da", 0.15), ("sv", 0.05))
    >>> mean = MeanGain("en", "de", "news", ("news/da", "news/sv"), languages, (0.5, 0.6), here, beyond, 0.01, 0.5)
    >>> mean.same_sign, mean.significant_here, mean.significant_beyond
    (2, True, False)
    """

    first: str
    second: str
    group: str
    targets: tuple[str, ...]
    by_language: tuple[tuple[str, float], ...]
    means: tuple[float, float]
    here: Interval
    beyond: Interval
    p_here: float
    p_beyond: float

    @property
    def gain(self) -> float:
        """The mean gain."""
        return self.means[1] - self.means[0]

    @property
    def same_sign(self) -> int:
        """The number of languages whose gain has the sign of the mean gain."""
        return sum(gain * self.gain > 0 for _, gain in self.by_language)

    @property
    def significant_here(self) -> bool:
        """Whether both test and interval show that the conditions differ on these languages."""
        return self.p_here < SIGNIFICANT and not self.here.low <= 0 <= self.here.high

    @property
    def significant_beyond(self) -> bool:
        """Whether both test and interval show that the conditions differ on similar languages, too."""
        return self.significant_here and self.p_beyond < SIGNIFICANT and not self.beyond.low <= 0 <= self.beyond.high


def gains(
    counts: StudyCounts, bootstrap: BootstrapSamples, *, trials: int = TRIALS
) -> tuple[list[Gain], list[MeanGain]]:
    """Return the gain of each comparison on each target that is zero-shot for both conditions, and the group means.

    A language counts once in the mean of a group, even if several targets of the group are in it.
    """
    f1 = counts.f1().mean(axis=1)
    single: list[Gain] = []
    swapped: dict[tuple[str, str, int], Floats] = {}
    for first, second in counts.recipe.comparisons:
        a, b = map(counts.conditions.index, (first, second))
        for k in counts.shared(first, second):
            interval = _interval(bootstrap.f1[:, b, k] - bootstrap.f1[:, a, k])
            gain = float(f1[b, k] - f1[a, k])
            differences = _swapped(counts.counts[k][a], counts.counts[k][b], trials, (bootstrap.seed, k))
            swapped[first, second, k] = differences
            single.append(Gain(first, second, counts.targets[k].name, gain, interval, _p(gain, differences)))
    adjusted = holm([gain.p for gain in single])
    single = [replace(gain, p_holm=p) for gain, p in zip(single, adjusted, strict=True)]
    groups = dict.fromkeys(group for target in counts.targets for group in target.dataset.groups)
    return single, [mean for group in groups for mean in _means(counts, bootstrap, group, swapped)]


def _means(
    counts: StudyCounts, bootstrap: BootstrapSamples, group: str, swapped: Mapping[tuple[str, str, int], Floats]
) -> list[MeanGain]:
    made = []
    for first, second in counts.recipe.comparisons:
        chosen = [k for k in counts.shared(first, second) if group in counts.targets[k].dataset.groups]
        if chosen:
            differences = np.stack([swapped[first, second, k] for k in chosen], axis=1)
            made.append(_mean(counts, bootstrap, (first, second, group), chosen, differences))
    baseline = counts.recipe.baseline
    return [
        *_adjusted([mean for mean in made if mean.first == baseline]),
        *_adjusted([mean for mean in made if mean.first != baseline]),
    ]


def _adjusted(means: Sequence[MeanGain]) -> list[MeanGain]:
    here, beyond = holm([mean.p_here for mean in means]), holm([mean.p_beyond for mean in means])
    rows = zip(means, here, beyond, strict=True)
    return [replace(mean, p_here=one, p_beyond=other) for mean, one, other in rows]


def _mean(
    counts: StudyCounts, bootstrap: BootstrapSamples, mean_of: tuple[str, str, str], chosen: list[int], swapped: Floats
) -> MeanGain:
    codes = [counts.targets[k].language for k in chosen]
    share = np.array([1 / codes.count(code) for code in codes])
    a, b = map(counts.conditions.index, mean_of[:2])
    f1 = counts.f1().mean(axis=1)[:, chosen]
    sampled = bootstrap.f1[:, b, chosen] - bootstrap.f1[:, a, chosen]
    weights = bootstrap.language_weights(codes) * share
    means = [float(np.average(f1[k], weights=share)) for k in (a, b)]
    differences = list(zip(codes, (f1[b] - f1[a]).tolist(), strict=True))
    by_language = {code: fmean(gain for c, gain in differences if c == code) for code in codes}
    return MeanGain(
        *mean_of,
        tuple(counts.targets[k].name for k in chosen),
        tuple(by_language.items()),
        (means[0], means[1]),
        _interval(np.average(sampled, axis=1, weights=share)),
        _interval((sampled * weights).sum(axis=1) / weights.sum(axis=1)),
        _p(means[1] - means[0], np.average(swapped, axis=1, weights=share)),
        sign_flip(list(by_language.values()), seed=bootstrap.seed),
    )


def sign_flip(values: Sequence[float], *, trials: int = TRIALS, seed: int = 0) -> float:
    """Return the two-sided p-value of a mean under random signs of the values (Fisher 1935).

    All combinations of signs are tried for up to 16 values, else `trials` random ones.

    >>> sign_flip([0.1, 0.2, 0.3])
    0.25
    """
    array = np.asarray(values, dtype=np.float64)
    observed = abs(float(array.sum())) - _TOLERANCE
    if len(array) <= _EXACT:
        bits = np.arange(2 ** len(array))[:, None] >> np.arange(len(array)) & 1
        return float(np.mean(np.abs((2 * bits - 1) @ array) >= observed))
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(trials, len(array)))
    return float((np.sum(np.abs(signs @ array) >= observed) + 1) / (trials + 1))


def _swapped(first: Rows, second: Rows, trials: int, seed: tuple[int, int]) -> Floats:
    """Return differences of mean F1 after random swaps of outputs; counts have shape `(n_seeds, n_sentences, 3)`."""
    n_seeds, n_sentences, _ = first.shape
    totals = [counts.sum(axis=1) for counts in (first, second)]
    rows = np.moveaxis(second - first, 1, 0).reshape(n_sentences, -1)
    swapped = randomize(rows, trials=trials, seed=seed).reshape(trials, n_seeds, 3)
    difference: Floats = (f1_of(totals[1] - swapped) - f1_of(totals[0] + swapped)).mean(axis=1)
    return difference


def _p(observed: float, swapped: Floats) -> float:
    return float((np.sum(np.abs(swapped) >= abs(observed) - _TOLERANCE) + 1) / (len(swapped) + 1))


def _interval(values: Floats) -> Interval:
    return Interval(*percentiles(values, LEVEL), LEVEL)
