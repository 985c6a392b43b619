"""Scores of entities, word links and confidences, tests of significance, and analysis of errors."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
