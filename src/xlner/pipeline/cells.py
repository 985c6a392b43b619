"""Lines with tabs are rows of a table: each cell is processed by itself, so that no model reads across cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from xlner.core.entity_edges import cells
from xlner.core.pair import Pair
from xlner.pipeline.parts import Cutting, Item, by_part


def by_cell(items: Iterable[Item], process: Callable[[Iterator[Item]], Iterable[Pair]]) -> Iterator[Pair]:
    """Process the cells of each pair, and join the results: one for each pair, in order.

    >>> from xlner import Sentence
    >>> row = Pair(Sentence.from_text("Ana\\tVigo"))
    >>> read = []
    >>> joined = by_cell([row], lambda parts: (read.append(part.target.text) or part for part in parts))
    >>> [pair.target.text for pair in joined], read
    (['Ana\\tVigo'], ['Ana', 'Vigo'])
    """
    cutting = Cutting("cell", lambda sentence: cells(sentence, (0, len(sentence))), lambda language: "\t")
    return by_part(items, process, cutting)
