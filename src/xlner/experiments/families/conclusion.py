"""What a study found, in plain words, and no more than its tests support."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xlner.evaluation import Interval
from xlner.experiments.families.gains import REAL, MeanGain
from xlner.experiments.families.recipe import FamilyRecipe
from xlner.experiments.families.regression import Coefficient, Regression

_UNITS = {
    "families": (1.0, "one more family"),
    "languages": (1.0, "one more training language"),
    "script": (1.0, "a training language in the script of the target"),
    "relatedness": (0.5, "a training language one step nearer (the same family, or the same branch)"),
    "trigrams": (0.1, "a trigram similarity of the nearest training language that is higher by 0.1"),
    "outside": (0.1, "training text with 10 % more of its words outside of names"),
}


def conclusion(recipe: FamilyRecipe, means: Sequence[MeanGain], regression: Regression | None) -> list[str]:
    """Sentences: in short, then what each set of languages does, what each family does, and what gains go with."""
    against = [mean for mean in means if mean.first == recipe.baseline]
    lines = [_in_short(recipe.baseline, group, against) for group in dict.fromkeys(mean.group for mean in against)]
    lines += [_about(mean, recipe) for mean in against]
    lines += [_about(mean, recipe) for mean in means if (mean.first, mean.second) in recipe.compare]
    for whole, family, without in recipe.left_out:
        for mean in means:
            if (mean.first, mean.second) == (without, whole):
                lines.append(f"With {family} ({whole}) rather than without ({without}), {_verdict(mean)}")
    return [*lines, *([] if regression is None else _reasons(regression))]


def _in_short(baseline: str, group: str, against: Sequence[MeanGain]) -> str:
    """Which conditions differ from the baseline on the languages of a group."""
    own = [mean for mean in against if mean.group == group]
    parts = []
    for word, sign in (("higher", 1), ("lower", -1)):
        names = [
            f"{m.second}{' (also beyond these)' * m.real_beyond}" for m in own if m.real_here and m.gain * sign > 0
        ]
        if names:
            parts.append(f"{word} than with {baseline} after training on {', '.join(names)}")
    same = [mean.second for mean in own if not mean.real_here]
    if same:
        parts.append(f"not shown to differ after training on {', '.join(same)}")
    return f"In short, mean zero-shot F1 on the languages of group {group!r} is {'; '.join(parts)}."


def _about(mean: MeanGain, recipe: FamilyRecipe) -> str:
    languages = recipe.condition(mean.second).languages
    what = f"Training on {', '.join(languages)} ({mean.second}) rather than {mean.first}"
    style = "" if recipe.controlled(recipe.condition(mean.second)) else " (part of its sentences are of another style)"
    return f"{what}{style}, {_verdict(mean)}"


def _verdict(mean: MeanGain) -> str:
    """Mean F1, and what can be said about it here and beyond."""
    where = f"on {_counted(len(mean.by_language), 'language')} of group {mean.group!r}"
    numbers = f"{mean.means[0]:.3f} → {mean.means[1]:.3f}, {_points(mean.gain, mean.here)}, p {mean.p_here:.3f}"
    if not mean.real_here:
        seeds = "; sentences alone would show one, but seeds differ as much" if mean.p_here < REAL else ""
        return f"no difference of mean F1 is shown {where}: {numbers}{seeds}."
    word = "higher" if mean.gain > 0 else "lower"
    alike = f"{word} on {mean.alike} of {len(mean.by_language)}"
    beyond = f"[{100 * mean.beyond.low:+.1f}, {100 * mean.beyond.high:+.1f}], p {mean.p_beyond:.3f}"
    if mean.real_beyond:
        return f"mean F1 is {word} {where}: {numbers}; {alike}, and so for languages like these: {beyond}."
    return f"mean F1 is {word} {where}: {numbers}; {alike}; for languages like these this is not shown: {beyond}."


def _reasons(regression: Regression) -> Iterator[str]:
    rows = f"{_counted(regression.n_rows, 'gain')} on {_counted(regression.n_languages, 'language')}"
    yield (
        f"Regression of {rows}: the predictors together account for {regression.r2:.0%} of the differences in gain. "
        "It describes these conditions; it is no proof of a cause."
    )
    for coefficient in regression.coefficients:
        yield _reason(coefficient)


def _reason(coefficient: Coefficient) -> str:
    unit, words = _UNITS[coefficient.name]
    if coefficient.value is None or coefficient.interval is None:
        return f"{coefficient.name}: these conditions cannot tell it from the other predictors."
    low, high = coefficient.interval.low * unit, coefficient.interval.high * unit
    effect = f"{words} goes with {_points(coefficient.value * unit, Interval(low, high))}, the others being equal"
    if coefficient.rests_on is not None:
        return f"{coefficient.name}: {effect}; but this rests on one language, {coefficient.rests_on}."
    return f"{coefficient.name}: {effect}: {'an effect here' if coefficient.real else 'no effect is shown'}."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _points(gain: float, interval: Interval) -> str:
    """A gain in points of F1, from 0 to 100."""
    return f"{100 * gain:+.1f} points [{100 * interval.low:+.1f}, {100 * interval.high:+.1f}]"
