"""Entities as brackets in a column, as in OntoNotes (CoNLL-2012): `(PERSON*`, `*)`, `(GPE)` and `*`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from xlner.errors import ValidationError

COLUMNS_2012 = (4, 11)
"""The columns of the words and the entities in CoNLL-2012, from 1."""
_CELL = re.compile(r"(?:\((?P<label>[^\s()*]+))?\*?(?P<closed>\))?")


def are_brackets(cells: Sequence[str]) -> bool:
    """Whether all cells are brackets or stars.

    >>> are_brackets(["(GPE)", "*"]), are_brackets(["O", "*"]), are_brackets(["(TOP(S(NP*", "*))"])
    (True, False, False)
    """
    return all(cell and _CELL.fullmatch(cell) and cell != ")" for cell in cells)


def to_tags(cells: Sequence[str]) -> list[str]:
    """The cells of a sentence as tags. Raises `ValidationError` for brackets that do not match.

    >>> to_tags(["(PERSON*", "*)", "*", "(GPE)"])
    ['B-PERSON', 'I-PERSON', 'O', 'B-GPE']
    """
    tags: list[str] = []
    opened: str | None = None
    for position, cell in enumerate(cells, start=1):
        match = _CELL.fullmatch(cell)
        label, closed = (match["label"], match["closed"]) if match else (None, None)
        if label is not None and opened is not None:
            raise ValidationError(f"{cell!r} of token {position} is inside another entity", hint="keep one of them")
        if label is None and opened is None and closed:
            raise ValidationError(f"{cell!r} of token {position} closes no entity", hint="write (LABEL* before it")
        tags.append(f"B-{label}" if label else f"I-{opened}" if opened else "O")
        opened = None if closed else label or opened
    if opened is not None:
        raise ValidationError(f"the entity {opened} has no end", hint="write *) on its last word")
    return tags
