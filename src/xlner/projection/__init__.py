"""Projection of source entities onto target spans: candidates, scores, matchers and projectors. Pure algorithms."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
