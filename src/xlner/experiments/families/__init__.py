"""The study of language families: which training languages help which targets, zero-shot."""

from xlner.experiments.families.recipe import Condition, DataSet, FamilyRecipe, read_recipe, recipe_names
from xlner.experiments.families.report import Analysis, analyze, write_report
from xlner.experiments.families.runs import TrainingRun
from xlner.experiments.families.study import Study
from xlner.text.language_families import Language, language, relatedness

__all__ = [
    "Analysis",
    "Condition",
    "DataSet",
    "FamilyRecipe",
    "Language",
    "Study",
    "TrainingRun",
    "analyze",
    "language",
    "read_recipe",
    "recipe_names",
    "relatedness",
    "write_report",
]
