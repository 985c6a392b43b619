"""The statistical analysis of a study: gains, their tests, and the regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xlner.experiments.families.conclusion import conclusion
from xlner.experiments.families.counts import BootstrapSamples, StudyCounts
from xlner.experiments.families.gains import TRIALS, Gain, MeanGain, gains
from xlner.experiments.families.growth import GrowthPoint, growth_points
from xlner.experiments.families.recipe import FamilyRecipe
from xlner.experiments.families.regression import Observations, Regression, observe, regress
from xlner.experiments.families.runs import TrainingRun
from xlner.experiments.families.study_data import StudyData

SAMPLES = 2000
"""Bootstrap samples by default."""


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """The tests of a study; see docs/families.md for an example.

    - `counts`, `bootstrap`: what was measured, and the bootstrap samples of it.
    - `gains`: the gain of each comparison on each target. `means`: the mean gains over groups of targets.
    - `growth`: mean F1 of the conditions with several sizes.
    - `observations`, `regression`: None if no condition can be compared with the baseline.
    """

    counts: StudyCounts
    bootstrap: BootstrapSamples
    gains: tuple[Gain, ...]
    means: tuple[MeanGain, ...]
    growth: tuple[GrowthPoint, ...]
    observations: Observations | None
    regression: Regression | None

    @property
    def conclusion(self) -> list[str]:
        """The conclusion that the tests support, in sentences."""
        return conclusion(self.counts.recipe, self.means, self.regression)


def analyze(
    recipe: FamilyRecipe,
    data: StudyData,
    runs: Sequence[TrainingRun],
    *,
    samples: int = SAMPLES,
    trials: int = TRIALS,
    seed: int = 0,
) -> Analysis:
    """Test all comparisons and fit the regression; see docs/families.md for an example.

    `samples` is the number of bootstrap samples, `trials` the number of permutations of a randomization test. The same
    `seed` gives the same result. Raises `InputError` if a run is missing.
    """
    counts = StudyCounts.of(recipe, data, runs)
    bootstrap = BootstrapSamples.of(counts, samples=samples, seed=seed)
    single, means = gains(counts, bootstrap, trials=trials)
    observations = observe(counts, bootstrap)
    regression = None if observations is None else regress(observations, bootstrap)
    growth = growth_points(counts, bootstrap)
    return Analysis(counts, bootstrap, tuple(single), tuple(means), tuple(growth), observations, regression)
