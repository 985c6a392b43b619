"""Files of weights that all stages of a process share."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def read_once(read: Callable[[Path], T]) -> Callable[[Path], T]:
    """Read each file only once in a process, and again if it has changed since.

    >>> from tempfile import TemporaryDirectory
    >>> read = read_once(lambda path: path.read_text().split())
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "words")
    ...     length = path.write_text("some words")
    ...     first, second = read(path), read(path)
    ...     length = path.write_text("other, longer words")
    ...     first is second, read(path)
    (True, ['other,', 'longer', 'words'])
    """

    @cache
    def known(path: Path, modified: int, size: int) -> T:
        return read(path)

    @wraps(read)
    def shared(path: Path) -> T:
        try:
            found = path.stat()
        except OSError:
            return read(path)  # has the error
        return known(path, found.st_mtime_ns, found.st_size)

    return shared
