"""The default tokenizer: Unicode words with offsets into the original text, nothing normalized, nothing lost.

Words keep inner hyphens, dots between capitals and digits; letters keep their combining marks. Apostrophes split after
an elision in the languages that elide (Catalan `l'` + `Ajuntament`) and before a clitic in English (`Ana` + `'s`), and
are part of the word elsewhere. Scripts without spaces fall into single characters with their marks, until a better
segmenter is passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING

from xlner.text.languages import base
from xlner.text.offsets import Span

if TYPE_CHECKING:
    import regex

Segmenter = Callable[[str], Iterable[str]]
"""Cuts a run of letters of a script without spaces into words; joined again they must spell the run."""

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
    """Token offsets in a text: half-open code point ranges, in order, covering everything but space and controls.

    `segmenter` cuts runs of scripts without spaces; without one they fall into single characters.

    >>> text = "L'Ana viu a Vic."
    >>> [text[a:b] for a, b in tokenize(text, "ca")]
    ["L'", 'Ana', 'viu', 'a', 'Vic', '.']
    """
    language = None if language is None else base(language)
    spans = [m.span() for m in _pattern(language).finditer(text)]
    return spans if segmenter is None else _resegment(text, spans, segmenter)


def _resegment(text: str, spans: list[Span], segmenter: Segmenter) -> list[Span]:
    """Replace runs of touching tokens of scripts without spaces by what the segmenter makes of them."""
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
                raise ValueError(f"the segmenter changed {text[start:end]!r}: {word!r} does not follow")
            if word.strip():
                out.append((position, position + len(word)))
            position += len(word)
    if pending is not None:
        out.append(pending)
    return [*out, *kept]


def locate(text: str, tokens: Iterable[str]) -> list[Span] | None:
    """Offsets of given tokens in a text, found from left to right; None where one is not to be found.

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
