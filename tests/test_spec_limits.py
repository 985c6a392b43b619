"""Specs and numbers that no run should begin with."""

from __future__ import annotations

import math

import pytest

from xlner import load
from xlner.core.lexicon import LexiconEntry
from xlner.core.registry import Spec
from xlner.errors import UsageError, ValidationError
from xlner.projection.matching_projector import MatchingProjector


def test_specs_in_specs_have_an_end() -> None:
    parentheses = "echo"
    for _ in range(3):
        parentheses = f"back-translation?forward=({parentheses})"
    Spec.parse(parentheses)
    for spec in (
        "back-translation?forward=(" * 2000 + "greedy" + ")" * 2000,
        "back-translation?forward=" * 3000 + "greedy",
    ):
        with pytest.raises(UsageError, match="is nested deeper than 4 levels"):
            load("projector", spec)
    with pytest.raises(UsageError, match=r"'ensemble:ensemble:.*…' is nested deeper than 4 levels"):
        load("recognizer", "ensemble:" * 5000 + "multilingual")


@pytest.mark.parametrize("value", ["nan", "NaN", "-nan"])
def test_numbers_that_are_none_are_refused(value: str) -> None:
    for kind, spec in (("projector", "greedy?threshold="), ("projector", "fused?threshold="), ("aligner", "e5?alpha=")):
        with pytest.raises(UsageError, match="is not of type float"):
            load(kind, f"{spec}{value}")
    for threshold in (math.nan, math.inf, -1.0):
        with pytest.raises(ValidationError, match="negative or not finite"):
            MatchingProjector(threshold=threshold)
    for weight in (math.nan, math.inf):
        with pytest.raises(ValidationError, match="is not a finite number"):
            LexiconEntry("a", "b", weight)
