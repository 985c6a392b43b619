"""Word links out of translations that say which part of the text became which part of them."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import normalize

from xlner.core.alignment import Link
from xlner.core.entity import Span
from xlner.core.sentence import Sentence


def composed(sentence: Sentence) -> tuple[str, list[Span]]:
    """The text in composed letters, as translators get it, and the offsets of the tokens in that."""
    sentence = sentence.with_text()
    text, offsets = sentence.text or "", sentence.offsets or ()
    if normalize("NFC", text) == text:
        return text, list(offsets)
    moved = [(len(normalize("NFC", text[:start])), len(normalize("NFC", text[:end]))) for start, end in offsets]
    return normalize("NFC", text), moved


def word_links(links: Sequence[tuple[Span, Span]], target: Sequence[Span], source: Sequence[Span]) -> list[Link]:
    """Links of words out of links of ranges `(in the target, in the source)`."""
    return [
        (s, t) for in_target, in_source in links for s in _inside(source, in_source) for t in _inside(target, in_target)
    ]


def _inside(offsets: Sequence[Span], span: Span) -> list[int]:
    return [k for k, (start, end) in enumerate(offsets) if max(start, span[0]) < min(end, span[1])]
