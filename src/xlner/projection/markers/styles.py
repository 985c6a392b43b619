"""Writing markers round the entities of a text, so that they travel through a translator with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import count, islice

from xlner.core.entity import Span
from xlner.core.sentence import Sentence
from xlner.errors import UnknownNameError

SQUARE = ("[［【〚⟦", "]］】〛⟧")
"""Square brackets and what translators turn them into: all opening forms, all closing forms."""
CURLY = ("{｛", "}｝")
"""Curly brackets, for texts with square ones in them."""

TAG = re.compile(r"(?:[<＜〈]|&lt;)\s{0,3}([/／\\]?)\s{0,3}([\w.-]+)\s{0,3}([/／\\]?)\s{0,3}(?:[>＞〉]|&gt;)")
"""A tag in any of the forms that translators give it. Two matches never overlap: none has a bracket inside."""


def tag_name(match: re.Match[str]) -> str:
    """The name of a tag in the one form that names are compared in.

    >>> [tag_name(match) for match in TAG.finditer("<LOC> </ ١ >")]
    ['loc', '1']
    """
    name = match[2]
    return str(int(name)) if name.isdecimal() and len(name) < 10 else name.lower()


class MarkerStyle(StrEnum):
    """What markers look like."""

    BRACKETS = "brackets"
    """`[Vigo]`: the least strange to a translator; what was in them has to be recognized afterwards."""
    TAGS = "tags"
    """`<1>Vigo</1>`: nothing to recognize. Numbers, since a translator makes `<una>` of `<a>`."""
    LABELS = "labels"
    """`<LOC>Vigo</LOC>`."""

    @classmethod
    def of(cls, name: str) -> MarkerStyle:
        """The style of that name; raises `UnknownNameError`.

        >>> MarkerStyle.of("tags")
        <MarkerStyle.TAGS: 'tags'>
        """
        try:
            return cls(name)
        except ValueError:
            raise UnknownNameError(f"unknown markers {name!r}", hint=f"known: {', '.join(cls)}") from None


@dataclass(frozen=True, slots=True)
class WrittenMarkers:
    """The markers that were written into a text: what reading them back has to look for.

    `names` holds one name per entity, in order: that of its tag in lower case, the empty string for brackets, None
    for an entity that nothing could be written round because nothing of it is visible. `brackets` are all opening
    and all closing forms; None where the markers are tags. `spaced`: a space was written inside each marker.
    `literal`: names of tags that belong to the text itself.

    >>> WrittenMarkers().brackets == SQUARE
    True
    """

    names: tuple[str | None, ...] = ()
    brackets: tuple[str, str] | None = SQUARE
    spaced: bool = False
    literal: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Marked:
    """A text with markers, and what they are.

    >>> Marked("In [Vigo].", WrittenMarkers(("",))).markers.names
    ('',)
    """

    text: str
    markers: WrittenMarkers


def write_markers(
    sentence: Sentence, style: MarkerStyle | str = MarkerStyle.BRACKETS, *, spaced: bool = False
) -> Marked:
    """Mark the entities in the text of a sentence (EasyProject, Chen et al. 2023).

    Nothing in the text is escaped, so nothing has to be restored: where it has square brackets of its own, curly ones
    mark the entities, and where it has those too, or tags like the ones to write, numbered tags that it does not
    have. `spaced` puts a space inside each marker, for translators that take words apart at spaces only. A sentence
    without text is detokenized. Raises `UnknownNameError` for an unknown style.

    >>> from xlner import Entity
    >>> write_markers(Sentence.from_text("In Vigo [sic].").with_entities([Entity(1, 2, "LOC")])).text
    'In {Vigo} [sic].'
    """
    sentence = sentence.with_text()
    text = sentence.text or ""
    # space at the ends of an entity stays outside, so that what is found inside a marker comes from elsewhere
    spans = [trimmed(text, *(sentence.char_span(entity) or (0, 0))) for entity in sentence.entities]
    brackets = _free_brackets(text) if MarkerStyle.of(style) is MarkerStyle.BRACKETS else None
    literal = frozenset(tag_name(match) for match in TAG.finditer(text))
    labels = [entity.label for entity in sentence.entities]
    written = [""] * len(spans) if brackets else _tag_names(labels, literal, MarkerStyle.of(style))
    space = " " if spaced else ""
    parts: list[str] = []
    position = 0
    for name, span in zip(written, spans, strict=True):
        if span[0] == span[1]:
            continue
        opening, closing = (brackets[0][0], brackets[1][0]) if brackets else (f"<{name}>", f"</{name}>")
        parts += (text[position : span[0]], opening, space, text[span[0] : span[1]], space, closing)
        position = span[1]
    names = tuple(name.lower() if span[0] < span[1] else None for name, span in zip(written, spans, strict=True))
    return Marked("".join([*parts, text[position:]]), WrittenMarkers(names, brackets, spaced, literal))


def trimmed(text: str, start: int, end: int) -> Span:
    """The range without white space at its ends; an empty one at `start` where nothing is left.

    >>> trimmed("In Vigo.", 2, 7)
    (3, 7)
    """
    inside = text[start:end].strip()
    if not inside:
        return (start, start)
    start += text[start:end].index(inside)
    return (start, start + len(inside))


def _free_brackets(text: str) -> tuple[str, str] | None:
    """The first kind of brackets that the text has none of."""
    return next((kind for kind in (SQUARE, CURLY) if set(text).isdisjoint(kind[0] + kind[1])), None)


def _tag_names(labels: list[str], literal: frozenset[str], style: MarkerStyle) -> list[str]:
    """Names for tags that are told apart from the tags that stand in the text."""
    if style is MarkerStyle.LABELS and all(_is_name(label) and label.lower() not in literal for label in labels):
        return labels
    return list(islice((name for name in map(str, count(1)) if name not in literal), len(labels)))


def _is_name(label: str) -> bool:
    return (match := TAG.fullmatch(f"<{label}>")) is not None and match[2] == label and not label.isdecimal()
