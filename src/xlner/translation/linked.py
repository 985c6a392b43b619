"""Word links from translations that link ranges of their text."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import normalize

from xlner.core.alignment import Link
from xlner.core.entity import Span
from xlner.core.sentence import Sentence


def composed(sentence: Sentence) -> tuple[str, list[Span]]:
    """Return the text in composed letters (NFC), as translators get it, and the offsets of the tokens in it."""
    sentence = sentence.with_text()
    text, offsets = sentence.text or "", sentence.offsets or ()
    if normalize("NFC", text) == text:
        return text, list(offsets)
    moved = [(len(normalize("NFC", text[:start])), len(normalize("NFC", text[:end]))) for start, end in offsets]
    return normalize("NFC", text), moved


def word_links(links: Sequence[tuple[Span, Span]], target: Sequence[Span], source: Sequence[Span]) -> list[Link]:
    """Return links of words `(source, target)` from links of ranges `(in the target, in the source)`.

    `target` and `source` are the offsets of the words. A word belongs to every range that it overlaps.

    >>> word_links([((0, 7), (0, 5))], target=[(0, 4), (5, 7)], source=[(0, 5), (6, 8)])
    [(0, 0), (0, 1)]
    """
    return [
        (s, t) for in_target, in_source in links for s in _inside(source, in_source) for t in _inside(target, in_target)
    ]


def _inside(offsets: Sequence[Span], span: Span) -> list[int]:
    return [k for k, (start, end) in enumerate(offsets) if max(start, span[0]) < min(end, span[1])]
