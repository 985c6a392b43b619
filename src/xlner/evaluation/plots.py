"""Plots of scores, comparisons, errors and reliability, as SVG or PNG by the name of the file.

A name that ends in `.dark.svg` or `.dark.png` is drawn in colors for dark backgrounds. All raise `MissingExtraError`
without matplotlib, `UsageError` for another kind of file, and `InputError` if it cannot be written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from xlner.core.figures import drawing
from xlner.evaluation.confidence_intervals import ConfidenceIntervals, Interval
from xlner.evaluation.entities import Scores
from xlner.evaluation.errors import ErrorReport
from xlner.evaluation.reliability import Reliability

_WIDTH = 6.4
_LONGEST_NAME = 30


def plot_scores(path: str | Path, scores: Scores, intervals: ConfidenceIntervals | None = None) -> None:
    """F1 of each label and of all, with intervals if they are given; precision and recall as marks.

    >>> import tempfile
    >>> from xlner import Entity, Sentence, evaluate
    >>> gold = [Sentence(("Vigo",), (Entity(0, 1, "LOC"),))]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     plot_scores(f"{folder}/a.svg", evaluate(gold, gold))
    """
    rows = [("all", scores.micro, None if intervals is None else intervals.micro)]
    for label, counts in scores.per_type.items():
        rows.append((label, counts, None if intervals is None else intervals.per_type.get(label)))
    with drawing(path, _WIDTH, 1.1 + 0.32 * len(rows)) as made:
        panel, theme, places = made.panel(f"F1, {scores.micro.gold} gold entities"), made.theme, range(len(rows))
        marks = {"ls": "none", "mec": theme.text, "ms": 5}
        panel.barh(places, [c.f1 for _, c, _ in rows], color=theme.first, alpha=0.65)
        panel.plot([c.precision for _, c, _ in rows], places, marker="o", color=theme.back, label="precision", **marks)
        panel.plot([c.recall for _, c, _ in rows], places, marker="d", color=theme.second, label="recall", **marks)
        for k, (_, counts, interval) in enumerate(rows):
            if interval is not None:
                panel.errorbar(counts.f1, k, xerr=_error(counts.f1, interval), fmt="none", color=theme.text, capsize=3)
        panel.set_yticks(places, [name for name, _, _ in rows])
        panel.set_ylim(len(rows) - 0.5, -0.5)
        panel.set_xlim(0, 1.02)
        panel.set_xlabel("F1")
        panel.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)


def _error(value: float, interval: Interval) -> list[list[float]]:
    return [[max(0.0, value - interval.low)], [max(0.0, interval.high - value)]]


def plot_comparison(path: str | Path, systems: Sequence[tuple[str, float, Interval]]) -> None:
    """F1 of each system with its interval; the first one is the baseline.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     plot_comparison(f"{folder}/a.svg", [("a", 0.5, Interval(0.4, 0.6, 0.95))])
    """
    with drawing(path, _WIDTH, 1.1 + 0.35 * len(systems)) as made:
        panel, theme = made.panel("F1 with 95 % intervals"), made.theme
        for k, (_, f1, interval) in enumerate(systems):
            look = {"color": theme.second if k == 0 else theme.first, "ecolor": theme.text, "mec": theme.text}
            panel.errorbar(f1, k, xerr=_error(f1, interval), fmt="o", capsize=3, **look)
        panel.axvline(systems[0][1], color=theme.second, lw=0.8, ls="--")
        panel.set_yticks(range(len(systems)), [_shortened(name) for name, _, _ in systems])
        panel.set_ylim(len(systems) - 0.5, -0.5)
        panel.set_xlabel("F1")


def _shortened(name: str) -> str:
    """The end of a name that would leave no room for the plot."""
    return name if len(name) <= _LONGEST_NAME else f"…{name[1 - _LONGEST_NAME :]}"


def plot_errors(path: str | Path, report: ErrorReport) -> None:
    """How many errors of each kind there are, by the stage that they come from, if that is known.

    >>> import tempfile
    >>> from xlner import Entity, Sentence, find_errors
    >>> gold = [Sentence(("Vigo",), (Entity(0, 1, "LOC"),))]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     plot_errors(f"{folder}/a.svg", find_errors(gold, [gold[0].with_entities(())]))
    """
    kinds, stages = report.by_kind(), list(report.by_stage())
    with drawing(path, _WIDTH, 1.3 + 0.32 * max(1, len(kinds))) as made:
        panel, theme = made.panel(f"{len(report.errors)} errors, by kind"), made.theme
        left = [0] * len(kinds)
        for number, stage in enumerate(stages):
            counts = [sum(error.stage == stage for error in errors) for errors in kinds.values()]
            color = theme.series[number % len(theme.series)]
            panel.barh(range(len(kinds)), counts, left=left, color=color, label=str(stage or "unknown"))
            left = [a + b for a, b in zip(left, counts, strict=True)]
        panel.set_yticks(range(len(kinds)), [str(kind) for kind in kinds])
        panel.set_ylim(max(1, len(kinds)) - 0.5, -0.5)
        panel.set_xlim(0, 1.05 * max([1, *left]))  # an empty plot has no fractions of errors, either
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.set_xlabel("errors")
        if len(stages) > 1:
            panel.legend(title="stage", loc="lower right")


def plot_reliability(path: str | Path, tables: Mapping[str, Reliability]) -> None:
    """The share of right entities against their confidence, one line for each table; the diagonal is best.

    >>> import tempfile
    >>> from xlner.evaluation import reliability
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     plot_reliability(f"{folder}/a.svg", {"raw": reliability([0.9, 0.2], [True, False])})
    """
    with drawing(path, 5.2, 4.8) as made:
        panel, theme = made.panel("Reliability"), made.theme
        panel.plot([0, 1], [0, 1], color=theme.faint, lw=0.8, ls="--")
        most = max((b.count for table in tables.values() for b in table.bins), default=1)
        for number, (name, table) in enumerate(tables.items()):
            color = theme.series[number % len(theme.series)]
            xs, ys = [b.confidence for b in table.bins], [b.accuracy for b in table.bins]
            panel.plot(xs, ys, color=color, label=f"{name}, ECE {table.ece:.3f}")
            sizes = [12 + 90 * b.count / most for b in table.bins]
            panel.scatter(xs, ys, s=sizes, color=color, edgecolor=theme.text, lw=0.5)
        panel.set_xlim(0, 1)
        panel.set_ylim(0, 1)
        panel.set_xlabel("confidence")
        panel.set_ylabel("share of right entities")
        panel.legend(loc="upper left")
