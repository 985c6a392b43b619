"""Experiments as data: the reproduction of published results, and the study of language families.

Both packages read a recipe (a TOML file), run it so that it can be stopped at any time, and write a report.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
