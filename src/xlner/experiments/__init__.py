"""Experiments as data: recipes, the runner, and published figures to compare with."""

from xlner.experiments._published import Published, published
from xlner.experiments._recipe import Backends, DatasetPlan, Method, Recipe, Route, read_recipe, recipe_names
from xlner.experiments._report import write_report
from xlner.experiments._results import Comparison, Mean, Result, comparisons, means
from xlner.experiments._runner import Experiment

__all__ = [
    "Backends",
    "Comparison",
    "DatasetPlan",
    "Experiment",
    "Mean",
    "Method",
    "Published",
    "Recipe",
    "Result",
    "Route",
    "comparisons",
    "means",
    "published",
    "read_recipe",
    "recipe_names",
    "write_report",
]
