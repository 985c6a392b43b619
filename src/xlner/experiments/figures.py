"""Figures drawn with matplotlib, which is an optional dependency."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xlner.errors import MissingExtraError

_DPI = 120


def new_figure() -> Any:
    """Return an empty matplotlib figure; raises `MissingExtraError` if matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", extra="plot") from None
    return Figure(layout="constrained")


def save_figure(figure: Any, path: str | Path) -> None:
    """Save a figure as PNG. The same figure gives the same bytes, because no version of matplotlib is written."""
    figure.savefig(path, dpi=_DPI, metadata={"Software": None})
