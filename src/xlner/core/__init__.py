"""Records that the stages exchange, tag schemes, label maps, the registry of backends, and signatures of scores."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
