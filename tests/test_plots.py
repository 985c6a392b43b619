"""Plots of what commands print: SVG or PNG by name, the same bytes each time, and refused before anything is done."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.conftest import Command
from xlner.core.palette import COLORS, DARK, LIGHT, Theme, contrast

pytest.importorskip("matplotlib")

GOLD = "Ana\tB-PER\nvive\tO\nVigo\tB-LOC\n\nONU\tB-ORG\n"
PRED = "Ana\tB-PER\nvive\tO\nVigo\tB-ORG\n\nONU\tO\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    gold, predicted = tmp_path / "gold.conll", tmp_path / "pred.conll"
    gold.write_text(GOLD, encoding="utf-8")
    predicted.write_text(PRED, encoding="utf-8")
    return gold, predicted


@pytest.mark.parametrize("command", ["evaluate", "errors", "compare"])
@pytest.mark.parametrize("suffix", [".svg", ".dark.png"])
def test_a_plot_of_what_is_printed(
    xlner: Command, files: tuple[Path, Path], tmp_path: Path, command: str, suffix: str
) -> None:
    gold, predicted = files
    systems = [predicted, gold] if command == "compare" else [predicted]
    more = ["--bootstrap", "20"] if command in ("evaluate", "compare") else []
    made = []
    for name in ("a", "b"):
        path = tmp_path / f"{name}{suffix}"
        ran = xlner(command, gold, *systems, "--plot", path, *more)
        assert (ran.code, ran.err) == (0, "")
        made.append(path.read_bytes())
    assert made[0] == made[1]
    assert xlner(command, gold, *systems, *more).out == ran.out
    if suffix == ".dark.png":
        assert made[0].startswith(b"\x89PNG")
    else:
        assert ET.fromstring(made[0]).tag.endswith("}svg")


def test_reliability(xlner: Command, files: tuple[Path, Path], tmp_path: Path) -> None:
    gold, _ = files
    links = tmp_path / "a.talp"
    links.write_text("0-0 1-1 2-2\n0-0\n", encoding="utf-8")
    ran = xlner("calibrate", gold, gold, "--alignment", links, "--plot", tmp_path / "a.svg")
    assert (ran.code, ran.err) == (0, "")
    assert b"<svg" in (tmp_path / "a.svg").read_bytes()


def test_what_is_no_plot_is_refused_first(xlner: Command, files: tuple[Path, Path], tmp_path: Path) -> None:
    ran = xlner("evaluate", *files, "--plot", tmp_path / "a.pdf")
    assert (ran.code, ran.out) == (2, "")
    assert "cannot tell the kind of plot of" in ran.err
    assert "end it in .svg or .png" in ran.err
    ran = xlner("evaluate", *files, "--plot", tmp_path / "no" / "a.svg")
    assert (ran.code, ran.out) == (2, "")


def test_without_errors(xlner: Command, files: tuple[Path, Path], tmp_path: Path) -> None:
    assert xlner("errors", files[0], files[0], "--plot", tmp_path / "a.svg").code == 0


@pytest.mark.parametrize(("end", "theme", "other"), [(".svg", LIGHT, DARK), (".dark.svg", DARK, LIGHT)])
def test_colors_are_those_of_the_background(
    xlner: Command, files: tuple[Path, Path], tmp_path: Path, end: str, theme: Theme, other: Theme
) -> None:
    path = tmp_path / f"a{end}"
    assert xlner("evaluate", *files, "--plot", path).code == 0
    drawn = set(re.findall("#[0-9a-f]{6}", path.read_text(encoding="utf-8")))
    assert {theme.back, theme.text, theme.faint, theme.rule, theme.first, theme.second} <= drawn
    assert drawn.isdisjoint({other.text, other.faint, other.rule, other.first, other.second})


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_contrast_is_that_of_wcag(theme: Theme) -> None:
    for back in (theme.back, theme.raised):
        for text in (theme.text, theme.faint, theme.strong, theme.bad, theme.warn, theme.good):
            assert contrast(text, back) >= 4.5
    assert all(contrast(color, theme.back) >= 3 for color in theme.series[:5])
    assert set(theme.series) == set(COLORS)
    for color in COLORS:  # text on a label, whose color covers about a third of the background
        mixed = [round(0.34 * int(color[k : k + 2], 16) + 0.66 * int(theme.back[k : k + 2], 16)) for k in (1, 3, 5)]
        assert contrast(theme.text, "#" + "".join(f"{part:02x}" for part in mixed)) >= 4.5
