"""Readers and writers, one file per format, streaming in and out.

A reader yields one item per sentence of its file, in order: the sentence, or an `InputError` in its place.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
