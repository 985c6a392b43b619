"""The study of language families: which training languages help which zero-shot targets.

`Study` trains and tests all conditions of a recipe, `analyze` tests the differences, `write_report` writes the report.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
