"""A translation that says which part of the text became which part of it."""

from __future__ import annotations

from dataclasses import dataclass

from xlner.core.entity import Span


@dataclass(frozen=True, slots=True)
class LinkedTranslation:
    """A translation, and pairs of ranges `(in the text, in the translation)` that belong together, in code points.

    >>> LinkedTranslation("in Vigo", (((0, 2), (0, 2)), ((3, 7), (3, 7)))).text
    'in Vigo'
    """

    text: str
    links: tuple[tuple[Span, Span], ...]
