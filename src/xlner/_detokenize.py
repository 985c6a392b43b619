"""Text from tokens, with offsets kept: what a translator wants where only tokens are given."""

from __future__ import annotations

from collections.abc import Sequence

from xlner._entity import Span
from xlner.languages import base, spaceless

_NO_SPACE_BEFORE = frozenset(".,;:!?%)]}»”’…،؛؟।、。，；：！？）」』】") | {"...", "..", "'s", "’s", "n't", "''"}
_NO_SPACE_AFTER = frozenset("([{«“‘¿¡（「『【#$€£") | {"``"}
_STRAIGHT_QUOTES = frozenset("\"'")
_SPACE_BEFORE_MARKS = frozenset(":;!?»%")  # French sets these off


def detokenize(tokens: Sequence[str], language: str | None = None) -> tuple[str, list[Span]]:
    """Join tokens as the language writes them; also the half-open offsets of each token in the result.

    >>> detokenize(["¿", "Vive", "Ana", "en", "Vigo", "?"], "es")[0]
    '¿Vive Ana en Vigo?'
    """
    separator = "" if spaceless(language) else " "
    french = language is not None and base(language) == "fr"
    parts: list[str] = []
    offsets: list[Span] = []
    position = 0
    open_quotes: set[str] = set()
    glue = True  # nothing is written before the first token
    for token in tokens:
        closing = token in open_quotes
        attached = closing or (token in _NO_SPACE_BEFORE and not (french and token in _SPACE_BEFORE_MARKS))
        if not glue and not attached:
            parts.append(separator)
            position += len(separator)
        offsets.append((position, position + len(token)))
        parts.append(token)
        position += len(token)
        glue = token in _NO_SPACE_AFTER and not (french and token == "«")
        if token in _STRAIGHT_QUOTES:
            glue = not closing
            (open_quotes.discard if closing else open_quotes.add)(token)
        glue = glue or (token.endswith(("'", "’")) and token[:-1].isalpha())
    return "".join(parts), offsets
