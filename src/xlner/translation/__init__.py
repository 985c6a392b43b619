"""Translators and the guards on their output: text of one language in, text of another out, one for one."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
