"""The colors of everything that is shown: pages, plots and notebooks, on light and on dark backgrounds.

Labels and plots have the colors of Okabe and Ito (2008), which people with any kind of color vision can tell apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

COLORS = ("#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#0072b2", "#8c8c8c")
"""The colors of labels, in order."""
FIXED_LABELS = ("PER", "ORG", "LOC", "MISC", "DATE")
"""Labels with the first colors, wherever they are. Others take the next ones as they come."""


@dataclass(frozen=True, slots=True)
class Theme:
    """The colors of a page or a plot.

    - `back`, `raised`: the background, and that of boxes.
    - `text`, `faint`: text, and text that matters less.
    - `rule`: lines between things, and axes.
    - `strong`: links and what is selected; `bad`, `warn`, `good`: what they say.
    - `first`, `second`: what a plot is about, and what it is compared with.
    """

    back: str
    raised: str
    text: str
    faint: str
    rule: str
    strong: str
    bad: str
    warn: str
    good: str
    first: str
    second: str

    @property
    def series(self) -> tuple[str, ...]:
        """The colors of several things in a plot: those that stand out most from the background first."""
        others = sorted(COLORS, key=lambda color: -contrast(color, self.back))
        return tuple(dict.fromkeys((self.first, self.second, *others)))


LIGHT = Theme(
    back="#ffffff",
    raised="#f6f7f9",
    text="#1b1f24",
    faint="#57606a",
    rule="#d5dae0",
    strong="#0b57d0",
    bad="#b3261e",
    warn="#7a4f00",
    good="#146c2e",
    first="#0072b2",
    second="#d55e00",
)
DARK = Theme(
    back="#16181d",
    raised="#20242b",
    text="#e4e7eb",
    faint="#9aa4b0",
    rule="#3a414b",
    strong="#8ab4f8",
    bad="#f2b8b5",
    warn="#f3c969",
    good="#7fd49a",
    first="#56b4e9",
    second="#e69f00",
)


def colors_of(labels: Iterable[str]) -> dict[str, str]:
    """A color for each label.

    >>> colors_of(["LOC", "GPE"])
    {'LOC': '#009e73', 'GPE': '#d55e00'}
    """
    numbers = {label: number for number, label in enumerate(FIXED_LABELS)}
    made = {}
    for label in labels:
        made[label] = COLORS[numbers.setdefault(label, len(numbers)) % len(COLORS)]
    return made


def css_colors() -> str:
    """The colors of both themes as CSS variables, and those of labels as classes.

    >>> css_colors().splitlines()[1]
    '--back: light-dark(#ffffff, #16181d);'
    """
    themed = [f"--{f.name}: light-dark({getattr(LIGHT, f.name)}, {getattr(DARK, f.name)});" for f in fields(Theme)]
    labels = [f".color-{number} {{ --color: {color}; }}" for number, color in enumerate(COLORS)]
    return "\n".join([":root {", *themed, "}", *labels, ""])


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colors, from 1 to 21, as WCAG 2.1 defines it.

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    dark, light = sorted(map(_luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    parts = (int(color[k : k + 2], 16) / 255 for k in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
