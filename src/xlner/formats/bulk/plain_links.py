"""A plain block of word links as arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xlner.core.link_block import LIMIT, LinkBlock

Ints = NDArray[np.int64]
_CHARACTERS = b"0123456789- \n"
_HYPHEN, _LF = b"-\n"
_ZERO = ord("0")
_DIGITS = len(str(LIMIT - 1))
"""The most digits of a number in a plain block."""


def plain_links(data: bytes) -> LinkBlock | None:
    """The links of lines such as `0-0 1-2`, with LF after each line and single spaces; None if a line is not plain.

    >>> plain_links(b"0-0 1-12\\n\\n").target.tolist(), plain_links(b"0-0:0.5\\n") is None
    ([0, 12], True)
    """
    if data.translate(None, _CHARACTERS):
        return None
    array = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(array < _ZERO)  # what follows each number; also what follows an empty line
    follows = array[ends]
    digits = np.diff(ends, prepend=-1) - 1
    empty = (follows == _LF) & (digits == 0)
    if len(data) > 0 and (len(ends) == 0 or ends[-1] != len(data) - 1):
        return None
    before = np.empty_like(follows)
    before[:1] = _LF
    before[1:] = follows[:-1]
    if (before[empty] != _LF).any():
        return None
    numbers = ~empty
    ends, follows, digits = ends[numbers], follows[numbers], digits[numbers]
    if len(ends) % 2 or (len(ends) and (digits.min() < 1 or digits.max() > _DIGITS)):
        return None
    if (follows[::2] != _HYPHEN).any() or (follows[1::2] == _HYPHEN).any():
        return None
    values = _numbers(array, ends, digits)
    lines = np.flatnonzero(array == _LF)
    offsets = np.concatenate(([0], np.searchsorted(ends[1::2], lines, side="right")))
    return LinkBlock(values[::2], values[1::2], offsets)


def _numbers(array: NDArray[np.uint8], ends: Ints, digits: Ints) -> Ints:
    """The values of the numbers before `ends`."""
    values = array[ends - 1].astype(np.int64) - _ZERO
    for place in range(1, int(digits.max(initial=1))):
        longer = np.flatnonzero(digits > place)
        values[longer] += (array[ends[longer] - 1 - place].astype(np.int64) - _ZERO) * 10**place
    return values
