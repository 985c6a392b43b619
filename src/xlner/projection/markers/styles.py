"""Write markers around the entities of a text, so that a translator keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import count, islice, product
from string import ascii_lowercase

from xlner.core.entity import Span
from xlner.core.sentence import Sentence
from xlner.errors import UnknownNameError
from xlner.text.suggestions import names_hint

SQUARE = ("[［【〚⟦", "]］】〛⟧")
"""All opening and all closing forms of square brackets that translators write."""
CURLY = ("{｛", "}｝")
"""Curly brackets, for texts that have square brackets."""

TAG = re.compile(r"(?:[<＜〈]|&lt;)\s{0,3}([/／\\]?)\s{0,3}([\w.-]+)\s{0,3}([/／\\]?)\s{0,3}(?:[>＞〉]|&gt;)")
"""A tag in any form that translators write. Matches never overlap, because none has a bracket inside."""


def tag_name(match: re.Match[str]) -> str:
    """The normalized name of a tag, as names are compared.

    >>> [tag_name(match) for match in TAG.finditer("<LOC> </ ١ >")]
    ['loc', '1']
    """
    name = match[2]
    return str(int(name)) if name.isdecimal() and len(name) < 10 else name.lower()


class MarkerStyle(StrEnum):
    """What markers look like."""

    BRACKETS = "brackets"
    """`[Vigo]`: the least unusual for a translator. Which entity a bracket belongs to is found out afterwards."""
    TAGS = "tags"
    """`<1>Vigo</1>`: the number names the entity. Numbers, because a translator turns `<a>` into `<una>`."""
    LABELS = "labels"
    """`<LOC>Vigo</LOC>`."""
    LETTERS = "letters"
    """`<a>Vigo</a>`, and `<b>` for the second entity: for models that were trained with them, such as LabelPigeon."""

    @classmethod
    def of(cls, name: str) -> MarkerStyle:
        """The style with this name. Raises `UnknownNameError` for any other name.

        >>> MarkerStyle.of("tags")
        <MarkerStyle.TAGS: 'tags'>
        """
        try:
            return cls(name)
        except ValueError:
            raise UnknownNameError(f"unknown markers {name!r}", hint=names_hint(name, cls)) from None


@dataclass(frozen=True, slots=True)
class WrittenMarkers:
    """The markers that were written into a text, for reading them back.

    - `names`: one name per entity, in order. It is the lower-case name of a tag, the empty string for brackets, and
      None for an entity that has no visible character and so no marker.
    - `brackets`: all opening and all closing forms; None if the markers are tags.
    - `spaced`: whether a space was written inside each marker.
    - `literal`: the names of tags that belong to the text itself.

    >>> WrittenMarkers().brackets == SQUARE
    True
    """

    names: tuple[str | None, ...] = ()
    brackets: tuple[str, str] | None = SQUARE
    spaced: bool = False
    literal: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Marked:
    """A text with markers, and a description of the markers.

    >>> Marked("In [Vigo].", WrittenMarkers(("",))).markers.names
    ('',)
    """

    text: str
    markers: WrittenMarkers


def write_markers(
    sentence: Sentence,
    style: MarkerStyle | str = MarkerStyle.BRACKETS,
    *,
    spaced: bool = False,
    names: Sequence[str] | None = None,
) -> Marked:
    """Mark the entities in the text of a sentence (EasyProject, Chen et al. 2023).

    Nothing in the text is escaped, so nothing has to be restored. If the text has square brackets of its own, curly
    brackets mark the entities. If it has those too, or tags with the same names, the markers are numbered tags that it
    does not have. `names` are other names for tags, one for each entity, such as those of the same entities in another
    language. `spaced` puts a space inside each marker, for translators that only split words at spaces. A sentence
    without text is detokenized. Raises `UnknownNameError` for an unknown style.

    >>> from xlner import Entity
    >>> write_markers(Sentence.from_text("In Vigo [sic].").with_entities([Entity(1, 2, "LOC")])).text
    'In {Vigo} [sic].'
    """
    sentence = sentence.with_text()
    text = sentence.text or ""
    # White space at the ends of an entity stays outside, so that white space inside a marker was added later.
    spans = [trimmed(text, *(sentence.char_span(entity) or (0, 0))) for entity in sentence.entities]
    brackets = _free_brackets(text) if MarkerStyle.of(style) is MarkerStyle.BRACKETS else None
    literal = frozenset(tag_name(match) for match in TAG.finditer(text))
    labels = [entity.label for entity in sentence.entities]
    own = [""] * len(spans) if brackets else _tag_names(labels, literal, MarkerStyle.of(style))
    written = own if names is None or brackets else list(names)
    space = " " if spaced else ""
    parts: list[str] = []
    position = 0
    for name, span in zip(written, spans, strict=True):
        if span[0] == span[1]:
            continue
        opening, closing = (brackets[0][0], brackets[1][0]) if brackets else (f"<{name}>", f"</{name}>")
        parts += (text[position : span[0]], opening, space, text[span[0] : span[1]], space, closing)
        position = span[1]
    used = tuple(name.lower() if span[0] < span[1] else None for name, span in zip(written, spans, strict=True))
    return Marked("".join([*parts, text[position:]]), WrittenMarkers(used, brackets, spaced, literal))


def trimmed(text: str, start: int, end: int) -> Span:
    """The range without white space at its ends; empty, at `start`, if nothing is left.

    >>> trimmed("In Vigo.", 2, 7)
    (3, 7)
    """
    inside = text[start:end].strip()
    if not inside:
        return (start, start)
    start += text[start:end].index(inside)
    return (start, start + len(inside))


def _free_brackets(text: str) -> tuple[str, str] | None:
    """The first kind of brackets that the text does not have."""
    return next((kind for kind in (SQUARE, CURLY) if set(text).isdisjoint(kind[0] + kind[1])), None)


def _tag_names(labels: list[str], literal: frozenset[str], style: MarkerStyle) -> list[str]:
    """Names of tags that differ from the tags in the text."""
    if style is MarkerStyle.LABELS and all(_is_name(label) and label.lower() not in literal for label in labels):
        return labels
    free = _letters() if style is MarkerStyle.LETTERS else map(str, count(1))
    return list(islice((name for name in free if name not in literal), len(labels)))


def _letters() -> Iterator[str]:
    """`a` to `z`, then `aa`, `ab` …"""
    return ("".join(letters) for size in count(1) for letters in product(ascii_lowercase, repeat=size))


def _is_name(label: str) -> bool:
    return (match := TAG.fullmatch(f"<{label}>")) is not None and match[2] == label and not label.isdecimal()
