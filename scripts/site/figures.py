"""The figures of the site as SVG, made from the code, an example and the tables of results.

A page has `<!-- figure: NAME -->` where one belongs. Lines and text have the color of the text around them, so that the
figures fit light and dark pages.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from importlib import import_module
from inspect import getdoc
from pathlib import Path

from xlner import Alignment, Entity, Pair, Sentence, load
from xlner.core.palette import COLORS, colors_of

ROOT = Path(__file__).parent.parent.parent
_PLACE = re.compile(r"^<!-- figure: (\S+) -->$", re.MULTILINE)
_WIDE = 8.2
"""Pixels of a letter, about."""


def with_figures(markdown: str) -> str:
    """The text with figures in their places. Raises `LookupError` for a figure that does not exist."""

    def drawn(place: re.Match[str]) -> str:
        if place[1] not in FIGURES:
            raise LookupError(f"there is no figure {place[1]!r}; known: {', '.join(FIGURES)}")
        return FIGURES[place[1]]()

    return _PLACE.sub(drawn, markdown)


def pair() -> str:
    """A sentence above its translation, with links, entities, and what is projected, by the real projector."""
    source = Sentence(
        ("Ana", "Pardo", "was", "born", "in", "New", "York", "."), (Entity(0, 2, "PER"), Entity(5, 7, "LOC"))
    )
    target = Sentence(("Ana", "Pardo", "naceu", "en", "Nova", "York", "."))
    links = Alignment(((0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 5), (7, 6)))
    (projection,) = load("projector", "greedy").project([Pair(target, source, links)])
    rows = {40: (source, "source"), 150: (projection.sentence, "target")}
    colors = colors_of(("PER", "LOC"))
    parts, middles = [], {}
    for y, (sentence, side) in rows.items():
        x, spans = 70.0, []
        parts.append(_text(0, y, side, faint=True, start=True))
        for word in sentence.tokens:
            width = len(word) * _WIDE + 18
            spans.append((x, x + width))
            parts.append(_text(x + width / 2, y, word))
            x += width
        for entity in sentence.entities:
            left, right = spans[entity.start][0] + 3, spans[entity.end - 1][1] - 3
            color = colors[entity.label]
            parts.append(
                f'<rect x="{left:.0f}" y="{y - 19}" width="{right - left:.0f}" height="27" rx="5" fill="{color}" '
                f'fill-opacity=".25" stroke="{color}"/>'
            )
            parts.append(_text((left + right) / 2, y - 24 if y < 100 else y + 24, entity.label, faint=True))
        middles[side] = [(left + right) / 2 for left, right in spans]
    for s, t in links.links:
        x1, x2 = middles["source"][s], middles["target"][t]
        parts.append(f'<path d="M{x1:.0f} 52L{x2:.0f} 128" stroke="currentColor" stroke-opacity=".6"/>')
    caption = "A source sentence with its entities, the word links, and the entities projected onto the target sentence"
    return _svg(560, 185, parts, caption)


def chain() -> str:
    """The stages in order, and what goes from one to the next."""
    stages = ("translate", "recognize", "align", "project")
    shown = ("As choivas de Vigo", "The rains of Vigo", "… of [Vigo LOC]", "de–of, Vigo–Vigo", "… de [Vigo LOC]")
    parts = []
    for k, stage in enumerate(stages):
        parts.append(
            f'<rect x="{40 + k * 175}" y="20" width="115" height="36" rx="6" fill="none" stroke="currentColor"/>'
        )
        parts.append(_text(97 + k * 175, 43, stage))
        parts.append(_arrow(3 + k * 175, 38, 38 + k * 175))
    parts.append(_arrow(155 + 3 * 175 + 2, 38, 765))
    for k, text in enumerate(shown):
        parts.append(_text(k * 175 - 58 if k else 5, 82 + 20 * (k % 2), text, faint=True, start=True))
    for k in range(1, 4):  # a stage begins where the one before ends
        parts.append(f'<path d="M{155 + (k - 1) * 175} 38H{40 + k * 175}" stroke="currentColor"/>')
    return _svg(770, 115, parts, "The chain: translate, recognize, align, project")


def architecture() -> str:
    """The layers of the import contracts, the highest at the top: a package imports only packages below it."""
    layers = _layers()
    parts, y = [], 10.0
    for names in layers:
        width = 720 / len(names)
        for k, name in enumerate(names):
            x = 5 + k * width
            parts.append(
                f'<rect x="{x + 3:.0f}" y="{y:.0f}" width="{width - 6:.0f}" height="34" rx="5" fill="none" '
                'stroke="currentColor"/>'
            )
            parts.append(_text(x + width / 2, y + 22, f"{name} ({_modules(name)})"))
        y += 44
    parts.append(_text(365, y + 8, "imports go downward only; the number of modules is in parentheses", faint=True))
    return _svg(730, int(y) + 20, parts, "The packages of xlner in layers")


def packages() -> str:
    """A table of the packages with the first line of their docstrings, the highest layer first."""
    lines = ["| package | about |", "|---|---|"]
    for name in (name for names in _layers() for name in names):
        about = (getdoc(import_module(f"xlner.{name}")) or "").partition("\n")[0]
        lines.append(f"| `xlner.{name}` | {about.replace('|', chr(92) + '|')} |")
    return "\n".join(lines)


def routes() -> str:
    """F1 of the routes of `label`, from the table of the benchmarks."""
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    section = text.partition("## The routes of `label`")[2].partition("\n## ")[0]
    head, _, *table = [_cells(line) for line in section.partition("\n\n| ")[2].partition("\n\n")[0].splitlines()]
    wanted = {"direct: `multilingual`": "direct", "project: `ensemble:spacy+multilingual`": "project"}
    wanted["both: `ensemble:spacy+multilingual`, 1:2 others (default)"] = "both (default)"
    rows = {row[0]: [float(cell) for cell in row[1:-1]] for row in table}
    series = {shown: rows[name] for name, shown in wanted.items()}
    return _bars(
        [name for name in head if name not in ("", "mean")],
        series,
        "F1 of PER, ORG and LOC: parliament debates (es Europarl), and the examples",
    )


FIGURES: dict[str, Callable[[], str]] = {
    "pair": pair,
    "chain": chain,
    "architecture": architecture,
    "packages": packages,
    "routes": routes,
}
"""What a page can ask for."""


def _layers() -> list[list[str]]:
    """The packages and modules of each layer in `.importlinter`, without private ones."""
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    lines = contracts["importlinter:contract:layers"]["layers"].split("\n")
    layers = [[name.strip().removeprefix("xlner.") for name in line.split("|")] for line in lines if line.strip()]
    return [shown for names in layers if (shown := [name for name in names if not name.startswith("_")])]


def _modules(name: str) -> int:
    folder = ROOT / "src" / "xlner" / name
    return len(list(folder.rglob("*.py"))) if folder.is_dir() else 1


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def _bars(names: Sequence[str], series: dict[str, list[float]], caption: str) -> str:
    colors = dict(zip(series, COLORS, strict=False))
    parts, wide = [], 690 / len(names)
    for k, name in enumerate(names):
        for n, (label, values) in enumerate(series.items()):
            x, height = 35 + k * wide + n * wide / 4, 200 * values[k]
            parts.append(
                f'<rect x="{x:.0f}" y="{220 - height:.0f}" width="{wide / 4 - 3:.0f}" height="{height:.0f}" '
                f'fill="{colors[label]}"><title>{escape(label)} {values[k]:.3f}</title></rect>'
            )
        parts.append(_text(35 + k * wide + 3 * wide / 8, 240, name))
    for value in (0.0, 0.5, 1.0):
        y = 220 - 200 * value
        parts.append(f'<path d="M30 {y:.0f}H725" stroke="currentColor" stroke-opacity=".3"/>')
        parts.append(_text(0, y + 4, f"{value:.1f}", faint=True, start=True))
    for n, (label, color) in enumerate(colors.items()):
        parts.append(f'<rect x="{40 + n * 150}" y="256" width="12" height="12" fill="{color}"/>')
        parts.append(_text(58 + n * 150, 267, label, start=True))
    return _svg(730, 280, parts, caption)


def _text(x: float, y: float, text: str, *, faint: bool = False, start: bool = False) -> str:
    anchor = "start" if start else "middle"
    opacity = ' fill-opacity=".7"' if faint else ""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"{opacity}>{escape(text)}</text>'


def _arrow(x1: float, y: float, x2: float) -> str:
    return f'<path d="M{x1} {y}H{x2}m-6 -4l6 4l-6 4" stroke="currentColor" fill="none"/>'


def _svg(width: int, height: int, parts: Iterable[str], caption: str) -> str:
    """A figure that is as wide as the page at most. It is one line: a blank one would end it in Markdown."""
    return (
        f'<figure class="drawn"><svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(caption)}" '
        f'font-size="14" fill="currentColor">{"".join(parts)}</svg><figcaption>{escape(caption)}.</figcaption></figure>'
    )
