"""Translations that say which part of the text became which part of them."""

from __future__ import annotations

from dataclasses import dataclass

from xlner.core.entity import Span


@dataclass(frozen=True, slots=True)
class Linked:
    """A translation, and pairs of ranges `(in the text, in the translation)` that belong together, in code points."""

    text: str
    links: tuple[tuple[Span, Span], ...]
