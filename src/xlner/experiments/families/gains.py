"""What a condition gains over another: per target, and on average over the targets of a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from xlner.core.resampling import Floats, Rows, percentiles, randomize
from xlner.evaluation import Interval, holm
from xlner.experiments.families.outcomes import Outcomes, Resampled, f1_of

TRIALS = 10_000
LEVEL = 0.95
REAL = 0.05
_ROUNDING = 1e-12
_EXACT = 16  # languages: their signs are flipped in all ways


@dataclass(frozen=True, slots=True)
class Gain:
    """F1 of the second of two conditions minus that of the first, on one target; means over seeds.

    `interval` is a paired bootstrap over sentences and seeds; `p` that of approximate randomization over sentences
    (Noreen 1989), in which a sentence swaps the outputs of all seeds together; `p_holm` is adjusted for all gains of
    the study.
    """

    first: str
    second: str
    target: str
    gain: float
    interval: Interval
    p: float
    p_holm: float = 1.0

    @property
    def real(self) -> bool:
        """Whether both the test and the interval say that the conditions differ."""
        return self.p_holm < REAL and not self.interval.low <= 0 <= self.interval.high


@dataclass(frozen=True, slots=True)
class MeanGain:
    """The mean gain over the languages of a group that neither condition was trained on.

    Two questions are asked. Is there a gain on these very languages? `here` is its interval over sentences and seeds,
    `p_here` that of approximate randomization over the sentences of all of them. Is there one on languages like these?
    `beyond` is its interval over languages, too, and `p_beyond` that of the sign-flip test over languages (Fisher
    1935), exact for up to 16. Both p-values are adjusted (Holm 1979), in each group for all comparisons with the
    baseline, and for all others.
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
    def alike(self) -> int:
        """The number of languages whose gain has the sign of the mean."""
        return sum(gain * self.gain > 0 for _, gain in self.by_language)

    @property
    def real_here(self) -> bool:
        """Whether test and interval say that the conditions differ on these languages."""
        return self.p_here < REAL and not self.here.low <= 0 <= self.here.high

    @property
    def real_beyond(self) -> bool:
        """Whether test and interval say that the conditions differ on languages like these."""
        return self.real_here and self.p_beyond < REAL and not self.beyond.low <= 0 <= self.beyond.high


def gains(outcomes: Outcomes, resampled: Resampled, *, trials: int = TRIALS) -> tuple[list[Gain], list[MeanGain]]:
    """The gain of every comparison on every target that is zero-shot for both conditions, and the means in groups.

    In the mean of a group a language counts once, however many targets it has there.
    """
    f1 = outcomes.f1().mean(axis=1)
    single: list[Gain] = []
    chances: dict[tuple[str, str, int], Floats] = {}
    for first, second in outcomes.recipe.comparisons:
        a, b = map(outcomes.conditions.index, (first, second))
        for k in outcomes.shared(first, second):
            interval = _interval(resampled.f1[:, b, k] - resampled.f1[:, a, k])
            gain = float(f1[b, k] - f1[a, k])
            chance = _chance(outcomes.counts[k][a], outcomes.counts[k][b], trials, (resampled.seed, k))
            chances[first, second, k] = chance
            single.append(Gain(first, second, outcomes.targets[k].name, gain, interval, _p(gain, chance)))
    adjusted = holm([gain.p for gain in single])
    single = [replace(gain, p_holm=p) for gain, p in zip(single, adjusted, strict=True)]
    groups = dict.fromkeys(group for target in outcomes.targets for group in target.origin.groups)
    return single, [mean for group in groups for mean in _means(outcomes, resampled, group, chances)]


def _means(
    outcomes: Outcomes, resampled: Resampled, group: str, chances: Mapping[tuple[str, str, int], Floats]
) -> list[MeanGain]:
    made = []
    for first, second in outcomes.recipe.comparisons:
        chosen = [k for k in outcomes.shared(first, second) if group in outcomes.targets[k].origin.groups]
        if chosen:
            drawn = np.stack([chances[first, second, k] for k in chosen], axis=1)
            made.append(_mean(outcomes, resampled, (first, second, group), chosen, drawn))
    baseline = outcomes.recipe.baseline
    return [
        *_adjusted([mean for mean in made if mean.first == baseline]),
        *_adjusted([mean for mean in made if mean.first != baseline]),
    ]


def _adjusted(means: Sequence[MeanGain]) -> list[MeanGain]:
    here, beyond = holm([mean.p_here for mean in means]), holm([mean.p_beyond for mean in means])
    rows = zip(means, here, beyond, strict=True)
    return [replace(mean, p_here=one, p_beyond=other) for mean, one, other in rows]


def _mean(
    outcomes: Outcomes, resampled: Resampled, mean_of: tuple[str, str, str], chosen: list[int], chances: Floats
) -> MeanGain:
    codes = [outcomes.targets[k].language for k in chosen]
    share = np.array([1 / codes.count(code) for code in codes])
    a, b = map(outcomes.conditions.index, mean_of[:2])
    f1 = outcomes.f1().mean(axis=1)[:, chosen]
    sampled = resampled.f1[:, b, chosen] - resampled.f1[:, a, chosen]
    weights = resampled.clusters(codes) * share
    means = [float(np.average(f1[k], weights=share)) for k in (a, b)]
    differences = list(zip(codes, (f1[b] - f1[a]).tolist(), strict=True))
    by_language = {code: fmean(gain for c, gain in differences if c == code) for code in codes}
    return MeanGain(
        *mean_of,
        tuple(outcomes.targets[k].name for k in chosen),
        tuple(by_language.items()),
        (means[0], means[1]),
        _interval(np.average(sampled, axis=1, weights=share)),
        _interval((sampled * weights).sum(axis=1) / weights.sum(axis=1)),
        _p(means[1] - means[0], np.average(chances, axis=1, weights=share)),
        sign_flip(list(by_language.values()), seed=resampled.seed),
    )


def sign_flip(values: Sequence[float], *, trials: int = TRIALS, seed: int = 0) -> float:
    """How likely a mean so far from 0 is, in either direction, if the sign of every value were chance (Fisher 1935).

    All signs are tried for up to 16 values, else `trials` draws of them.

    >>> sign_flip([0.1, 0.2, 0.3])
    0.25
    """
    array = np.asarray(values, dtype=np.float64)
    observed = abs(float(array.sum())) - _ROUNDING
    if len(array) <= _EXACT:
        bits = np.arange(2 ** len(array))[:, None] >> np.arange(len(array)) & 1
        return float(np.mean(np.abs((2 * bits - 1) @ array) >= observed))
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(trials, len(array)))
    return float((np.sum(np.abs(signs @ array) >= observed) + 1) / (trials + 1))


def _chance(first: Rows, second: Rows, trials: int, seed: tuple[int, int]) -> Floats:
    """Differences between mean F1 values with outputs swapped by chance; counts `(n_seeds, n_sentences, 3)`."""
    n_seeds, n_sentences, _ = first.shape
    totals = [counts.sum(axis=1) for counts in (first, second)]
    rows = np.moveaxis(second - first, 1, 0).reshape(n_sentences, -1)
    swapped = randomize(rows, trials=trials, seed=seed).reshape(trials, n_seeds, 3)
    difference: Floats = (f1_of(totals[1] - swapped) - f1_of(totals[0] + swapped)).mean(axis=1)
    return difference


def _p(observed: float, chance: Floats) -> float:
    return float((np.sum(np.abs(chance) >= abs(observed) - _ROUNDING) + 1) / (len(chance) + 1))


def _interval(values: Floats) -> Interval:
    return Interval(*percentiles(values, LEVEL), LEVEL)
