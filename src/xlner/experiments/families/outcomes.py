"""The outcomes of a study as arrays, and bootstrap samples of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.resampling import Floats, Rows, f1
from xlner.errors import InputError
from xlner.experiments.families.recipe import FamilyRecipe
from xlner.experiments.families.runs import TrainingRun
from xlner.experiments.families.sources import Sources, Target

_CORRECT, _PREDICTED, _GOLD = range(3)


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Counts of every sentence of every target in every run.

    `counts[k]` belongs to the k-th target and has the shape `(n_conditions, n_seeds, n_sentences, 3)`: correct,
    predicted and gold entities. `zero_shot` is true where no language of the condition is that of the target, shape
    `(n_conditions, n_targets)`.
    """

    recipe: FamilyRecipe
    sources: Sources
    counts: tuple[Rows, ...]
    zero_shot: NDArray[np.bool_]

    @classmethod
    def of(cls, recipe: FamilyRecipe, sources: Sources, runs: Sequence[TrainingRun]) -> Outcomes:
        """Put the runs of a study together; raises `InputError` where one is missing."""
        found = {(run.condition, run.seed): run for run in runs}
        missing = [(c.name, s) for c in recipe.conditions for s in recipe.seeds if (c.name, s) not in found]
        if missing:
            raise InputError(f"no run of condition {missing[0][0]!r} with seed {missing[0][1]}")
        grid = [[found[condition.name, seed] for seed in recipe.seeds] for condition in recipe.conditions]
        counts = tuple(
            np.array([[run.targets[target.name].counts for run in row] for row in grid]) for target in sources.targets
        )
        zero_shot = [[t.language not in c.languages for t in sources.targets] for c in recipe.conditions]
        return cls(recipe, sources, counts, np.array(zero_shot, dtype=bool))

    @property
    def targets(self) -> tuple[Target, ...]:
        """What was tested on, in the order of the last axis of F1 arrays."""
        return self.sources.targets

    @property
    def conditions(self) -> tuple[str, ...]:
        """Names of the conditions, in the order of the first axis of F1 arrays."""
        return tuple(condition.name for condition in self.recipe.conditions)

    def f1(self) -> Floats:
        """F1 of every condition, seed and target, shape `(n_conditions, n_seeds, n_targets)`."""
        totals = [counts.sum(axis=2) for counts in self.counts]
        return np.stack([f1_of(total) for total in totals], axis=-1)

    def shared(self, first: str, second: str) -> list[int]:
        """The targets that are zero-shot for both of two conditions: only these show a gain."""
        one, other = (self.zero_shot[self.conditions.index(name)] for name in (first, second))
        return np.flatnonzero(one & other).tolist()


def f1_of(totals: NDArray[np.generic]) -> Floats:
    """F1 of counts in the last axis.

    >>> f1_of(np.array([1, 2, 2])).item()
    0.5
    """
    return f1(totals[..., _CORRECT], totals[..., _PREDICTED], totals[..., _GOLD])


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """F1 of bootstrap samples, the mean over seeds: shape `(samples, n_conditions, n_targets)`.

    Every sample draws sentences and seeds anew, the same for all conditions, so that they stay paired. `seed` is that
    of the samples.
    """

    f1: Floats
    seed: int

    @classmethod
    def of(cls, outcomes: Outcomes, *, samples: int, seed: int) -> Resampled:
        """Draw the samples (Efron 1979)."""
        random = np.random.default_rng(seed)
        n_seeds = len(outcomes.recipe.seeds)
        drawn = random.multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), size=samples) / n_seeds
        made = []
        for counts in outcomes.counts:
            n_sentences = counts.shape[2]
            times = random.multinomial(n_sentences, np.full(n_sentences, 1 / n_sentences), size=samples)
            rows = np.moveaxis(counts, 2, 0).reshape(n_sentences, -1)
            totals = (times.astype(np.float64) @ rows).reshape(samples, *counts.shape[:2], 3)
            made.append(np.einsum("bcs,bs->bc", f1_of(totals), drawn))
        return cls(np.stack(made, axis=-1), seed)

    def clusters(self, languages: Sequence[str]) -> NDArray[np.int64]:
        """How often each target counts when languages are drawn anew, shape `(samples, n_targets)`.

        All targets of a language are drawn together.
        """
        names = list(dict.fromkeys(languages))
        random = np.random.default_rng([self.seed, 1])
        times = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=len(self.f1))
        chosen: NDArray[np.int64] = times[:, [names.index(language) for language in languages]]
        return chosen
