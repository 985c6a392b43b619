"""Functions that run as plain Python on lists, or compiled by numba on arrays, from the same source.

Numba is loaded on the first call of `compiled`, not on import.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, MutableSequence
from functools import cache
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

Ints = MutableSequence[int]
"""A list, or a numpy array of 64-bit integers."""
Floats = MutableSequence[float]
"""A list, or a numpy array of 64-bit floats."""

_kernels: list[Callable[..., Any]] = []


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function that compiled functions may call."""
    _kernels.append(function)
    return function


def can_compile() -> bool:
    """True if numba is installed. Does not load it."""
    return importlib.util.find_spec("numba") is not None


@cache
def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The compiled function. The result is cached on disk, so that compilation takes seconds only once per machine."""
    _make_callable()
    import numba

    compile_: Callable[[Callable[P, R]], Callable[P, R]] = numba.njit(cache=True, nogil=True)
    return compile_(function)


@cache
def _make_callable() -> None:
    from numba.extending import register_jitable

    for function in _kernels:
        register_jitable(function)
