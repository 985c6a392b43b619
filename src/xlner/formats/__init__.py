"""Readers and writers, one module per format. They stream: no file is read into memory as a whole.

A reader yields one item per sentence, in order: the sentence, or an `InputError` instead of a sentence that it cannot
read.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
