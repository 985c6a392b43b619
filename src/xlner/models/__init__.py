"""Shared code of all neural models: hub, loading, sub-words, windows, batches, adapters, and the training loop."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
