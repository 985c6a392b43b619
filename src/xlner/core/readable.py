"""Words with their entities as one readable line, for `repr`."""

from __future__ import annotations

from collections.abc import Sequence

from xlner.core.entity import Entity
from xlner.text.printable import printable

LONGEST = 200
LONGEST_IN_PAIR = 90
"""Characters of a sentence by itself, and of one of two."""
_LONGEST_VALUE = 40


def marked_text(tokens: Sequence[str], entities: Sequence[Entity], longest: int = LONGEST) -> str:
    """The words with their entities in brackets, cut if they are long.

    >>> marked_text(("Ana", "vive", "en", "Vigo"), (Entity(3, 4, "LOC", 0.5),))
    'Ana vive en [Vigo LOC 0.50]'
    """
    parts: list[str] = []
    length = position = 0
    for entity in (*entities, None):
        end = len(tokens) if entity is None else entity.start
        parts.append(" ".join(tokens[position : min(end, position + longest)]))
        length += len(parts[-1])
        if entity is None or length > longest:
            break
        score = "" if entity.score is None else f" {entity.score:.2f}"
        parts.append(f"[{' '.join(tokens[entity.start : entity.end])} {entity.label}{score}]")
        length += len(parts[-1]) + 1
        position = entity.end
    text = printable(" ".join(filter(None, parts)))
    return text if len(text) <= longest else f"{text[:longest]}…"


def short(value: object) -> str:
    """What `repr` makes of a value, cut if it is long.

    >>> short("Vigo"), len(short("a" * 1000))
    ("'Vigo'", 41)
    """
    shown = repr(value)
    return shown if len(shown) <= _LONGEST_VALUE else f"{shown[:_LONGEST_VALUE]}…"
