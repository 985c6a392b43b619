"""Put spans of characters, bytes or UTF-16 onto words.

A span becomes the span of all words that share a character with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple
from unicodedata import combining, normalize

from xlner.core.entity import Entity, Span
from xlner.errors import ValidationError
from xlner.formats.json_values import shown
from xlner.formats.label_fields import BYTES, UTF_16
from xlner.text.counts import counted
from xlner.text.offsets import words_in


class Words(NamedTuple):
    """The words of a record, with its text and their offsets if they are known.

    `given` is True if the record has its words, and `placed` if it also says where they are.
    """

    tokens: Sequence[str]
    text: str | None = None
    offsets: tuple[Span, ...] | None = None
    given: bool = True
    placed: bool = False


class Found(NamedTuple):
    """Entities of a record, and the labels and spans that were changed to fit words."""

    entities: tuple[Entity, ...]
    renamed: tuple[tuple[str, str], ...] = ()
    widened: int = 0


class Mark(NamedTuple):
    """A labeled span. `unit` is what its bounds count, if its names say so; `text` what it covers, if known."""

    start: int
    end: int
    label: str
    score: float | None = None
    text: str | None = None
    unit: str | None = None


def in_characters(name: str, marks: Sequence[Mark], unit: str, words: Words) -> Found:
    """The entities of spans that count characters or bytes. Raises `ValidationError` for spans that overlap.

    >>> words = Words(["Ana", "Pons"], "Ana Pons", ((0, 3), (4, 8)))
    >>> in_characters("spans", [Mark(1, 8, "PER")], "characters", words)
    Found(entities=(Entity(start=0, end=2, label='PER', score=None),), renamed=(), widened=1)
    """
    if words.text is None or words.offsets is None:
        raise ValidationError(
            f'"{name}" counts characters, but the words are not in the text', hint='leave out "tokens"'
        )
    spans = sorted(_spans(name, marks, unit, words.text), key=lambda span: span[:3])
    for (_, before, *_), (after, *_) in pairwise(spans):
        if after < before:
            raise ValidationError(f'spans of "{name}" overlap at character {after}', hint="keep one of them")
    entities: list[Entity] = []
    widened = 0
    for start, end, label, score in spans:
        found = words_in(words.offsets, start, end)
        if found is None:
            raise ValidationError(f'"{name}" has a span without words: characters {start} to {end}')
        first, last = found
        if entities and first < entities[-1].end:
            raise ValidationError(
                f'two spans of "{name}" share the word {shown(words.tokens[first])}',
                hint='give "tokens" that separate them',
            )
        covered = (words.offsets[first][0], words.offsets[last - 1][1])
        widened += covered[0] < start or end < covered[1]
        entities.append(Entity(first, last, label, score))
    return Found(tuple(entities), widened=widened)


def _spans(name: str, marks: Sequence[Mark], unit: str, text: str) -> list[tuple[int, int, str, float | None]]:
    """The spans in code points. If they say what they cover, other units are tried, too."""
    known = [mark for mark in marks if mark.text is not None]
    counts: list[Callable[[str], int]] = [len, _utf16, _bytes, _composed, _decomposed]
    if unit == BYTES:
        counts = [_bytes]
    elif unit == UTF_16:
        counts = [_utf16, len, _bytes, _composed, _decomposed]
    if text.isascii():
        counts = [len]
    for count in counts:
        index = _index_in(text, count)
        for after in (0, 1) if known else (0,):  # some tools include the last character
            spans = [(index(m.start), index(m.end + after)) for m in marks]
            if all(a is not None and b is not None and a < b for a, b in spans) and all(
                same_text(text[a:b], m.text) for m, (a, b) in zip(marks, spans, strict=True) if m.text is not None
            ):
                return [
                    (a, b, m.label, m.score)
                    for m, (a, b) in zip(marks, spans, strict=True)
                    if a is not None and b is not None
                ]
        if not known:
            break
    for m in marks:
        if not 0 <= m.start < m.end <= sum(map(counts[0], text)):
            length = counted(len(text), "character")
            raise ValidationError(f'"{name}" has the span {shown((m.start, m.end))}, but the text has {length}')
    if not known:
        raise ValidationError(f'"{name}" has a span that begins or ends inside a character')
    wrong = next((m for m in known if not same_text(text[m.start : m.end], m.text)), marks[0])
    raise ValidationError(
        f'"{name}" has a span of {shown(wrong.text)} at characters {wrong.start} to {wrong.end}, where the text has '
        f"{shown(text[wrong.start : wrong.end])}",
        hint='count the characters (code points) of "text" from 0',
    )


def same_text(found: str, text: str | None) -> bool:
    """Whether two texts are equal, whatever their spaces and however their accents are composed.

    >>> same_text("São\u00a0Tomé", "Sa\u0303oTome\u0301"), same_text("Vigo", None)
    (True, False)
    """
    if text is None or found == text:
        return text is not None
    found, text = "".join(found.split()), "".join(text.split())
    return found == text or (not found.isascii() and normalize("NFC", found) == normalize("NFC", text))


def _utf16(char: str) -> int:
    return 1 + (char > "\uffff")


def _composed(char: str) -> int:
    """The characters of the text in NFC, where accents are part of their letters."""
    return int(not combining(char))


def _decomposed(char: str) -> int:
    return len(normalize("NFD", char))


def _bytes(char: str) -> int:
    return len(char.encode("utf-8"))


def index_in_utf16(text: str) -> Callable[[int], int | None]:
    """A function from a bound that counts UTF-16 to the index of its character; None for a bound inside of one.

    >>> [index_in_utf16("🦉 a")(bound) for bound in (0, 1, 2, 3)]
    [0, None, 1, 2]
    """
    return _index_in(text, _utf16)


def _index_in(text: str, count: Callable[[str], int]) -> Callable[[int], int | None]:
    """A function from a bound to the index of its character; None for a bound that is not in the text."""
    if count is len:
        return lambda bound: bound if 0 <= bound <= len(text) else None
    return {bound: index for index, bound in enumerate(accumulate(map(count, text), initial=0))}.get
