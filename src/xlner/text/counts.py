"""Numbers with their nouns, for messages."""

from __future__ import annotations


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun, in the singular for 1; by default the plural ends in `s`.

    >>> counted(1, "sentence"), counted(2000, "entity", "entities")
    ('1 sentence', '2,000 entities')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
