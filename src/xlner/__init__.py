"""Cross-lingual named entity recognition by annotation projection.

The names here are those that most programs need. Everything else is in the public sub-packages: `xlner.translation`,
`xlner.recognition`, `xlner.alignment`, `xlner.projection`, `xlner.evaluation` … Names load on first use, so that
`import xlner` stays fast.

>>> from xlner import Alignment, Entity, Pair, Sentence, load
>>> source = Sentence(("rains", "of", "Vigo"), (Entity(2, 3, "LOC"),))
>>> pair = Pair(Sentence(("choivas", "de", "Vigo")), source, Alignment(((0, 0), (1, 1), (2, 2))))
>>> [projection] = load("projector", "greedy").project([pair])
>>> projection.sentence.tags()
['O', 'O', 'B-LOC']
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
