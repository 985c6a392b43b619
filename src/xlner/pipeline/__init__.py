"""Pipelines that label sentences and build training data, with filters, summaries and calibration."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
