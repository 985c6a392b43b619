"""The conclusion of a study in sentences that claim no more than the tests support."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xlner.evaluation import Interval
from xlner.experiments.families.gains import SIGNIFICANT, MeanGain
from xlner.experiments.families.recipe import FamilyRecipe
from xlner.experiments.families.regression import Coefficient, Regression
from xlner.text.counts import counted

_UNITS = {
    "families": (1.0, "one more family"),
    "languages": (1.0, "one more training language"),
    "script": (1.0, "a training language in the script of the target"),
    "relatedness": (0.5, "a training language that is one step closer (the same family, or the same branch)"),
    "trigrams": (0.1, "an increase of 0.1 in the trigram similarity of the nearest training language"),
    "outside": (0.1, "an increase of 10 % in the share of training words outside entities"),
}
"""By predictor: the increase that an effect is reported for, and how to name it."""


def conclusion(recipe: FamilyRecipe, means: Sequence[MeanGain], regression: Regression | None) -> list[str]:
    """Return a summary for each group, one sentence for each comparison, and one for each predictor."""
    against = [mean for mean in means if mean.first == recipe.baseline]
    lines = [_summary(recipe.baseline, group, against) for group in dict.fromkeys(mean.group for mean in against)]
    lines += [_comparison(mean, recipe) for mean in against]
    lines += [_comparison(mean, recipe) for mean in means if (mean.first, mean.second) in recipe.compare]
    for smaller, larger in recipe.growth:
        sizes = [recipe.size(recipe.condition(name)) for name in (smaller, larger)]
        for mean in means:
            if (mean.first, mean.second) == (smaller, larger):
                lines.append(
                    f"With {sizes[1]:,} sentences ({larger}) instead of {sizes[0]:,} ({smaller}): {_verdict(mean)}"
                )
    for whole, family, without in recipe.left_out:
        for mean in means:
            if (mean.first, mean.second) == (without, whole):
                lines.append(f"With {family} ({whole}) instead of without it ({without}): {_verdict(mean)}")
    return [*lines, *([] if regression is None else _effects(regression))]


def _summary(baseline: str, group: str, against: Sequence[MeanGain]) -> str:
    """Return one sentence about the conditions that differ from the baseline on the languages of a group."""
    own = [mean for mean in against if mean.group == group]
    parts = []
    for word, sign in (("higher", 1), ("lower", -1)):
        names = [
            f"{m.second}{' (for similar languages, too)' * m.significant_beyond}"
            for m in own
            if m.significant_here and m.gain * sign > 0
        ]
        if names:
            parts.append(f"mean zero-shot F1 is {word} than with {baseline} after training on {', '.join(names)}")
    same = [mean.second for mean in own if not mean.significant_here]
    if same:
        parts.append(f"no difference is shown after training on {', '.join(same)}")
    return f"Summary of group {group!r}: {'; '.join(parts)}."


def _comparison(mean: MeanGain, recipe: FamilyRecipe) -> str:
    languages = recipe.condition(mean.second).languages
    what = f"Training on {', '.join(languages)} ({mean.second}) instead of {mean.first}"
    style = "" if recipe.controlled(recipe.condition(mean.second)) else " (some sentences are of another style)"
    return f"{what}{style}: {_verdict(mean)}"


def _verdict(mean: MeanGain) -> str:
    """Return mean F1 of both conditions and whether they differ, on these languages and on similar ones."""
    where = f"on {counted(len(mean.by_language), 'language')} of group {mean.group!r}"
    numbers = f"{mean.means[0]:.3f} → {mean.means[1]:.3f}, {_points(mean.gain, mean.here)}, p {mean.p_here:.3f}"
    if not mean.significant_here:
        seeds = "; the sentences alone would show one, but the seeds vary too much" if mean.p_here < SIGNIFICANT else ""
        return f"no difference in mean F1 is shown {where}: {numbers}{seeds}."
    word = "higher" if mean.gain > 0 else "lower"
    same_sign = f"{word} on {mean.same_sign} of {len(mean.by_language)}"
    beyond = f"[{100 * mean.beyond.low:+.1f}, {100 * mean.beyond.high:+.1f}], p {mean.p_beyond:.3f}"
    shown = "also shown for similar languages" if mean.significant_beyond else "not shown for similar languages"
    return f"mean F1 is {word} {where}: {numbers}; {same_sign}; {shown}: {beyond}."


def _effects(regression: Regression) -> Iterator[str]:
    rows = f"{counted(regression.n_rows, 'gain')} on {counted(regression.n_languages, 'language')}"
    yield (
        f"Regression of {rows}: together, the predictors explain {regression.r2:.0%} of the variance of the gains. "
        "This describes these conditions and does not prove a cause."
    )
    for coefficient in regression.coefficients:
        yield _effect(coefficient)


def _effect(coefficient: Coefficient) -> str:
    unit, words = _UNITS[coefficient.name]
    if coefficient.value is None or coefficient.interval is None:
        return f"{coefficient.name}: these conditions cannot separate its effect from the other predictors."
    low, high = coefficient.interval.low * unit, coefficient.interval.high * unit
    points = _points(coefficient.value * unit, Interval(low, high))
    effect = f"{words} goes with {points}, with the other predictors held equal"
    if coefficient.depends_on is not None:
        return f"{coefficient.name}: {effect}; but this depends on one language, {coefficient.depends_on}."
    return f"{coefficient.name}: {effect}; {'an effect' if coefficient.significant else 'no effect'} is shown."


def _points(gain: float, interval: Interval) -> str:
    """Return a gain and its interval in points of F1, from 0 to 100."""
    return f"{100 * gain:+.1f} points [{100 * interval.low:+.1f}, {100 * interval.high:+.1f}]"
