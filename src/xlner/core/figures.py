"""Figures drawn with matplotlib, which is an optional dependency: one look for all plots, as SVG or PNG."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.core.files import replacing
from xlner.core.palette import DARK, LIGHT, Theme
from xlner.errors import MissingExtraError, UsageError

SUFFIXES = (".svg", ".png")
_DARK = ".dark"
_DPI = 120


@dataclass(frozen=True, slots=True)
class Drawing:
    """A matplotlib figure and the colors to draw with."""

    figure: Any
    theme: Theme

    def panel(self, title: str) -> Any:
        """The only panel of the figure."""
        panel = self.figure.subplots()
        panel.set_title(title)
        return panel


def require_matplotlib() -> None:
    """Raise `MissingExtraError` if matplotlib is not installed."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise MissingExtraError("matplotlib", extra="plot") from None


def require_plot(path: str | Path) -> None:
    """Raise `UsageError` for a name that is not one of SVG or PNG.

    >>> require_plot("scores.svg")
    """
    if Path(path).suffix.lower() not in SUFFIXES:
        raise UsageError(f"cannot tell the kind of plot of {str(path)!r}", hint=f"end it in {' or '.join(SUFFIXES)}")


@contextmanager
def drawing(path: str | Path, width: float, height: float) -> Iterator[Drawing]:
    """An empty figure of this size in inches, which is saved when the block ends without an exception.

    It is SVG or PNG by the name, and in the colors for dark backgrounds if that ends in `.dark.svg` or `.dark.png`. The
    same figure gives the same bytes, without version and date.

    Raises `MissingExtraError` if matplotlib is not installed, `UsageError` for another name, and `InputError` if the
    file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, drawing(Path(folder, "a.dark.svg"), 4, 3) as made:
    ...     made.theme.back
    '#16181d'
    """
    require_plot(path)
    require_matplotlib()
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    theme, kind = _theme_of(Path(path)), Path(path).suffix.lower()[1:]
    nothing = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
    with rc_context(_look(theme)):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield Drawing(figure, theme)
        with replacing(path) as stream:
            figure.savefig(stream, format=kind, dpi=_DPI, metadata=nothing)


def _theme_of(path: Path) -> Theme:
    return DARK if Path(path.stem).suffix.lower() == _DARK else LIGHT


def _look(theme: Theme) -> dict[str, Any]:
    """The settings of matplotlib for a theme."""
    from cycler import cycler

    backs = dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), theme.back)
    texts = dict.fromkeys(("text.color", "axes.titlecolor", "ytick.labelcolor", "legend.labelcolor"), theme.text)
    faint = dict.fromkeys(("axes.labelcolor", "xtick.labelcolor"), theme.faint)
    rules = dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color", "grid.color"), theme.rule)
    sizes = dict.fromkeys(("axes.titlesize", "figure.titlesize"), "medium")
    return {
        **backs,
        **texts,
        **faint,
        **rules,
        **sizes,
        "axes.prop_cycle": cycler(color=theme.series),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "axes.axisbelow": True,
        "font.size": 10,
        "legend.fontsize": "small",
        "legend.frameon": False,
        "svg.hashsalt": "xlner",
    }
