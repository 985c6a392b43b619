"""Run a pipeline: run folders with shards that survive a crash, filters, output and a summary."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
