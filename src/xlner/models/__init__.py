"""What backends with neural models share: the hub, loading, sub-words, windows, batching, adapters, training."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
