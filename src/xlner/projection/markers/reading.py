"""Read markers back from a translated text, whatever the translator did to them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from xlner.core.entity import Span
from xlner.projection.markers.styles import TAG, WrittenMarkers, tag_name, trimmed


class Diagnosis(StrEnum):
    """What became of one marker."""

    WHOLE = "whole"
    """Opened and closed once."""
    NESTED = "nested"
    """Whole, but inside another marker."""
    DOUBLED = "doubled"
    """Whole, but one more of its name than were written."""
    RENAMED = "renamed"
    """Whole, but with a name that was not written: the translator translated the name."""
    EMPTY = "empty"
    """Opened and closed with nothing inside."""
    UNCLOSED = "unclosed"
    """Opened and never closed."""
    UNOPENED = "unopened"
    """Closed and never opened."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a marker was in a text without markers: a half-open range of code points, its name and its diagnosis.

    The range has no white space at its ends. For an unclosed or unopened marker it is empty and gives the position. The
    name is empty for brackets and for tags that were not written.
    """

    start: int
    end: int
    name: str
    diagnosis: Diagnosis

    @property
    def half(self) -> bool:
        """True if the other half of the marker is missing."""
        return self.diagnosis in (Diagnosis.UNCLOSED, Diagnosis.UNOPENED)


@dataclass(frozen=True, slots=True)
class Unmarked:
    """A text without its markers, the marks they left, and the names of lost markers."""

    text: str
    marks: tuple[Mark, ...]
    lost: tuple[str, ...] = ()


class _Tag(NamedTuple):
    """Half of a marker in the marked text."""

    start: int
    end: int
    name: str
    closing: bool


def read_markers(text: str, markers: WrittenMarkers) -> Unmarked:
    """Remove the markers from a text and return what they were around. Never raises.

    Each closing half is joined with the nearest open half of its name. White space inside markers, or doubled by their
    removal, is removed too: `In [ Vigo ] .` becomes `In Vigo .`, and `In[ Vigo ].` becomes `In Vigo.`. Nothing else
    changes, so a text that markers were written into is restored.

    >>> read_markers("In【 Vigo ].", WrittenMarkers(("",)))
    Unmarked(text='In Vigo.', marks=(Mark(start=3, end=7, name='', diagnosis=<Diagnosis.WHOLE: 'whole'>),), lost=())
    """
    tags = _find_tags(text, markers)
    clean, places = _remove(text, tags, spaced=markers.spaced)
    clean, places = _remove_remade(clean, places, markers)
    pairs, halves = _join(tags)
    written = Counter(name for name in markers.names if name is not None)
    marks = _whole_marks(clean, tags, places, pairs, markers)
    seen = Counter(mark.name for mark in marks)
    for k in halves:
        diagnosis = Diagnosis.UNOPENED if tags[k].closing else Diagnosis.UNCLOSED
        marks.append(Mark(places[k], places[k], tags[k].name, diagnosis))
        seen[tags[k].name] += 1
    marks.sort(key=lambda m: (m.start, -m.end))
    return Unmarked(clean, tuple(marks), tuple((written - seen).elements()))


def _find_tags(text: str, markers: WrittenMarkers) -> list[_Tag]:
    if markers.brackets is not None:
        opening, closing = markers.brackets
        found = re.finditer(f"[{re.escape(opening + closing)}]", text)
        return [_Tag(m.start(), m.end(), "", m[0] in closing) for m in found]
    tags = [_Tag(m.start(), m.end(), tag_name(m), bool(m[1] or m[3])) for m in TAG.finditer(text)]
    return [
        tag if tag.name in markers.names else tag._replace(name="") for tag in tags if tag.name not in markers.literal
    ]


def _remove(text: str, tags: Sequence[_Tag], *, spaced: bool) -> tuple[str, list[int]]:
    """The text without tags and their white space, and the position of each tag in it."""
    parts: list[str] = []
    places: list[int] = []
    length = position = 0
    for run in _runs(text, tags):
        body = text[position : run[0].start].rstrip()
        gaps = [text[position + len(body) : run[0].start]]
        gaps += [text[a.end : b.start] for a, b in pairwise(run)]
        position = run[-1].end
        after = len(text) - len(text[position:].lstrip())
        gaps.append(text[position:after])
        position = after
        space = _space_kept(gaps, run, body[-1:], text[after : after + 1], spaced=spaced)
        length += len(body)
        places += (length if tag.closing else length + len(space) for tag in run)
        length += len(space)
        parts += (body, space)
    return "".join([*parts, text[position:]]), places


def _runs(text: str, tags: Sequence[_Tag]) -> Iterator[list[_Tag]]:
    """Groups of tags with only white space between them."""
    run: list[_Tag] = []
    for tag in tags:
        if run and text[run[-1].end : tag.start].strip():
            yield run
            run = []
        run.append(tag)
    if run:
        yield run


def _space_kept(gaps: Sequence[str], run: Sequence[_Tag], left: str, right: str, *, spaced: bool) -> str:
    """The white space to keep around the tags of a run, between the characters `left` and `right`.

    White space outside markers was in the text. White space inside them is only kept if it separates two words.
    """
    inside = [
        (k > 0 and not run[k - 1].closing) or (k < len(run) and run[k].closing)  # after an opening, before a closing
        for k in range(len(gaps))
    ]
    if not left or not right:
        edge = 0 if not left else -1
        return "" if inside[edge] else gaps[edge]
    outer = next((gap for gap, within in zip(gaps, inside, strict=True) if gap and not within), "")
    if outer or spaced or _opens(left) or _closes(right):
        return outer
    return next(filter(None, gaps), "")


def _opens(char: str) -> bool:
    return unicodedata.category(char) in ("Ps", "Pi")


def _closes(char: str) -> bool:
    return unicodedata.category(char) in ("Pe", "Pf", "Po")


def _remove_remade(text: str, places: list[int], markers: WrittenMarkers) -> tuple[str, list[int]]:
    """Remove tags that appeared when others were removed: `<<a>a>`."""
    while tags := _find_tags(text, markers):
        places = [p - sum(min(max(p - t.start, 0), t.end - t.start) for t in tags) for p in places]
        kept = zip([0, *(t.end for t in tags)], [*(t.start for t in tags), len(text)], strict=True)
        text = "".join(text[a:b] for a, b in kept)
    return text, places


def _join(tags: Sequence[_Tag]) -> tuple[list[Span], list[int]]:
    """The indices of joined tags, by their opening tag, and of tags without a partner."""
    opened: defaultdict[str, list[int]] = defaultdict(list)
    pairs: list[Span] = []
    halves: list[int] = []
    for k, tag in enumerate(tags):
        if not tag.closing:
            opened[tag.name].append(k)
        elif opened[tag.name]:
            pairs.append((opened[tag.name].pop(), k))
        else:
            halves.append(k)
    return sorted(pairs), sorted([*halves, *(k for left in opened.values() for k in left)])


def _whole_marks(
    text: str, tags: Sequence[_Tag], places: Sequence[int], pairs: Sequence[Span], markers: WrittenMarkers
) -> list[Mark]:
    written = Counter(markers.names)
    marks = []
    seen: Counter[str] = Counter()
    reach = -1
    for opening, closing in pairs:
        name = tags[opening].name
        start, end = trimmed(text, places[opening], places[closing])
        if start == end:
            diagnosis = Diagnosis.EMPTY
        elif closing < reach:
            diagnosis = Diagnosis.NESTED
        elif not name and markers.brackets is None:
            diagnosis = Diagnosis.RENAMED
        else:
            seen[name] += 1
            diagnosis = Diagnosis.WHOLE if seen[name] <= written[name] else Diagnosis.DOUBLED
        reach = max(reach, closing)
        marks.append(Mark(start, end, name, diagnosis))
    return marks
