"""What other packages add through entry points."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from xlner.errors import BackendError


def plugins(group: str, what: str, fits: Callable[[Any], bool]) -> dict[str, Any]:
    """The objects that the entry points of a group name, by the names of the entry points.

    `what` is the word for such an object in errors. Raises `BackendError` for one that cannot be imported, and for one
    that does not fit.

    >>> plugins("xlner.nothing", "nothing", callable)
    {}
    """
    found = {}
    for point in entry_points(group=group):
        try:
            value = point.load()
        except (ImportError, AttributeError) as error:
            raise BackendError(f"{what} {point.name!r} cannot be loaded from {point.value}: {error}") from error
        if not fits(value):
            raise BackendError(f"{what} {point.name!r}: {point.value} is no {what}, but of type {type(value).__name__}")
        found[point.name] = value
    return found
