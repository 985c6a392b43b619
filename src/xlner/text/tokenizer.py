"""The default tokenizer: Unicode words with offsets into the original text. It changes and drops nothing.

Words keep inner hyphens and dots between capitals and digits; letters keep their combining marks. Apostrophes split
after an elision in languages that elide (Catalan `l'` + `Ajuntament`), and before a clitic in English (`Ana` + `'s`).
Elsewhere they are part of the word. In scripts without spaces each character with its marks is a word, unless a
segmenter is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING

from xlner.errors import ValidationError
from xlner.text.languages import base
from xlner.text.offsets import Span

if TYPE_CHECKING:
    import regex

Segmenter = Callable[[str], Iterable[str]]
"""Splits a run of letters of a script without spaces into words, which must spell the run when joined."""

_APOSTROPHE = "['\u2019\u02bc]"
_ELIDING = frozenset({"ca", "fr", "it", "oc", "ast", "an", "sc", "co", "fur", "lij", "pms", "scn", "vec", "wa", "frp"})
_SPACELESS = (
    r"\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}"
    r"\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}"
)


@cache
def _pattern(language: str | None) -> regex.Pattern[str]:
    import regex

    letter = rf"[[\p{{L}}\p{{M}}\p{{N}}_\u200c\u200d]--[{_SPACELESS}]]"
    if language == "en":
        before = rf"(?:(?!(?:s|re|ve|ll|d|m|t|S)\b)){letter}"  # the clitic becomes a word of its own
        elision, clitic = "", rf"|{_APOSTROPHE}(?:s|re|ve|ll|d|m|t|S)\b"
    elif language in _ELIDING:
        before = r"(?!)"
        elision, clitic = rf"{letter}+{_APOSTROPHE}(?={letter})|", ""
    else:
        before, elision, clitic = letter, "", ""
    joined = rf"(?:[-\u2010\u2011\u00b7\u2027\u05f4\u05f3&@]{letter}|{_APOSTROPHE}{before})"
    return regex.compile(
        rf"""(?V1x)
        (?:https?://|www\.)[^\s<>"]*[\p{{L}}\p{{N}}/]     # addresses
        | [\p{{L}}\p{{N}}._+-]+@[\p{{L}}\p{{N}}-]+(?:\.[\p{{L}}\p{{N}}-]+)+
        | {elision}
          (?:(?:\p{{Lu}}\p{{M}}*){{1,2}}\.){{2,}}(?!\p{{L}})  # U.S., EE.UU.
        | (?<![\p{{L}}\p{{M}}\p{{N}}])\p{{Lu}}\p{{M}}*\.(?=\s?\p{{Lu}})  # initials: J. Ribas
        | \p{{N}}+(?:[.,:/]\p{{N}}+)+                     # 1.234,5 and 12:30
        | {letter}+(?:{joined}{letter}*)*
        {clitic}
        | [{_SPACELESS}][\p{{M}}\u200c\u200d]*
        | ([^\s\p{{Cc}}\p{{Cf}}])\p{{M}}*+(?:\1)*           # a mark, repeated
        """,
    )


def tokenize(text: str, language: str | None = None, *, segmenter: Segmenter | None = None) -> list[Span]:
    """Return the offsets of the words in a text, as half-open ranges of code points, in order.

    They cover everything except space and control characters. `segmenter` splits runs of scripts without spaces;
    without one each character is a word. Raises `ValidationError` if it changes the text.

    >>> text = "L'Ana viu a Vic."
    >>> [text[a:b] for a, b in tokenize(text, "ca")]
    ["L'", 'Ana', 'viu', 'a', 'Vic', '.']
    """
    language = None if language is None else base(language)
    spans = [m.span() for m in _pattern(language).finditer(text)]
    return spans if segmenter is None else _resegment(text, spans, segmenter)


def _resegment(text: str, spans: list[Span], segmenter: Segmenter) -> list[Span]:
    """Replace runs of adjacent words of scripts without spaces by the words of the segmenter."""
    import regex

    out: list[Span] = []
    kept = iter(spans)
    runs = [m.span() for m in regex.finditer(rf"(?V1)[{_SPACELESS}][{_SPACELESS}\p{{M}}\u200c\u200d]*", text)]
    pending = next(kept, None)
    for start, end in runs:
        while pending is not None and pending[0] < start:
            out.append(pending)
            pending = next(kept, None)
        while pending is not None and pending[0] < end:
            pending = next(kept, None)
        position = start
        for word in segmenter(text[start:end]):
            if not text.startswith(word, position):
                raise ValidationError(f"the segmenter changed {text[start:end]!r}: {word!r} does not follow")
            if word.strip():
                out.append((position, position + len(word)))
            position += len(word)
    if pending is not None:
        out.append(pending)
    return [*out, *kept]


def locate(text: str, tokens: Iterable[str]) -> list[Span] | None:
    """Return the offsets of given words in a text, found from left to right; None if one is not found.

    >>> locate("Ana, in Vigo", ["Ana", ",", "Vigo"])
    [(0, 3), (3, 4), (8, 12)]
    """
    spans: list[Span] = []
    position = 0
    for token in tokens:
        start = text.find(token, position)
        if start < 0:
            return None
        position = start + len(token)
        spans.append((start, position))
    return spans
