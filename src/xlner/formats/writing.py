"""What all writers share: a sentence is written whole, or not at all."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TextIO, TypeVar

from xlner.core.labeled_block import LabeledBlock
from xlner.core.tags import Scheme
from xlner.formats.reading import warn_of_data

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How to write labeled sentences.

    - `scheme`: the scheme of the tags, in formats with tags.
    - `predicted`: whether the labels are those of a program, in formats that tell them from those of people.

    >>> WriteOptions().predicted
    False
    """

    scheme: Scheme | str = Scheme.IOB2
    predicted: bool = False


_SURROGATES = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def begun(items: Iterable[Item]) -> Iterator[Item]:
    """The items, of which the first is made at once: an error before it then leaves no output without content.

    >>> list(begun("ab"))
    ['a', 'b']
    """
    rest = iter(items)
    first = list(islice(rest, 1))
    return chain(first, rest)


def write_whole(stream: TextIO, item: Item, number: int, write: Callable[[TextIO, Item], object]) -> None:
    """Write one item with one call, so that no error leaves a part of it.

    Lone surrogates, which UTF-8 has no form for, become U+FFFD; a `DataWarning` says so, with the
    number of the item.
    """
    whole = io.StringIO()
    write(whole, item)
    try:
        stream.write(whole.getvalue())
    except UnicodeEncodeError:
        stream.write(_SURROGATES.sub(_REPLACEMENT, whole.getvalue()))
        warn_of_data(f"a lone surrogate in sentence {number} cannot be written, and was replaced by U+FFFD")


def write_each(items: Iterable[Item], stream: TextIO, write: Callable[[TextIO, Item], object]) -> int:
    """Write items one by one, see `write_whole`. Return the number of their sentences."""
    number = 0
    for item in items:
        if isinstance(item, LabeledBlock):
            stream.write(item.text)
            number += len(item)
            continue
        number += 1
        write_whole(stream, item, number, write)
    return number
