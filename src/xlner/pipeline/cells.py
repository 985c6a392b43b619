"""Lines with tabs are rows of a table: each cell is processed by itself, so that no model reads across cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from xlner.core.entity import Span
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.pipeline.parts import Cutting, Item, by_part


def by_cell(items: Iterable[Item], process: Callable[[Iterator[Item]], Iterable[Pair]]) -> Iterator[Pair]:
    """Process the cells of each pair, and join the results: one for each pair, in order.

    >>> row = Pair(Sentence.from_text("Ana\\tVigo"))
    >>> read = []
    >>> joined = by_cell([row], lambda cells: (read.append(cell.target.text) or cell for cell in cells))
    >>> [pair.target.text for pair in joined], read
    (['Ana\\tVigo'], ['Ana', 'Vigo'])
    """
    return by_part(items, process, Cutting("cell", _cells, lambda language: "\t"))


def _cells(sentence: Sentence) -> list[Span]:
    """The ranges of words between tabs."""
    if sentence.text is None or sentence.offsets is None or "\t" not in sentence.text:
        return []
    between = enumerate(pairwise(sentence.offsets), start=1)
    tabs = [k for k, (a, b) in between if "\t" in sentence.text[a[1] : b[0]]]
    return list(pairwise([0, *tabs, len(sentence)])) if tabs else []
