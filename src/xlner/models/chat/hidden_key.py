"""Hide the key in what an endpoint says: some endpoints repeat it in their errors, whole or half masked."""

from __future__ import annotations

import re

_READ = 4000
"""Characters of a message that are looked at."""
_SHOWN = 200
"""Characters of a message that are shown."""
_PART = 6
"""Characters of the key in a row that give too much of it away."""
_MASK = re.compile(r"[*•●·#]+|…|\.{2,}|[xX]{3,}")
_END = 2
"""Characters next to a mask that are taken for an end of the key."""


def shown(text: str, key: str) -> str:
    """The beginning of a message on one line, without the key, parts of it, and half masked keys.

    >>> shown("Incorrect API key: sk-ab****yz. See the docs.", "sk-abcdefwxyz")
    'Incorrect API key: … See the docs.'
    """
    words = text[:_READ].encode("utf-8", "replace").decode().split()
    if not key:
        return " ".join(words)[:_SHOWN]
    hidden = ["…" if _is_masked(word, key) else word for word in " ".join(words).replace(key, "…").split()]
    return _without_parts(" ".join(hidden), key)[:_SHOWN]


def _is_masked(word: str, key: str) -> bool:
    """Whether a word has the beginning of the key before a mask, or its end after one."""
    parts = _MASK.split(word)
    if len(parts) == 1:
        return False
    before, after = parts[0], parts[-1]
    begins = any(before.endswith(key[:n]) for n in range(_END, len(key) + 1))
    return begins or any(after.startswith(key[-n:]) for n in range(_END, len(key) + 1))


def _without_parts(text: str, key: str) -> str:
    """The text with every longer part of the key replaced."""
    found: list[str] = []
    start = 0
    while start < len(text):
        end = start
        while end < len(text) and text[start : end + 1] in key:
            end += 1
        if end - start >= _PART:
            found.append("…")
            start = end
        else:
            found.append(text[start])
            start += 1
    return "".join(found)
