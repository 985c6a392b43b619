"""Many pairs in one object."""

from __future__ import annotations


class PairBlock:
    """The base class of pairs without an object for each. It has no arrays: what only counts pairs needs no numpy.

    >>> class Two(PairBlock):
    ...     def __len__(self):
    ...         return 2
    >>> len(Two())
    2
    """

    __slots__ = ()

    def __len__(self) -> int:
        """The number of pairs."""
        raise NotImplementedError
