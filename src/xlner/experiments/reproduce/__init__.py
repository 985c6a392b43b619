"""Experiments as data: recipes, the runner, and published figures to compare with."""

from xlner.experiments.reproduce.published import Published, published
from xlner.experiments.reproduce.recipe import (
    Approach,
    Backends,
    DatasetPlan,
    Method,
    ReproductionRecipe,
    read_recipe,
    recipe_names,
)
from xlner.experiments.reproduce.report import write_report
from xlner.experiments.reproduce.results import (
    AttributedErrors,
    Comparison,
    Mean,
    Result,
    comparisons,
    means,
    shown_means,
)
from xlner.experiments.reproduce.runner import Experiment

__all__ = [
    "Approach",
    "AttributedErrors",
    "Backends",
    "Comparison",
    "DatasetPlan",
    "Experiment",
    "Mean",
    "Method",
    "Published",
    "ReproductionRecipe",
    "Result",
    "comparisons",
    "means",
    "published",
    "read_recipe",
    "recipe_names",
    "shown_means",
    "write_report",
]
