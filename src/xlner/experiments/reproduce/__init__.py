"""The reproduction of published results: recipes, the runner, and published results to compare with.

`Experiment` runs the methods of a recipe on a dataset, `compare_methods` tests their differences, `write_report` writes
the report.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
