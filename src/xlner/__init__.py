"""Cross-lingual named entity recognition by annotation projection.

The names here are those that most programs need. Everything else is in the public sub-packages: `xlner.translation`,
`xlner.recognition`, `xlner.alignment`, `xlner.projection`, `xlner.evaluation` … Names load on first use, so that
`import xlner` stays fast.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
