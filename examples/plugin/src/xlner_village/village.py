"""A data set: where its files are in a folder, their labels, and the license."""

from __future__ import annotations

from xlner.formats.datasets import Dataset

DATASET = Dataset(
    name="village",
    title="News of our village, in two languages",
    languages=("gl", "es"),
    labels=("person", "location"),
    license="CC BY 4.0",
    home="https://example.org/village",
    paths=("{lang}/{split}.opennlp",),
    format="opennlp",
)
