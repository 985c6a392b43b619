"""Figures drawn with matplotlib, which is an optional dependency: one look for all plots, as SVG or PNG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xlner.core.files import replacing
from xlner.core.palette import COLORS
from xlner.errors import MissingExtraError, UsageError

SUFFIXES = (".svg", ".png")
FIRST, SECOND = COLORS[6], COLORS[0]
"""The colors of what a plot is about, and of what it is compared with."""
_DPI = 120
_LOOK = {"axes.spines.top": False, "axes.spines.right": False, "font.size": 10, "svg.hashsalt": "xlner"}


def new_figure() -> Any:
    """Return an empty matplotlib figure; raises `MissingExtraError` if matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", extra="plot") from None
    return Figure(layout="constrained")


def new_panel(width: float, height: float, title: str) -> tuple[Any, Any]:
    """A figure of this size in inches with one panel, in the look of all plots."""
    figure = new_figure()
    from matplotlib import rc_context

    figure.set_size_inches(width, height)
    with rc_context(_LOOK):
        panel = figure.subplots()
    panel.set_title(title, fontsize="medium", loc="left")
    return figure, panel


def require_plot(path: str | Path) -> None:
    """Raise `UsageError` for a name that is not one of SVG or PNG.

    >>> require_plot("scores.svg")
    """
    if Path(path).suffix.lower() not in SUFFIXES:
        raise UsageError(f"cannot tell the kind of plot of {str(path)!r}", hint=f"end it in {' or '.join(SUFFIXES)}")


def save_figure(figure: Any, path: str | Path) -> None:
    """Save a figure as SVG or PNG, by its name. The same figure gives the same bytes, without version and date.

    Raises `UsageError` for another name.
    """
    require_plot(path)
    from matplotlib import rc_context

    kind = Path(path).suffix.lower()[1:]
    nothing = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
    with rc_context(_LOOK), replacing(path) as stream:
        figure.savefig(stream, format=kind, dpi=_DPI, metadata=nothing)
