"""One color for each label, wherever labels are shown: those of Okabe and Ito (2008), for any kind of color vision."""

from __future__ import annotations

from collections.abc import Iterable

COLORS = ("#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#0072b2", "#8c8c8c")
"""The colors, in order."""
FIXED_LABELS = ("PER", "ORG", "LOC", "MISC", "DATE")
"""Labels with the first colors, wherever they are. Others take the next ones as they come."""


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
