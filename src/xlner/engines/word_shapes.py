"""What the first or the last character of words in plain rows is, asked for many words at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.formats.conll.plain import PlainRows

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
_ASCII = 128
_MOST_BYTES = 4
"""Bytes of a character in UTF-8."""


def _table(test: Callable[[str], bool]) -> Flags:
    return np.array([code < _ASCII and test(chr(code)) for code in range(256)])


_ALPHANUMERIC, _UPPER, _LOWER = map(_table, (str.isalnum, str.isupper, str.islower))


def are_letters(side: PlainRows, rows: Ints, place: int) -> Flags:
    """Whether the first (0) or last (-1) character of the words of these rows is a letter or a digit."""
    return _at(side, rows, place, _ALPHANUMERIC, str.isalnum)


def are_capitals(side: PlainRows, rows: Ints) -> Flags:
    """Whether the words of these rows begin with a capital letter."""
    return _at(side, rows, 0, _UPPER, str.isupper)


def are_small(side: PlainRows, rows: Ints, most: int) -> Flags:
    """Whether the words of these rows are in lower case and have at most so many characters."""
    data = np.frombuffer(side.data, np.uint8)
    starts, sizes = side.word_starts[rows], side.word_ends[rows] - side.word_starts[rows]
    lower, other = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    beyond = np.zeros(len(rows), bool)
    for place in range(most * _MOST_BYTES):
        inside = sizes > place
        found = data[np.where(inside, starts + place, 0)]
        lower |= inside & _LOWER[found]
        other |= inside & _UPPER[found]
        beyond |= inside & (found >= _ASCII)
    small = lower & ~other & (sizes <= most)
    for k in np.flatnonzero(beyond & (sizes <= most * _MOST_BYTES)).tolist():
        word = _word(side, rows[k])
        small[k] = len(word) <= most and word.islower()
    return small


def _at(side: PlainRows, rows: Ints, place: int, table: Flags, test: Callable[[str], bool]) -> Flags:
    data = np.frombuffer(side.data, np.uint8)
    found = data[side.word_starts[rows] if place == 0 else side.word_ends[rows] - 1]
    are = table[found]
    for k in np.flatnonzero(found >= _ASCII).tolist():
        are[k] = test(_word(side, rows[k])[place])
    return are


def _word(side: PlainRows, row: Any) -> str:
    return side.data[side.word_starts[row] : side.word_ends[row]].decode()
