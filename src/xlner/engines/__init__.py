"""Where a run executes: plan, shards that survive a crash, workers, and the joined output."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
