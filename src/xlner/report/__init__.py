"""The page that shows a run: sentences, entities, links, outcomes and errors in one HTML file."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
