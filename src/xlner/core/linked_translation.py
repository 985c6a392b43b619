"""Translations with links between the text and its translation."""

from __future__ import annotations

from dataclasses import dataclass

from xlner.core.entity import Span


@dataclass(frozen=True, slots=True)
class LinkedTranslation:
    """A translation, and pairs of character ranges `(in the text, in the translation)` that translate each other.

    >>> LinkedTranslation("in Vigo", (((0, 2), (0, 2)), ((3, 7), (3, 7)))).text
    'in Vigo'
    """

    text: str
    links: tuple[tuple[Span, Span], ...]
