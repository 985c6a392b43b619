"""Plots of a study: mean gains with intervals, gains on each target, and gains against similarity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.core.figures import Drawing, drawing, require_matplotlib
from xlner.core.palette import Theme
from xlner.experiments.families.analysis import Analysis
from xlner.experiments.page import Image

Numbers = NDArray[np.float64]


def draw_plots(folder: Path, analysis: Analysis) -> list[Image]:
    """Draw all plots into a folder; raises `MissingExtraError` if matplotlib is not installed."""
    require_matplotlib()
    if not analysis.means:
        return []
    drawn: list[tuple[str, str, Callable[[Path, Analysis], None]]] = [
        ("means.png", "Mean gain over the baseline by group of targets", _means),
        ("gains.png", "Gain over the baseline on each target", _gains),
    ]
    if analysis.growth:
        drawn.append(("growth.png", "Mean F1 by the number of training sentences", _growth))
    if analysis.observations is not None:
        drawn.append(("similarity.png", "Gain against the added similarity of the nearest language", _similarity))
    for name, _, draw in drawn:
        draw(folder / name, analysis)
    return [Image(folder / name, text) for name, text, _ in drawn]


def _means(path: Path, analysis: Analysis) -> None:
    baseline = analysis.counts.recipe.baseline
    means = [mean for mean in analysis.means if mean.first == baseline]
    groups = list(dict.fromkeys(mean.group for mean in means))
    conditions = list(dict.fromkeys(mean.second for mean in means))
    with drawing(path, 3 + 2.2 * len(groups), 1.2 + 0.4 * len(conditions)) as made:
        theme = made.theme
        panels = made.figure.subplots(1, len(groups), sharey=True, sharex=True, squeeze=False)[0]
        for panel, group in zip(panels, groups, strict=True):
            rows = [(conditions.index(mean.second), mean) for mean in means if mean.group == group]
            for y, mean in rows:
                panel.plot([100 * mean.beyond.low, 100 * mean.beyond.high], [y, y], color=theme.first, alpha=0.4, lw=5)
                panel.plot([100 * mean.here.low, 100 * mean.here.high], [y, y], color=theme.text, lw=1.5)
                filled = theme.first if mean.significant_here else theme.back
                panel.plot(100 * mean.gain, y, "o", color=filled, mec=theme.text)
            panel.axvline(0, color=theme.faint, lw=0.8)
            panel.set_yticks(range(len(conditions)), conditions, fontsize="small")
            panel.set_ylim(len(conditions) - 0.5, -0.5)
            panel.set_title(group, fontsize="small", wrap=True)
        made.figure.supxlabel(
            f"points of F1 over {baseline}; line: these languages, bar: similar languages, filled: significant",
            fontsize="small",
        )


def _growth(path: Path, analysis: Analysis) -> None:
    groups = list(dict.fromkeys(point.group for point in analysis.growth))
    conditions = list(dict.fromkeys(point.of for point in analysis.growth))
    with drawing(path, 0.8 + 2.6 * len(groups), 3.2) as made:
        theme = made.theme
        panels = made.figure.subplots(1, len(groups), sharex=True, squeeze=False)[0]
        for panel, group in zip(panels, groups, strict=True):
            for number, condition in enumerate(conditions):
                points = [p for p in analysis.growth if (p.group, p.of) == (group, condition)]
                sizes, color = [p.sentences for p in points], theme.series[number % len(theme.series)]
                low, high = ([100 * getattr(p.interval, end) for p in points] for end in ("low", "high"))
                panel.fill_between(sizes, low, high, color=color, alpha=0.12, lw=0)
                panel.plot(sizes, [100 * p.f1 for p in points], "o-", color=color, label=condition, ms=4)
            panel.set_xscale("log")
            ticks = sorted({p.sentences for p in analysis.growth})
            panel.set_xticks(ticks, [f"{size:,}" for size in ticks], fontsize="small")
            panel.minorticks_off()
            panel.set_title(group, fontsize="small", wrap=True)
        panels[0].set_ylabel("mean F1")
        panels[-1].legend(fontsize="small")
        made.figure.supxlabel("training sentences", fontsize="small")


def _gains(path: Path, analysis: Analysis) -> None:
    counts = analysis.counts
    baseline = counts.recipe.baseline
    conditions = [name for name in counts.conditions if name != baseline]
    table = np.full((len(counts.targets), len(conditions)), np.nan)
    names = [target.name for target in counts.targets]
    for gain in analysis.gains:
        if gain.first == baseline:
            table[names.index(gain.target), conditions.index(gain.second)] = 100 * gain.gain
    with drawing(path, 2 + 0.8 * len(conditions), 1.5 + 0.3 * len(names)) as made:
        _draw_table(made, table, names, conditions, f"points of F1 over {baseline}")


def _draw_table(made: Drawing, table: Numbers, names: Sequence[str], conditions: Sequence[str], label: str) -> None:
    """Draw numbers in cells, in the second color below 0 and in the first one above."""
    theme, panel = made.theme, made.figure.subplots()
    bound = float(np.nanmax(np.abs(table), initial=1.0))
    image = panel.imshow(np.ma.masked_invalid(table), cmap=_diverging(theme), vmin=-bound, vmax=bound, aspect="auto")
    for (row, column), value in np.ndenumerate(table):
        if not np.isnan(value):
            color = theme.back if abs(value) > 0.7 * bound else theme.text
            panel.text(column, row, f"{value:+.1f}", ha="center", va="center", fontsize="x-small", color=color)
    panel.set_xticks(range(len(conditions)), conditions, rotation=40, ha="right", fontsize="small")
    panel.set_yticks(range(len(names)), names, fontsize="small")
    made.figure.colorbar(image, label=label)


def _diverging(theme: Theme) -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("xlner", [theme.second, theme.back, theme.first])


def _similarity(path: Path, analysis: Analysis) -> None:
    data, counts = analysis.observations, analysis.counts
    assert data is not None
    column = data.names.index("trigrams")
    groups = list(dict.fromkeys(target.dataset.groups[-1] for target in counts.targets))
    with drawing(path, 7, 4.5) as made:
        panel, theme = made.figure.subplots(), made.theme
        for number, group in enumerate(groups):
            chosen = [i for i, (_, k) in enumerate(data.rows) if counts.targets[k].dataset.groups[-1] == group]
            color = theme.series[number % len(theme.series)]
            panel.scatter(data.predictors[chosen, column], 100 * data.gains[chosen], s=18, color=color, label=group)
        panel.axhline(0, color=theme.faint, lw=0.8)
        panel.set_xlabel("trigram similarity of the nearest training language, minus that of the baseline")
        panel.set_ylabel(f"points of F1 over {counts.recipe.baseline}")
        panel.legend()
