"""Public data sets with named entities, read from a local folder in their original form, or from the hub.

A spec names a data set, its folder, a language and a split: `masakhaner2:FOLDER?lang=yor&split=test`.
"""

from xlner.formats.datasets.catalog import DATASETS, Dataset, all_datasets
from xlner.formats.datasets.locate import Located, is_spec, local_files, locate, of_language, spec_of

__all__ = [
    "DATASETS",
    "Dataset",
    "Located",
    "all_datasets",
    "is_spec",
    "local_files",
    "locate",
    "of_language",
    "spec_of",
]
