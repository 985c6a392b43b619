"""The records that flow through the stages, tag schemes, label maps, the registry and signatures."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
