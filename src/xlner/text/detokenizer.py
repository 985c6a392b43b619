"""Text from words, with their offsets, for translators when only words are given.

Punctuation is attached as in detokenizers for the Penn Treebank, and quotes as the language writes them. Scripts
without spaces get none. Words are never changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from xlner.text.languages import base_if_known, spaceless
from xlner.text.offsets import Span
from xlner.text.scripts import has_spaces

_NO_SPACE_BEFORE = frozenset(".,;:!?%)]}…،؛؟।॥۔።፣፤։།、。，；：！？）」』】》〉") | {"...", "..", "''"}
_NO_SPACE_AFTER = frozenset("([{¿¡（「『【《〈#$€£") | {"``"}
_FRENCH_MARKS = frozenset(":;!?»%")  # set off by spaces
_CLITICS = frozenset({"s", "re", "ve", "ll", "d", "m", "t"})
_APOSTROPHES = ("'", "’", "ʼ")
_ELIDING = frozenset({"ca", "fr", "it", "oc", "ast", "an", "sc", "co", "fur", "lij", "pms", "scn", "vec", "wa", "frp"})
_CLOSED_BY = {
    "«": "»",
    "‹": "›",
    "“": "”",
    "‘": "’",
    "„": "“”",
    "‚": "‘’",
    "»": "«",
    "›": "‹",
    "”": "”",
    "’": "’",
    '"': '"',
    "'": "'",
}
_INWARD = frozenset({"de", "da", "cs", "sk", "sl", "hr", "hu"})  # »so«
_ALIKE = frozenset({"sv", "fi"})  # ”so”


def detokenize(tokens: Sequence[str], language: str | None = None) -> tuple[str, list[Span]]:
    """Return the words joined as the language writes them, and the half-open offsets of each word in the result.

    What is no code of a language, such as `und`, has no habits of its own.

    >>> detokenize(["¿", "Vive", "Ana", "en", "Vigo", "?"], "es")[0]
    '¿Vive Ana en Vigo?'
    """
    separator = "" if spaceless(language) else " "
    code = base_if_known(language)
    quotes = _Quotes(code)
    parts: list[str] = []
    offsets: list[Span] = []
    position = 0
    glue = True  # nothing is written before the first token
    previous = ""
    for token in tokens:
        role = quotes.role(token)
        if not glue and not (role == "closes" or _attached(token, code)):
            space = " " if _both_spaced(previous, token) else separator
            parts.append(space)
            position += len(space)
        offsets.append((position, position + len(token)))
        parts.append(token)
        position += len(token)
        glue = role == "opens" or token in _NO_SPACE_AFTER or _elided(token, code)
        if code == "fr" and token == "«":
            glue = False
        previous = token
    return "".join(parts), offsets


class _Quotes:
    """The open quotation marks, in the order in which they were opened."""

    def __init__(self, code: str | None) -> None:
        self._open: list[str] = []
        closing = {"»", "›"} - ({"»", "›"} if code in _INWARD else set())
        closing |= set() if code in _ALIKE else {"”", "’"}
        self._never_open = closing
        self._french = code == "fr"

    def role(self, token: str) -> str:
        """Return `opens`, `closes` or nothing. A closing mark without an opening one belongs to the word before it."""
        if token not in _CLOSED_BY and token not in self._never_open:
            return ""
        for k in range(len(self._open) - 1, -1, -1):
            if token in _CLOSED_BY[self._open[k]]:
                del self._open[k:]
                return "" if self._french and token == "»" else "closes"
        if token in self._never_open:
            return "" if self._french and token == "»" else "closes"
        self._open.append(token)
        return "opens"


def _attached(token: str, code: str | None) -> bool:
    """True for a word without a space before it."""
    if code == "fr" and token in _FRENCH_MARKS:
        return False
    return token in _NO_SPACE_BEFORE or (code in (None, "en") and _is_clitic(token.lower()))


def _is_clitic(token: str) -> bool:
    """English `'s`, `'re`, `n't` …

    >>> _is_clitic("'ll"), _is_clitic("n’t"), _is_clitic("'")
    (True, True, False)
    """
    return (token[:1] in _APOSTROPHES and token[1:] in _CLITICS) or (
        token[:1] == "n" and token[1:2] in _APOSTROPHES and token[2:] == "t"
    )


def _elided(token: str, code: str | None) -> bool:
    """True for an elided word such as `l'` or `dell'`, but not for a plural with an apostrophe (`boys'`)."""
    if not token.endswith(_APOSTROPHES) or not token[:-1].isalpha():
        return False
    return code is None or code in _ELIDING or len(token) <= 2


def _both_spaced(before: str, after: str) -> bool:
    """True between two words of scripts with spaces, such as foreign names in a Chinese text."""
    return before[-1:].isalnum() and after[:1].isalnum() and has_spaces(before[-1:]) and has_spaces(after[:1])
