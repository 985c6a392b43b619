"""The results of a study as arrays of counts, and bootstrap samples of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.resampling import Floats, Rows, f1
from xlner.errors import InputError
from xlner.experiments.families.recipe import FamilyRecipe
from xlner.experiments.families.runs import TrainingRun
from xlner.experiments.families.study_data import StudyData, Target

_CORRECT, _PREDICTED, _GOLD = range(3)


@dataclass(frozen=True, slots=True, eq=False)
class StudyCounts:
    """The counts of each sentence of each target in each run.

    - `counts[k]`: the k-th target, shape `(n_conditions, n_seeds, n_sentences, 3)`: correct, predicted and gold
      entities.
    - `zero_shot`: whether the condition was not trained on the language of the target, shape
      `(n_conditions, n_targets)`.
    """

    recipe: FamilyRecipe
    data: StudyData
    counts: tuple[Rows, ...]
    zero_shot: NDArray[np.bool_]

    @classmethod
    def of(cls, recipe: FamilyRecipe, data: StudyData, runs: Sequence[TrainingRun]) -> StudyCounts:
        """Collect the counts of all runs of a study; raises `InputError` if a run is missing."""
        found = {(run.condition, run.seed): run for run in runs}
        missing = [(c.name, s) for c in recipe.conditions for s in recipe.seeds if (c.name, s) not in found]
        if missing:
            raise InputError(f"no run of condition {missing[0][0]!r} with seed {missing[0][1]}")
        grid = [[found[condition.name, seed] for seed in recipe.seeds] for condition in recipe.conditions]
        counts = tuple(
            np.array([[run.targets[target.name].counts for run in row] for row in grid]) for target in data.targets
        )
        zero_shot = [[t.language not in c.languages for t in data.targets] for c in recipe.conditions]
        return cls(recipe, data, counts, np.array(zero_shot, dtype=bool))

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets, in the order of the last axis of F1 arrays."""
        return self.data.targets

    @property
    def conditions(self) -> tuple[str, ...]:
        """The names of the conditions, in the order of the first axis of F1 arrays."""
        return tuple(condition.name for condition in self.recipe.conditions)

    def f1(self) -> Floats:
        """Return F1 of each condition, seed and target, shape `(n_conditions, n_seeds, n_targets)`."""
        totals = [counts.sum(axis=2) for counts in self.counts]
        return np.stack([f1_of(total) for total in totals], axis=-1)

    def shared(self, first: str, second: str) -> list[int]:
        """Return the indices of the targets that are zero-shot for both conditions; only these show a gain."""
        one, other = (self.zero_shot[self.conditions.index(name)] for name in (first, second))
        return np.flatnonzero(one & other).tolist()


def f1_of(totals: NDArray[np.generic]) -> Floats:
    """Return F1 of counts in the last axis.

    >>> f1_of(np.array([1, 2, 2])).item()
    0.5
    """
    return f1(totals[..., _CORRECT], totals[..., _PREDICTED], totals[..., _GOLD])


@dataclass(frozen=True, slots=True, eq=False)
class BootstrapSamples:
    """F1 of bootstrap samples, averaged over seeds: shape `(n_samples, n_conditions, n_targets)`.

    Each sample draws sentences and seeds with replacement, the same ones for all conditions, so that conditions stay
    paired. `seed` is the seed of the draws.
    """

    f1: Floats
    seed: int

    @classmethod
    def of(cls, counts: StudyCounts, *, samples: int, seed: int) -> BootstrapSamples:
        """Draw the samples (Efron 1979)."""
        random = np.random.default_rng(seed)
        n_seeds = len(counts.recipe.seeds)
        drawn = random.multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), size=samples) / n_seeds
        made = []
        for target in counts.counts:
            n_sentences = target.shape[2]
            times = random.multinomial(n_sentences, np.full(n_sentences, 1 / n_sentences), size=samples)
            rows = np.moveaxis(target, 2, 0).reshape(n_sentences, -1)
            totals = (times.astype(np.float64) @ rows).reshape(samples, *target.shape[:2], 3)
            made.append(np.einsum("bcs,bs->bc", f1_of(totals), drawn))
        return cls(np.stack(made, axis=-1), seed)

    def language_weights(self, languages: Sequence[str]) -> NDArray[np.int64]:
        """Draw languages with replacement and return how often each target is drawn, shape `(n_samples, n_targets)`.

        All targets of a language are drawn together.
        """
        names = list(dict.fromkeys(languages))
        random = np.random.default_rng([self.seed, 1])
        times = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=len(self.f1))
        chosen: NDArray[np.int64] = times[:, [names.index(language) for language in languages]]
        return chosen
