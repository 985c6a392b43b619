"""Items that a command can read again, in this process and in others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Again(Generic[T]):
    """Items that are read anew at each iteration.

    `read` is also called at once, so that its errors come before anything else is done.

    >>> items = Again(lambda: iter("ab"))
    >>> list(items), list(items)
    (['a', 'b'], ['a', 'b'])
    """

    def __init__(self, read: Callable[[], Iterable[T]]) -> None:
        self._read = read
        read()

    def __iter__(self) -> Iterator[T]:
        return iter(self._read())
