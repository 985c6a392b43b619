"""A plot of an experiment: F1 with intervals beside published results."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from xlner.core.figures import new_figure, save_figure
from xlner.experiments.reproduce.results import MethodResult

_TITLE_WIDTH = 80
"""Characters in a line of the title."""


def draw_plot(path: str | Path, title: str, results: Sequence[MethodResult]) -> None:
    """Draw one panel per language: F1 of each method with its interval, and the published F1 as a diamond.

    Raises `MissingExtraError` if matplotlib is not installed.
    """
    figure = new_figure()
    langs = list(dict.fromkeys(r.lang for r in results))
    methods = list(dict.fromkeys(r.method for r in results))
    figure.set_size_inches(8, 0.8 + len(langs) * (0.6 + 0.25 * len(methods)))
    figure.suptitle(textwrap.fill(title, _TITLE_WIDTH), fontsize="medium")
    panels = figure.subplots(len(langs), 1, sharex=True, squeeze=False)[:, 0]
    for panel, lang in zip(panels, langs, strict=True):
        rows = [r for r in results if r.lang == lang]
        done = [
            (k, r.scores.micro.f1, r.confidence_intervals.micro)
            for k, r in enumerate(rows)
            if r.scores and r.confidence_intervals
        ]
        errors = [[f1 - i.low for _, f1, i in done], [i.high - f1 for _, f1, i in done]]
        panel.barh([k for k, _, _ in done], [f1 for _, f1, _ in done], color="tab:blue", alpha=0.7)
        panel.errorbar([f1 for _, f1, _ in done], [k for k, _, _ in done], xerr=errors, fmt="none", color="black")
        theirs = [(r.published.f1, k) for k, r in enumerate(rows) if r.published is not None]
        if theirs:
            panel.plot([f1 for f1, _ in theirs], [k for _, k in theirs], "D", color="tab:orange", label="published")
            panel.legend(loc="lower right", fontsize="small")
        panel.set_yticks(range(len(rows)), [r.method for r in rows], fontsize="small")
        panel.set_title(lang, fontsize="small")
        for k in sorted(set(range(len(rows))) - {k for k, _, _ in done}):
            panel.text(0.01, k, "not run", color="gray", fontsize="x-small", va="center")
        panel.set_ylim(len(rows) - 0.5, -0.5)
        panel.set_xlim(0, 1)
    panels[-1].set_xlabel("F1")
    save_figure(figure, path)
