"""The report of a study: CSV tables, a page as Markdown and HTML, and plots."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from xlner.core.resampling import percentiles
from xlner.core.signature import Digest, Signature
from xlner.errors import MissingExtraError
from xlner.experiments.families.analysis import Analysis
from xlner.experiments.families.gains import LEVEL, Gain, MeanGain
from xlner.experiments.families.growth import GrowthPoint
from xlner.experiments.families.recipe import FamilyRecipe
from xlner.experiments.families.regression import PREDICTORS, Regression
from xlner.experiments.families.runs import TrainingRun
from xlner.experiments.page import (
    Block,
    BulletList,
    Heading,
    Image,
    Paragraph,
    Table,
    html_page,
    markdown_page,
)
from xlner.experiments.tables import csv_text, percent, rounded, write_files
from xlner.text.counts import counted

_DESIGN = (
    "Each condition is trained on {sentences} sentences, shared equally by its languages, with the same "
    "options{steps}, once with each of {seeds} seeds, and is tested on the same sentences. If a condition was trained "
    "on the language of a target, the target is not zero-shot: its F1 is in parentheses and is not counted. Gains "
    "compare two conditions on targets that are zero-shot for both. A family here is a branch of Indo-European, or a "
    "whole family elsewhere."
)
_MEANS = (
    "Points of F1, averaged over seeds, then over languages. *Here*: 95 % interval over sentences and seeds, and p of "
    "approximate randomization over sentences. *Beyond*: interval over languages as well, and p of a sign-flip test "
    "over languages. p-values are adjusted (Holm) within a group: for all comparisons with the baseline, and "
    "separately for all others."
)
_SCORES = (
    "Average over seeds, in points. In parentheses: not zero-shot. * differs from the baseline (p < 0.05, "
    "Holm-adjusted)."
)
_GROWTH = (
    "Mean F1 over the languages of a group that no condition of this table was trained on, in points, with a 95 % "
    "interval over sentences and seeds."
)
_REGRESSION = (
    "Ordinary least squares of the gain over the baseline, one row per condition and target. Conditions trained in "
    "another style are left out. Intervals: bootstrap over target languages, seeds and sentences."
)


def write_report(folder: str | Path, analysis: Analysis, runs: Sequence[TrainingRun], model: str) -> list[Path]:
    """Write the report into a folder and return the paths of its files; see docs/families.md for an example.

    The files are `scores.csv`, `gains.csv`, `means.csv`, `growth.csv`, `regression.csv`, `observations.csv`,
    `report.md` and `report.html`, and plots if matplotlib is installed.
    """
    target = Path(folder)
    tables = {
        "scores.csv": score_rows(analysis),
        "gains.csv": [_gain_row(gain) for gain in analysis.gains],
        "means.csv": [_mean_row(mean) for mean in analysis.means],
        "growth.csv": [_growth_row(point) for point in analysis.growth],
        "regression.csv": [] if analysis.regression is None else regression_rows(analysis.regression),
        "observations.csv": _observation_rows(analysis),
    }
    written = write_files(target, {name: csv_text(rows) for name, rows in tables.items()})
    try:
        from xlner.experiments.families.plots import draw_plots

        images = draw_plots(target, analysis)
    except MissingExtraError:
        images = []
    blocks = report(analysis, runs, model, images)
    page = {"report.md": markdown_page(blocks), "report.html": html_page(analysis.counts.recipe.title, blocks)}
    return [*written, *(image.path for image in images), *write_files(target, page)]


def report(analysis: Analysis, runs: Sequence[TrainingRun], model: str, images: Sequence[Image] = ()) -> list[Block]:
    """Return the page: design, conclusion, mean gains, F1, regression, data, time, signature."""
    recipe = analysis.counts.recipe
    sentences, steps = f"{recipe.sentences:,}", " and the same number of steps"
    if recipe.grown:
        sentences, steps = f"{sentences} (or the number in its name)", ""
    design = _DESIGN.format(sentences=sentences, steps=steps, seeds=len(recipe.seeds))
    shown = {image.path.name: image for image in images}
    blocks: list[Block] = [Heading(recipe.title, 1), Paragraph(f"Encoder: `{model}`. {design}")]
    blocks += [_conditions(recipe, runs)]
    blocks += [Heading("What the tests support"), BulletList(tuple(analysis.conclusion))]
    blocks += [*_named(shown, "means.png"), Heading("Mean gains"), Paragraph(_MEANS), _mean_table(analysis.means)]
    if analysis.growth:
        blocks += [Heading("Growth"), Paragraph(_GROWTH), _growth_table(analysis), *_named(shown, "growth.png")]
    blocks += [Heading("F1 on each target"), Paragraph(_SCORES), _score_table(analysis), *_named(shown, "gains.png")]
    if analysis.regression is not None:
        blocks += [Heading("Predictors of the gain"), Paragraph(_REGRESSION), _regression_table(analysis.regression)]
        blocks += _named(shown, "similarity.png")
    blocks += [Heading("Data"), _data(analysis)]
    training, testing = (sum(run.seconds[part] for run in runs) / 60 for part in ("training", "testing"))
    took = f"{counted(len(runs), 'run')}: {training:.0f} minutes of training, {testing:.0f} minutes of testing."
    warnings = [f"{r.condition}, seed {r.seed}: {w}" for r in runs for w in r.facts.get("warnings", ())]
    blocks += [Heading("Computing time"), Paragraph(took), *([BulletList(tuple(warnings))] if warnings else [])]
    return [*blocks, Paragraph(f"Signature: `{signature(analysis, runs)}`")]


def _named(images: Mapping[str, Image], name: str) -> list[Image]:
    return [images[name]] if name in images else []


def signature(analysis: Analysis, runs: Sequence[TrainingRun]) -> Signature:
    """Return the signature of a study: what was measured on which data, and how."""
    recipe = analysis.counts.recipe
    tests = Digest(f"{t.name} {t.digest}" for t in analysis.counts.targets).hexdigest()
    training = Digest(f"{c} {s.digest}" for c, s in analysis.counts.data.training.items()).hexdigest()
    sizes = {c.name: c.sentences for c in recipe.conditions if c.sentences is not None}
    given = [recipe.sentences, dict(recipe.training), *([sizes] if sizes else [])]
    options = json.dumps(given, sort_keys=True)
    facts = {
        "recipe": recipe.name,
        "conditions": len(recipe.conditions),
        "seeds": tuple(map(str, recipe.seeds)),
        "options": Digest([options]).hexdigest(),
        "training": training,
        "tests": tests,
        "ignore": recipe.ignore,
        "bootstrap": len(analysis.bootstrap.f1),
        "level": LEVEL,
        "seed": analysis.bootstrap.seed,
        "torch": tuple({str(run.facts["torch"]) for run in runs if "torch" in run.facts}),
        "numpy": np.__version__,
    }
    return Signature.of(facts)


def score_rows(analysis: Analysis) -> list[dict[str, Any]]:
    """Return one row per condition and target: F1 of each seed, mean, interval and standard deviation."""
    counts = analysis.counts
    f1 = counts.f1()
    rows = []
    for c, condition in enumerate(counts.conditions):
        for k, target in enumerate(counts.targets):
            low, high = percentiles(analysis.bootstrap.f1[:, c, k], LEVEL)
            row: dict[str, Any] = {"condition": condition, "target": target.name, "language": target.language}
            row |= {"groups": "; ".join(target.dataset.groups), "zero_shot": bool(counts.zero_shot[c, k])}
            row |= {"f1": rounded(f1[c, :, k].mean()), "low": rounded(low), "high": rounded(high)}
            row |= {"sd": rounded(f1[c, :, k].std(ddof=1)) if f1.shape[1] > 1 else None}
            rows.append(row | {f"seed_{s}": rounded(x) for s, x in zip(counts.recipe.seeds, f1[c, :, k], strict=True)})
    return rows


def regression_rows(regression: Regression) -> list[dict[str, Any]]:
    """Return one row per predictor."""
    return [
        {
            "predictor": c.name,
            "coefficient": rounded(c.value),
            "low": None if c.interval is None else rounded(c.interval.low),
            "high": None if c.interval is None else rounded(c.interval.high),
            "alone": rounded(c.alone),
            "determined": rounded(c.determined),
            "depends_on": c.depends_on,
            "meaning": PREDICTORS[c.name],
        }
        for c in regression.coefficients
    ]


def _gain_row(gain: Gain) -> dict[str, Any]:
    return {
        "first": gain.first,
        "second": gain.second,
        "target": gain.target,
        "gain": rounded(gain.gain),
        "low": rounded(gain.interval.low),
        "high": rounded(gain.interval.high),
        "p": rounded(gain.p),
        "p_holm": rounded(gain.p_holm),
        "significant": gain.significant,
    }


def _mean_row(mean: MeanGain) -> dict[str, Any]:
    return {
        "first": mean.first,
        "second": mean.second,
        "group": mean.group,
        "languages": len(mean.by_language),
        "mean_first": rounded(mean.means[0]),
        "mean_second": rounded(mean.means[1]),
        "gain": rounded(mean.gain),
        "same_sign": mean.same_sign,
        "here_low": rounded(mean.here.low),
        "here_high": rounded(mean.here.high),
        "p_here": rounded(mean.p_here),
        "beyond_low": rounded(mean.beyond.low),
        "beyond_high": rounded(mean.beyond.high),
        "p_beyond": rounded(mean.p_beyond),
        "significant_here": mean.significant_here,
        "significant_beyond": mean.significant_beyond,
        "targets": "; ".join(mean.targets),
    }


def _observation_rows(analysis: Analysis) -> list[dict[str, Any]]:
    counts, data = analysis.counts, analysis.observations
    if data is None:
        return []
    return [
        {"condition": counts.conditions[c], "target": counts.targets[k].name}
        | {name: rounded(value) for name, value in zip(data.names, values, strict=True)}
        | {"gain": rounded(gain)}
        for (c, k), values, gain in zip(data.rows, data.predictors, data.gains, strict=True)
    ]


def _conditions(recipe: FamilyRecipe, runs: Sequence[TrainingRun]) -> Table:
    rows = []
    for condition in recipe.conditions:
        own = [sum(run.seconds.values()) for run in runs if run.condition == condition.name]
        note = "" if recipe.controlled(condition) else " (some sentences are of another style)"
        families = ", ".join(condition.families)
        seconds = f"{sum(own) / len(own):.0f}" if own else ""
        rows.append((condition.name, " ".join(condition.languages) + note, families, seconds))
    return Table(("condition", "training languages", "families", "seconds per run"), tuple(rows))


def _growth_row(point: GrowthPoint) -> dict[str, Any]:
    return {
        "condition": point.of,
        "sentences": point.sentences,
        "group": point.group,
        "languages": point.languages,
        "f1": rounded(point.f1),
        "low": rounded(point.interval.low),
        "high": rounded(point.interval.high),
    }


def _growth_table(analysis: Analysis) -> Table:
    sizes = sorted({point.sentences for point in analysis.growth})
    rows: dict[tuple[str, str, int], dict[int, str]] = {}
    for point in analysis.growth:
        low, high = percent(point.interval.low, sign=False), percent(point.interval.high, sign=False)
        cells = rows.setdefault((point.group, point.of, point.languages), {})
        cells[point.sentences] = f"{percent(point.f1, sign=False)} ({low} … {high})"
    header = ("group", "condition", "languages", *(f"{size:,}" for size in sizes))
    return Table(header, tuple((g, of, str(n), *(row.get(s, "") for s in sizes)) for (g, of, n), row in rows.items()))


def _mean_table(means: Sequence[MeanGain]) -> Table:
    header = ("group", "from", "to", "languages", "F1 from", "F1 to", "gain", "here", "p", "higher on", "beyond", "p")
    return Table(header, tuple(_mean_cells(mean) for mean in means))


def _mean_cells(mean: MeanGain) -> tuple[str, ...]:
    higher = sum(gain > 0 for _, gain in mean.by_language)
    return (
        mean.group,
        mean.first,
        mean.second,
        str(len(mean.by_language)),
        *(percent(value, sign=False) for value in mean.means),
        percent(mean.gain),
        f"{percent(mean.here.low)} … {percent(mean.here.high)}{' *' * mean.significant_here}",
        f"{mean.p_here:.4f}",
        f"{higher} of {len(mean.by_language)}",
        f"{percent(mean.beyond.low)} … {percent(mean.beyond.high)}{' *' * mean.significant_beyond}",
        f"{mean.p_beyond:.4f}",
    )


def _score_table(analysis: Analysis) -> Table:
    counts = analysis.counts
    f1 = counts.f1().mean(axis=1)
    significant = {(g.second, g.target) for g in analysis.gains if g.significant and g.first == counts.recipe.baseline}
    rows = []
    for k, target in enumerate(counts.targets):
        cells = [target.name, str(target.entities)]
        for c, condition in enumerate(counts.conditions):
            shown = percent(f1[c, k], sign=False)
            star = "*" if (condition, target.name) in significant else ""
            cells.append(f"{shown}{star}" if counts.zero_shot[c, k] else f"({shown})")
        rows.append(tuple(cells))
    return Table(("target", "entities", *counts.conditions), tuple(rows))


def _regression_table(regression: Regression) -> Table:
    rows = []
    for c in regression.coefficients:
        interval = ""
        if c.interval is not None:
            interval = f"{percent(c.interval.low, digits=2)} … {percent(c.interval.high, digits=2)}"
        value, alone = percent(c.value, digits=2), percent(c.alone, digits=2)
        rows.append((c.name, PREDICTORS[c.name], value, interval, alone, c.depends_on or ""))
    header = ("predictor", "meaning", "points of F1 per unit", "interval", "on its own", "depends on")
    return Table(header, tuple(rows))


def _data(analysis: Analysis) -> Table:
    made: dict[str, tuple[int, int]] = {}
    for target in analysis.counts.targets:
        tested, entities = made.get(target.dataset.name, (0, 0))
        made[target.dataset.name] = (tested + len(target.sentences), entities + target.entities)
    rows = [
        (s.name, s.title, " ".join(s.languages), groups, *map(str, made.get(s.name, ("", ""))), s.license)
        for s in analysis.counts.recipe.sets
        for groups in [", ".join(s.groups) if s.test else ""]
    ]
    return Table(("set", "title", "languages", "groups", "test sentences", "entities", "license"), tuple(rows))
