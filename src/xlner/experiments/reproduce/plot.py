"""A plot of an experiment: F1 with intervals beside published results."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xlner.core.figures import drawing
from xlner.core.palette import Theme
from xlner.experiments.reproduce.results import MethodResult

_TITLE_WIDTH = 80
"""Characters in a line of the title."""


def draw_plot(path: str | Path, title: str, results: Sequence[MethodResult]) -> None:
    """Draw one panel per language: F1 of each method with its interval, and the published F1 as a diamond.

    Raises `MissingExtraError` if matplotlib is not installed.
    """
    langs = list(dict.fromkeys(r.lang for r in results))
    methods = list(dict.fromkeys(r.method for r in results))
    with drawing(path, 8, 0.8 + len(langs) * (0.6 + 0.25 * len(methods))) as made:
        made.figure.suptitle(textwrap.fill(title, _TITLE_WIDTH))
        panels = made.figure.subplots(len(langs), 1, sharex=True, squeeze=False)[:, 0]
        for panel, lang in zip(panels, langs, strict=True):
            _draw(panel, made.theme, [r for r in results if r.lang == lang])
            panel.set_title(lang, fontsize="small")
        panels[-1].set_xlabel("F1")


def _draw(panel: Any, theme: Theme, rows: Sequence[MethodResult]) -> None:
    """Draw the results of one language."""
    done = [
        (k, r.scores.micro.f1, r.confidence_intervals.micro)
        for k, r in enumerate(rows)
        if r.scores and r.confidence_intervals
    ]
    places, f1s = [k for k, _, _ in done], [f1 for _, f1, _ in done]
    panel.barh(places, f1s, color=theme.first, alpha=0.65)
    errors = [[f1 - i.low for _, f1, i in done], [i.high - f1 for _, f1, i in done]]
    panel.errorbar(f1s, places, xerr=errors, fmt="none", color=theme.text)
    theirs = [(r.published.f1, k) for k, r in enumerate(rows) if r.published is not None]
    if theirs:
        xs, ys = zip(*theirs, strict=True)
        panel.plot(xs, ys, "D", color=theme.second, mec=theme.text, label="published")
        panel.legend(loc="lower right", bbox_to_anchor=(1, 1))
    panel.set_yticks(range(len(rows)), [r.method for r in rows], fontsize="small")
    for k in sorted(set(range(len(rows))).difference(places)):
        panel.text(0.01, k, "not run", color=theme.faint, fontsize="x-small", va="center")
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.set_xlim(0, 1)
