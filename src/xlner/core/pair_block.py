"""Many pairs in one object."""

from __future__ import annotations

from collections.abc import Sized


class PairBlock(Sized):
    """Pairs without an object for each; its length is their number. What only counts pairs needs to know no more.

    >>> class Two(PairBlock):
    ...     def __len__(self):
    ...         return 2
    >>> len(Two())
    2
    """

    __slots__ = ()
