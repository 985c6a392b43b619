"""Experiments as data: recipes, the runner, and published figures to compare with."""

from xlner.experiments.reproduce.published import Published, published
from xlner.experiments.reproduce.recipe import Backends, DatasetPlan, Method, Recipe, Route, read_recipe, recipe_names
from xlner.experiments.reproduce.report import write_report
from xlner.experiments.reproduce.results import Blamed, Comparison, Mean, Result, comparisons, means, shown_means
from xlner.experiments.reproduce.runner import Experiment

__all__ = [
    "Backends",
    "Blamed",
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
    "shown_means",
    "write_report",
]
