"""What a study found, as files: tables for programs, a page for people, plots."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from xlner.core.resampling import percentiles
from xlner.core.signature import Digest, Signature
from xlner.errors import MissingExtraError
from xlner.experiments.families.conclusion import conclusion
from xlner.experiments.families.gains import LEVEL, TRIALS, Gain, MeanGain, gains
from xlner.experiments.families.outcomes import Outcomes, Resampled
from xlner.experiments.families.page import Block, BulletList, Heading, Picture, Rows, Text, markdown, page
from xlner.experiments.families.recipe import FamilyRecipe
from xlner.experiments.families.regression import PREDICTORS, Observations, Regression, observe, regress
from xlner.experiments.families.runs import TrainingRun
from xlner.experiments.families.sources import Sources

SAMPLES = 2000
_DESIGN = (
    "Every condition is trained on {sentences} sentences, shared equally by its languages, with the same options and "
    "the same number of steps, once with each of {seeds} seeds, and tested on the same sentences. A target whose "
    "language a condition was trained on is no zero-shot target of it: its F1 is in parentheses and counts nowhere. "
    "Gains compare two conditions on targets that are zero-shot for both. The families of the question are the "
    "branches of Indo-European, and families elsewhere."
)


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """The tests of a study; `regression` is None where no condition can be compared with the baseline."""

    outcomes: Outcomes
    resampled: Resampled
    gains: tuple[Gain, ...]
    means: tuple[MeanGain, ...]
    observations: Observations | None
    regression: Regression | None

    @property
    def conclusion(self) -> list[str]:
        """What the tests support, in plain words."""
        return conclusion(self.outcomes.recipe, self.means, self.regression)


def analyze(
    recipe: FamilyRecipe,
    sources: Sources,
    runs: Sequence[TrainingRun],
    *,
    samples: int = SAMPLES,
    trials: int = TRIALS,
    seed: int = 0,
) -> Analysis:
    """Test and regress; the same for the same seed. Raises `InputError` where a run is missing."""
    outcomes = Outcomes.of(recipe, sources, runs)
    resampled = Resampled.of(outcomes, samples=samples, seed=seed)
    single, means = gains(outcomes, resampled, trials=trials)
    observations = observe(outcomes, resampled)
    regression = None if observations is None else regress(observations, resampled)
    return Analysis(outcomes, resampled, tuple(single), tuple(means), observations, regression)


def write_report(folder: str | Path, analysis: Analysis, runs: Sequence[TrainingRun], model: str) -> list[Path]:
    """Write `scores.csv`, `gains.csv`, `means.csv`, `regression.csv`, `observations.csv`, `report.md` and `.html`.

    Where matplotlib is installed there are plots, too.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    tables = {
        "scores.csv": score_rows(analysis),
        "gains.csv": [_gain_row(gain) for gain in analysis.gains],
        "means.csv": [_mean_row(mean) for mean in analysis.means],
        "regression.csv": [] if analysis.regression is None else regression_rows(analysis.regression),
        "observations.csv": [] if analysis.observations is None else _observation_rows(analysis),
    }
    for name, rows in tables.items():
        (target / name).write_text(_csv(rows), encoding="utf-8")
    try:
        from xlner.experiments.families.plots import plots

        pictures = plots(target, analysis)
    except MissingExtraError:
        pictures = []
    blocks = report(analysis, runs, model, pictures)
    (target / "report.md").write_text(markdown(blocks), encoding="utf-8")
    (target / "report.html").write_text(page(analysis.outcomes.recipe.title, blocks), encoding="utf-8")
    names = [*tables, *(picture.path.name for picture in pictures), "report.md", "report.html"]
    return [target / name for name in names]


def report(
    analysis: Analysis, runs: Sequence[TrainingRun], model: str, pictures: Sequence[Picture] = ()
) -> list[Block]:
    """The page: design, conclusion, F1, gains, regression, data, time, signature."""
    recipe = analysis.outcomes.recipe
    design = _DESIGN.format(sentences=f"{recipe.sentences:,}", seeds=len(recipe.seeds))
    blocks: list[Block] = [Heading(recipe.title, 1), Text(f"Encoder: `{model}`. {design}"), _conditions(recipe, runs)]
    blocks += [Heading("What the tests support"), BulletList(tuple(analysis.conclusion))]
    blocks += [*pictures[:1], Heading("Mean gains"), Text(_MEANS), _mean_table(analysis.means)]
    blocks += [Heading("F1 of every target"), Text(_SCORES), _score_table(analysis), *pictures[1:2]]
    if analysis.regression is not None:
        blocks += [Heading("What the gain goes with"), Text(_REGRESSION), _regression_table(analysis.regression)]
        blocks += pictures[2:]
    blocks += [Heading("Data"), _data(analysis)]
    seconds = [sum(run.seconds[part] for run in runs) for part in ("training", "testing")]
    took = f"{len(runs)} runs: {seconds[0] / 60:.0f} minutes of training, {seconds[1] / 60:.0f} minutes of testing."
    warnings = [f"{r.condition}, seed {r.seed}: {w}" for r in runs for w in r.facts.get("warnings", ())]
    blocks += [Heading("Computing time"), Text(took), *([BulletList(tuple(warnings))] if warnings else [])]
    return [*blocks, Text(f"Signature: `{signature(analysis, runs)}`")]


_MEANS = (
    "Points of F1, means over seeds, then over languages. *Here*: 95 % interval over sentences and seeds, and p of "
    "approximate randomization over sentences. *Beyond*: interval over languages as well, and p of a sign-flip test "
    "over languages. p adjusted (Holm) for all comparisons with the baseline in the group, or for all others there."
)
_SCORES = "Mean over seeds, in points. In parentheses: not zero-shot. * differs from the baseline (Holm p < 0.05)."
_REGRESSION = (
    "Ordinary least squares of the gain over the baseline, one row per condition and target; conditions trained in "
    "another style are left out. Intervals: bootstrap over target languages, seeds and sentences."
)


def signature(analysis: Analysis, runs: Sequence[TrainingRun]) -> Signature:
    """What the numbers were measured on, and how."""
    recipe = analysis.outcomes.recipe
    tests = Digest(f"{t.name} {t.digest}" for t in analysis.outcomes.targets).hexdigest()
    training = Digest(f"{c} {s.digest}" for c, s in analysis.outcomes.sources.training.items()).hexdigest()
    options = json.dumps([recipe.sentences, dict(recipe.training)], sort_keys=True)
    facts = {
        "recipe": recipe.name,
        "conditions": len(recipe.conditions),
        "seeds": tuple(map(str, recipe.seeds)),
        "options": Digest([options]).hexdigest(),
        "training": training,
        "tests": tests,
        "ignore": recipe.ignore,
        "bootstrap": len(analysis.resampled.f1),
        "level": LEVEL,
        "seed": analysis.resampled.seed,
        "torch": tuple({str(run.facts["torch"]) for run in runs if "torch" in run.facts}),
        "numpy": np.__version__,
    }
    return Signature.of(facts)


def score_rows(analysis: Analysis) -> list[dict[str, Any]]:
    """One row per condition and target: F1 of each seed, mean, spread and interval."""
    outcomes = analysis.outcomes
    f1 = outcomes.f1()
    rows = []
    for c, condition in enumerate(outcomes.conditions):
        for k, target in enumerate(outcomes.targets):
            low, high = percentiles(analysis.resampled.f1[:, c, k], LEVEL)
            row: dict[str, Any] = {"condition": condition, "target": target.name, "language": target.language}
            row |= {"groups": "; ".join(target.origin.groups), "zero_shot": bool(outcomes.zero_shot[c, k])}
            row |= {"f1": _rounded(f1[c, :, k].mean()), "low": _rounded(low), "high": _rounded(high)}
            row |= {"sd": _rounded(f1[c, :, k].std(ddof=1)) if f1.shape[1] > 1 else None}
            rows.append(
                row | {f"seed_{s}": _rounded(x) for s, x in zip(outcomes.recipe.seeds, f1[c, :, k], strict=True)}
            )
    return rows


def regression_rows(regression: Regression) -> list[dict[str, Any]]:
    """One row per predictor."""
    return [
        {
            "predictor": c.name,
            "coefficient": _rounded(c.value),
            "low": None if c.interval is None else _rounded(c.interval.low),
            "high": None if c.interval is None else _rounded(c.interval.high),
            "alone": _rounded(c.alone),
            "drawn": _rounded(c.drawn),
            "rests_on": c.rests_on,
            "meaning": PREDICTORS[c.name],
        }
        for c in regression.coefficients
    ]


def _gain_row(gain: Gain) -> dict[str, Any]:
    return {
        "first": gain.first,
        "second": gain.second,
        "target": gain.target,
        "gain": _rounded(gain.gain),
        "low": _rounded(gain.interval.low),
        "high": _rounded(gain.interval.high),
        "p": _rounded(gain.p),
        "p_holm": _rounded(gain.p_holm),
        "real": gain.real,
    }


def _mean_row(mean: MeanGain) -> dict[str, Any]:
    row: dict[str, Any] = {"first": mean.first, "second": mean.second, "group": mean.group}
    row |= {"languages": len(mean.by_language), "mean_first": _rounded(mean.means[0])}
    row |= {"mean_second": _rounded(mean.means[1]), "gain": _rounded(mean.gain), "alike": mean.alike}
    row |= {"here_low": _rounded(mean.here.low), "here_high": _rounded(mean.here.high), "p_here": _rounded(mean.p_here)}
    row |= {"beyond_low": _rounded(mean.beyond.low), "beyond_high": _rounded(mean.beyond.high)}
    row |= {"p_beyond": _rounded(mean.p_beyond), "real_here": mean.real_here, "real_beyond": mean.real_beyond}
    return row | {"targets": "; ".join(mean.targets)}


def _observation_rows(analysis: Analysis) -> list[dict[str, Any]]:
    outcomes, data = analysis.outcomes, analysis.observations
    assert data is not None
    return [
        {"condition": outcomes.conditions[c], "target": outcomes.targets[k].name}
        | {name: _rounded(value) for name, value in zip(data.names, values, strict=True)}
        | {"gain": _rounded(gain)}
        for (c, k), values, gain in zip(data.rows, data.predictors, data.gains, strict=True)
    ]


def _conditions(recipe: FamilyRecipe, runs: Sequence[TrainingRun]) -> Rows:
    rows = []
    for condition in recipe.conditions:
        own = [sum(run.seconds.values()) for run in runs if run.condition == condition.name]
        note = "" if recipe.controlled(condition) else " (not all in the style of the baseline)"
        families = ", ".join(condition.families)
        seconds = f"{sum(own) / len(own):.0f}" if own else ""
        rows.append((condition.name, " ".join(condition.languages) + note, families, seconds))
    return Rows(("condition", "training languages", "families", "seconds a run"), tuple(rows))


def _mean_table(means: Sequence[MeanGain]) -> Rows:
    header = ("group", "from", "to", "languages", "F1 from", "F1 to", "gain", "here", "p", "higher on", "beyond", "p")
    return Rows(header, tuple(_mean_cells(mean) for mean in means))


def _mean_cells(mean: MeanGain) -> tuple[str, ...]:
    higher = sum(gain > 0 for _, gain in mean.by_language)
    return (
        mean.group,
        mean.first,
        mean.second,
        str(len(mean.by_language)),
        *(f"{100 * value:.1f}" for value in mean.means),
        f"{100 * mean.gain:+.1f}",
        f"{100 * mean.here.low:+.1f} … {100 * mean.here.high:+.1f}{' *' * mean.real_here}",
        f"{mean.p_here:.4f}",
        f"{higher} of {len(mean.by_language)}",
        f"{100 * mean.beyond.low:+.1f} … {100 * mean.beyond.high:+.1f}{' *' * mean.real_beyond}",
        f"{mean.p_beyond:.4f}",
    )


def _score_table(analysis: Analysis) -> Rows:
    outcomes = analysis.outcomes
    f1 = outcomes.f1().mean(axis=1)
    real = {(g.second, g.target) for g in analysis.gains if g.real and g.first == outcomes.recipe.baseline}
    rows = []
    for k, target in enumerate(outcomes.targets):
        cells = [target.name, str(target.entities)]
        for c, condition in enumerate(outcomes.conditions):
            shown = f"{100 * f1[c, k]:.1f}"
            star = "*" if (condition, target.name) in real else ""
            cells.append(f"{shown}{star}" if outcomes.zero_shot[c, k] else f"({shown})")
        rows.append(tuple(cells))
    return Rows(("target", "entities", *outcomes.conditions), tuple(rows))


def _regression_table(regression: Regression) -> Rows:
    rows = []
    for c in regression.coefficients:
        interval = "" if c.interval is None else f"{100 * c.interval.low:+.2f} … {100 * c.interval.high:+.2f}"
        value, alone = ("" if x is None else f"{100 * x:+.2f}" for x in (c.value, c.alone))
        rows.append((c.name, PREDICTORS[c.name], value, interval, alone, c.rests_on or ""))
    header = ("predictor", "what it counts", "points of F1 for one more", "interval", "on its own", "rests on")
    return Rows(header, tuple(rows))


def _data(analysis: Analysis) -> Rows:
    made: dict[str, tuple[int, int]] = {}
    for target in analysis.outcomes.targets:
        tested, entities = made.get(target.origin.name, (0, 0))
        made[target.origin.name] = (tested + len(target.sentences), entities + target.entities)
    rows = [
        (s.name, s.title, " ".join(s.languages), ", ".join(s.groups), *map(str, made[s.name]), s.license)
        for s in analysis.outcomes.recipe.sets
    ]
    return Rows(("set", "what", "languages", "groups", "test sentences", "entities", "license"), tuple(rows))


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)
