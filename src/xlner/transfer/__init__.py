"""Fine-tuning recognizers, using them on languages that they were not trained on, and ensembles with projection."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
