"""Entities from spans of characters that a model found in a text."""

from __future__ import annotations

from collections.abc import Iterable

from xlner.core.entity import Entity
from xlner.core.sentence import Sentence
from xlner.recognition.rounding import rounded
from xlner.text.offsets import words_in


def whole_word_entities(sentence: Sentence, spans: Iterable[tuple[int, int, str, float]]) -> list[Entity]:
    """Return the entities of spans `(start, end, label, score)` of the text of a sentence.

    They are extended to whole words. Where several have a word in common, the one that begins first is kept, and of
    those the longest.

    >>> whole_word_entities(Sentence.from_text("Ana Pardo"), [(0, 5, "PER", 0.75), (4, 9, "ORG", 0.5)])
    [Entity(start=0, end=2, label='PER', score=0.75)]
    """
    entities: list[Entity] = []
    for start, end, label, score in sorted(spans, key=lambda span: (span[0], -span[1])):
        words = words_in(sentence.offsets or (), start, end)
        if words is not None and (not entities or entities[-1].end <= words[0]):
            entities.append(Entity(*words, label, rounded(score)))
    return entities
