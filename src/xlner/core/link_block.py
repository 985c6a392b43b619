"""The word links of many pairs as arrays, for what needs no alignment of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

from xlner.core.alignment import Alignment, Link

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

LIMIT = 10_000
"""Numbers of words are below this."""
STEP = LIMIT + 1
"""What the keys of links of neighboring words differ by; a neighbor of no word is the key of no link."""
_DIGITS = 4
First = TypeVar("First")
Second = TypeVar("Second")
_ENDED: Any = object()


@dataclass(frozen=True, slots=True, eq=False)
class LinkBlock:
    """Links without weights, all of them sure.

    - `source`, `target`: the words of each link, from 0 and below `LIMIT`, shape `(n_links,)`.
    - `offsets`: the links of pair `i` are `offsets[i]:offsets[i + 1]`, in any order and possibly several times.

    >>> import numpy as np
    >>> block = LinkBlock(np.array([1, 0]), np.array([12, 0]), np.array([0, 2, 2]))
    >>> len(block), [alignment.links for alignment in block.alignments()]
    (2, [((0, 0), (1, 12)), ()])
    """

    source: Ints
    target: Ints
    offsets: Ints

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def keys(self, *, target_first: bool = False) -> Ints:
        """The links as numbers in the order of the pairs, then of the words; each once. `of_keys` reads them."""
        import numpy as np

        first, second = (self.target, self.source) if target_first else (self.source, self.target)
        pairs = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        return each_once((pairs * STEP + first) * STEP + second)

    @classmethod
    def of_keys(cls, keys: Ints, pairs: int, *, target_first: bool = False) -> LinkBlock:
        """The links of so many pairs."""
        import numpy as np

        rest, second = np.divmod(keys, STEP)
        pair, first = np.divmod(rest, STEP)
        offsets = pair.searchsorted(np.arange(pairs + 1))
        return cls(second, first, offsets) if target_first else cls(first, second, offsets)

    def distinct(self) -> LinkBlock:
        """The links of each pair in order, each once, as an `Alignment` has them."""
        return self.of_keys(self.keys(), len(self))

    def reversed(self) -> LinkBlock:
        """The same links with source and target swapped."""
        return LinkBlock(self.target, self.source, self.offsets)

    def cut(self, count: int) -> tuple[LinkBlock, LinkBlock]:
        """The first pairs and the other ones.

        >>> import numpy as np
        >>> block = LinkBlock(np.array([1, 0]), np.array([2, 0]), np.array([0, 1, 2]))
        >>> [part.text() for part in block.cut(1)]
        ['1-2\\n', '0-0\\n']
        """
        at = int(self.offsets[count])
        first = LinkBlock(self.source[:at], self.target[:at], self.offsets[: count + 1])
        return first, LinkBlock(self.source[at:], self.target[at:], self.offsets[count:] - at)

    def links(self) -> Iterator[tuple[Link, ...]]:
        """The links of each pair as they are."""
        links = list(zip(self.source.tolist(), self.target.tolist(), strict=True))
        offsets = self.offsets.tolist()
        for start, end in pairwise(offsets):
            yield tuple(links[start:end])

    def alignments(self) -> Iterator[Alignment]:
        """The alignments one by one."""
        return map(Alignment, self.links())

    def text(self) -> str:
        """The links of each pair as a line in Pharaoh format.

        >>> import numpy as np
        >>> LinkBlock(np.array([1, 0]), np.array([123, 0]), np.array([0, 2, 2])).text()
        '1-123 0-0\\n\\n'
        """
        import numpy as np

        counts = np.diff(self.offsets)
        rows = np.repeat(np.arange(len(counts)), np.maximum(counts, 1))  # a line without links is a row, too
        lasts = np.cumsum(np.maximum(counts, 1)) - 1
        linked = counts[rows] > 0
        codes = np.full((len(rows), 2, _DIGITS + 1), ord("0"), np.uint8)
        shown = np.zeros(codes.shape, np.bool_)
        for side, (words, after) in enumerate(((self.source, "-"), (self.target, " "))):
            for place in range(_DIGITS):
                codes[linked, side, place] += (words // 10 ** (_DIGITS - 1 - place) % 10).astype(np.uint8)
                shown[linked, side, place] = words >= 10 ** (_DIGITS - 1 - place)
            shown[linked, side, _DIGITS - 1] = True
            codes[:, side, _DIGITS] = ord(after)
            shown[:, side, _DIGITS] = linked
        codes[lasts, 1, _DIGITS] = ord("\n")
        shown[lasts, 1, _DIGITS] = True
        return codes[shown].tobytes().decode("ascii")


def each_once(keys: Ints) -> Ints:
    """The numbers in order, each once; faster than `numpy.unique` where most of them are in order.

    >>> import numpy as np
    >>> each_once(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    import numpy as np

    if (keys[1:] > keys[:-1]).all():
        return keys
    keys = np.sort(keys, kind="stable")
    return keys[np.concatenate(([True], keys[1:] > keys[:-1]))]


def matching_blocks(
    first: Iterable[First | LinkBlock], second: Iterable[Second | LinkBlock]
) -> Iterator[tuple[First | Alignment | LinkBlock | None, Second | Alignment | LinkBlock | None]]:
    """Rows of items, one of each column, and rows of blocks of the same number of pairs where both columns have blocks.

    Where only one column has a block, its alignments come one by one. A column that has ended gives None.

    >>> import numpy as np
    >>> block = LinkBlock(np.arange(5), np.arange(5), np.arange(6))
    >>> [(len(one), len(other)) for one, other in matching_blocks([block], block.cut(3))]
    [(3, 3), (2, 2)]
    """
    sides = _Column(first), _Column(second)
    while True:
        blocks = sides[0].block(), sides[1].block()
        if blocks[0] is not None and blocks[1] is not None:
            count = min(len(blocks[0]), len(blocks[1]))
            yield sides[0].take(count), sides[1].take(count)
            continue
        row = sides[0].next(), sides[1].next()
        if row == (None, None):
            return
        yield row


class _Column:
    """Items of which some are blocks, with one block or item ahead."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = iter(items)
        self._ahead: Any = None
        self._single: Iterator[Alignment] = iter(())
        self._left = 0  # alignments of a block that come one by one

    def block(self) -> LinkBlock | None:
        """The block that is next; None if it is something else."""
        if self._left:
            return None
        if self._ahead is None:
            self._ahead = next(self._items, _ENDED)
        return self._ahead if isinstance(self._ahead, LinkBlock) else None

    def take(self, count: int) -> LinkBlock:
        """The first pairs of the block."""
        block = self.block()
        assert block is not None
        first, rest = block.cut(count)
        self._ahead = rest if len(rest) else None
        return first

    def next(self) -> Any:
        """The next item; None at the end."""
        if not self._left and (block := self.block()) is not None:
            self._single, self._left, self._ahead = block.alignments(), len(block), None
        if self._left:
            self._left -= 1
            return next(self._single)
        if self._ahead is _ENDED:
            return None
        item, self._ahead = self._ahead, None
        return item
