"""Plots of a study: mean gains with intervals, gains on each target, and gains against similarity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from xlner.core.figures import new_figure, save_figure
from xlner.experiments.families.analysis import Analysis
from xlner.experiments.page import Image

_COLORS = ("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple")


def draw_plots(folder: Path, analysis: Analysis) -> list[Image]:
    """Draw all plots into a folder; raises `MissingExtraError` if matplotlib is not installed."""
    new_figure()  # raises before anything is drawn
    if not analysis.means:
        return []
    drawn: list[tuple[str, str, Callable[[Any, Analysis], None]]] = [
        ("means.png", "Mean gain over the baseline by group of targets", _means),
        ("gains.png", "Gain over the baseline on each target", _gains),
    ]
    if analysis.observations is not None:
        drawn.append(("similarity.png", "Gain against the added similarity of the nearest language", _similarity))
    made = []
    for name, text, draw in drawn:
        figure = new_figure()
        draw(figure, analysis)
        save_figure(figure, folder / name)
        made.append(Image(folder / name, text))
    return made


def _means(figure: Any, analysis: Analysis) -> None:
    baseline = analysis.counts.recipe.baseline
    means = [mean for mean in analysis.means if mean.first == baseline]
    groups = list(dict.fromkeys(mean.group for mean in means))
    conditions = list(dict.fromkeys(mean.second for mean in means))
    figure.set_size_inches(3 + 2.2 * len(groups), 1.2 + 0.4 * len(conditions))
    panels = figure.subplots(1, len(groups), sharey=True, sharex=True, squeeze=False)[0]
    for panel, group in zip(panels, groups, strict=True):
        rows = [(conditions.index(mean.second), mean) for mean in means if mean.group == group]
        for y, mean in rows:
            panel.plot([100 * mean.beyond.low, 100 * mean.beyond.high], [y, y], color="tab:blue", alpha=0.3, lw=5)
            panel.plot([100 * mean.here.low, 100 * mean.here.high], [y, y], color="black", lw=1.5)
            panel.plot(100 * mean.gain, y, "o", color="tab:blue" if mean.significant_here else "white", mec="black")
        panel.axvline(0, color="gray", lw=0.8)
        panel.set_yticks(range(len(conditions)), conditions, fontsize="small")
        panel.set_ylim(len(conditions) - 0.5, -0.5)
        panel.set_title(group, fontsize="small", wrap=True)
    figure.supxlabel(
        f"points of F1 over {baseline}; line: these languages, bar: similar languages, filled: significant",
        fontsize="small",
    )


def _gains(figure: Any, analysis: Analysis) -> None:
    counts = analysis.counts
    baseline = counts.recipe.baseline
    conditions = [name for name in counts.conditions if name != baseline]
    table = np.full((len(counts.targets), len(conditions)), np.nan)
    names = [target.name for target in counts.targets]
    for gain in analysis.gains:
        if gain.first == baseline:
            table[names.index(gain.target), conditions.index(gain.second)] = 100 * gain.gain
    figure.set_size_inches(2 + 0.8 * len(conditions), 1.5 + 0.3 * len(names))
    panel = figure.subplots()
    bound = float(np.nanmax(np.abs(table), initial=1.0))
    image = panel.imshow(np.ma.masked_invalid(table), cmap="RdBu", vmin=-bound, vmax=bound, aspect="auto")
    for (row, column), value in np.ndenumerate(table):
        if not np.isnan(value):
            color = "white" if abs(value) > 0.7 * bound else "black"
            panel.text(column, row, f"{value:+.1f}", ha="center", va="center", fontsize="x-small", color=color)
    panel.set_xticks(range(len(conditions)), conditions, rotation=40, ha="right", fontsize="small")
    panel.set_yticks(range(len(names)), names, fontsize="small")
    figure.colorbar(image, label=f"points of F1 over {baseline}")


def _similarity(figure: Any, analysis: Analysis) -> None:
    data, counts = analysis.observations, analysis.counts
    assert data is not None
    figure.set_size_inches(7, 4.5)
    panel = figure.subplots()
    column = data.names.index("trigrams")
    groups = list(dict.fromkeys(target.dataset.groups[-1] for target in counts.targets))
    for number, group in enumerate(groups):
        chosen = [i for i, (_, k) in enumerate(data.rows) if counts.targets[k].dataset.groups[-1] == group]
        color = _COLORS[number % len(_COLORS)]
        panel.scatter(data.predictors[chosen, column], 100 * data.gains[chosen], s=18, color=color, label=group)
    panel.axhline(0, color="gray", lw=0.8)
    panel.set_xlabel("trigram similarity of the nearest training language, minus that of the baseline")
    panel.set_ylabel(f"points of F1 over {counts.recipe.baseline}")
    panel.legend(fontsize="small")
