"""Splits texts into sentences, and sentences into parts that fit a model. Joined, the parts are the text again."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

_NOT_AFTER = r"(?<!(?<![\p{L}\p{M}])(?:\p{L}\p{M}*|\p{Lu}{2}|\p{Lu}[\p{Ll}\p{M}]{1,2}))"
"""Not after a single letter or a short capitalized word: initials, `EE. UU.`, `Dr.`, `Mrs.`, `No.`"""


@cache
def _sentence_end() -> regex.Pattern[str]:
    import regex

    closing = r"[\p{Pf}\p{Pe}\"'’”»)\]]*"
    return regex.compile(
        rf"""(?V1x)
        (?:{_NOT_AFTER}\.|[!?…؟۔።।॥։])+ {closing} \s+ (?=[\p{{Lu}}\p{{Lt}}\p{{Lo}}\p{{N}}\p{{Pi}}\p{{Ps}}¿¡\"'«“-])
        | [。！？]+ {closing} \s*
        """
    )


_LINE_BREAK = re.compile(r"[ \t]*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+\s*")
_CLAUSE_END = re.compile(r"[;:,،、，；：—–][\s\u200b]*|(?<=[、，；：])")


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a text, each with the space after it. Joined, they are the text again.

    >>> split_sentences("Dr. Ana left. She sang!  Why?")
    ['Dr. Ana left. ', 'She sang!  ', 'Why?']
    """
    ends = {m.end() for m in _sentence_end().finditer(text)} | {m.end() for m in _LINE_BREAK.finditer(text)}
    return _cut(text, sorted(ends))


def split_lines(text: str) -> list[str]:
    """Return the lines of a text, each with the breaks after it. Joined, they are the text again.

    >>> split_lines("one\\n\\ntwo")
    ['one\\n\\n', 'two']
    """
    return _cut(text, [m.end() for m in _LINE_BREAK.finditer(text)])


def split_pieces(text: str, fits: Callable[[str], bool]) -> list[str]:
    """Return the longest pieces that fit, each with the space after it. Joined, they are the text again.

    A text is split between sentences if possible, else between clauses, words or characters. A single character is a
    piece even if it does not fit.

    >>> split_pieces("one two. Three four five", lambda piece: len(piece) <= 11)
    ['one two. ', 'Three four ', 'five']
    """
    return _packed([text], fits, 0)


_LEVELS: tuple[Callable[[str], list[str]], ...] = (
    split_sentences,
    lambda text: _cut(text, [m.end() for m in _CLAUSE_END.finditer(text)]),
    lambda text: _cut(text, [m.end() for m in re.finditer(r"\s+", text)]),
    list,
)


def _packed(parts: list[str], fits: Callable[[str], bool], level: int) -> list[str]:
    """Join neighboring parts as long as they fit, and split parts that do not fit at the next level."""
    out: list[str] = []
    joined = ""
    for part in parts:
        if fits((joined + part).rstrip()):
            joined += part
            continue
        if joined:
            out.append(joined)
        joined = ""
        if fits(part.rstrip()) or level == len(_LEVELS):
            joined = part
        else:
            *whole, joined = _packed(_LEVELS[level](part), fits, level + 1)
            out += whole
    return [*out, joined] if joined or not out else out


def _cut(text: str, ends: list[int]) -> list[str]:
    out = []
    start = 0
    for end in ends:
        if start < end < len(text):
            out.append(text[start:end])
            start = end
    return [*out, text[start:]]


def join_pieces(translated: list[str], originals: list[str], *, spaced: bool) -> str:
    """Join the translations of pieces, with the line breaks of the originals, or a space where there are none.

    `spaced` tells whether the language of the translations has spaces between sentences.

    >>> join_pieces(["One.", "Two.", "Three."], ["Un. ", "Dous.\\n", "Tres."], spaced=True)
    'One. Two.\\nThree.'
    """
    out = []
    for text, original in zip(translated, originals, strict=True):
        after = original[len(original.rstrip()) :]
        if not _LINE_BREAK.fullmatch(after):
            after = " " if spaced and text.strip() else ""
        out.append(text.strip() + after)
    return "".join(out).rstrip() if out else ""
