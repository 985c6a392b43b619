"""How F1 grows with the number of training sentences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xlner.core.resampling import percentiles
from xlner.evaluation import Interval
from xlner.experiments.families.counts import BootstrapSamples, StudyCounts
from xlner.experiments.families.gains import LEVEL


@dataclass(frozen=True, slots=True)
class GrowthPoint:
    """Mean F1 over the languages of a group, after training on a number of sentences.

    - `of`: the condition that grows. `sentences`: the size.
    - `languages`: the number of languages of the group that no growing condition was trained on; only these count.
    - `interval`: bootstrap over sentences and seeds.

    >>> GrowthPoint("en", 1000, "news", 9, 0.5, Interval(0.4, 0.6, 0.95)).sentences
    1000
    """

    of: str
    sentences: int
    group: str
    languages: int
    f1: float
    interval: Interval


def growth_points(counts: StudyCounts, bootstrap: BootstrapSamples) -> list[GrowthPoint]:
    """Return the points by group, condition and size. All points of a group are means over the same targets."""
    recipe = counts.recipe
    rows = [
        (of, recipe.size(recipe.condition(name)), counts.conditions.index(name))
        for of, names in recipe.grown.items()
        for name in names
    ]
    if not rows:
        return []
    f1 = counts.f1().mean(axis=1)
    grown = [row for _, _, row in rows]
    made = []
    for group in dict.fromkeys(group for target in counts.targets for group in target.dataset.groups):
        own = [k for k, target in enumerate(counts.targets) if group in target.dataset.groups]
        chosen = [k for k in own if counts.zero_shot[grown, k].all()]
        if not chosen:
            continue
        codes = [counts.targets[k].language for k in chosen]
        share = np.array([1 / codes.count(code) for code in codes])
        for of, size, row in rows:
            mean = float(np.average(f1[row, chosen], weights=share))
            sampled = np.average(bootstrap.f1[:, row, chosen], axis=1, weights=share)
            interval = Interval(*percentiles(sampled, LEVEL), LEVEL)
            made.append(GrowthPoint(of, size, group, len(set(codes)), mean, interval))
    return made
