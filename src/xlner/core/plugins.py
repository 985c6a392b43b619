"""What other packages add through entry points."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from typing import Any

from xlner.errors import BackendError, XlnerError


def plugins(group: str, what: str, fits: Callable[[Any], bool]) -> dict[str, Any]:
    """The objects that the entry points of a group name, by the names of the entry points.

    `what` is the word for such an object in errors. Raises `BackendError` for one that cannot be imported, whatever its
    module raises, and for one that does not fit.

    >>> plugins("xlner.nothing", "nothing", callable)
    {}
    """
    found = {}
    for point in entry_points(group=group):
        with naming_import_errors(f"{what} {point.name!r}", point.value):
            value = point.load()
        if not fits(value):
            raise BackendError(f"{what} {point.name!r}: {point.value} is no {what}, but of type {type(value).__name__}")
        found[point.name] = value
    return found


@contextmanager
def naming_import_errors(what: str, place: str) -> Iterator[None]:
    """Raise `BackendError` with what is loaded, and from where, for anything that its import raises.

    Errors of xlner stay as they are: they name what is missing themselves.

    >>> with naming_import_errors("format 'theirs'", "theirs:FORMAT"):
    ...     raise ValueError("no such column")
    Traceback (most recent call last):
    xlner.errors.BackendError: format 'theirs' cannot be loaded from theirs:FORMAT: ValueError: no such column
    """
    try:
        yield
    except XlnerError:
        raise
    except Exception as error:  # other people's code
        kind = "" if isinstance(error, (ImportError, AttributeError)) else f"{type(error).__name__}: "
        text = " ".join(str(error).split())
        raise BackendError(f"{what} cannot be loaded from {place}: {kind}{text}") from error
