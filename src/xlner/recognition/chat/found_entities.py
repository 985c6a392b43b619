"""The entities that an answer names, where they are in the sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from xlner.core.entity import Entity, Span, overlaps
from xlner.core.sentence import Sentence
from xlner.models.chat.places import occurrences, places
from xlner.models.chat.structured import json_in


class Rejection(StrEnum):
    """Why an entity of an answer is left out."""

    MALFORMED = "malformed"
    """It is not a text and a type."""
    UNKNOWN_TYPE = "unknown-type"
    """Its type was not asked for."""
    NOT_IN_TEXT = "not-in-text"
    """The sentence does not have its text, letter by letter."""
    PART_OF_WORD = "part-of-word"
    """Its text begins or ends inside of a word."""
    REPEATED = "repeated"
    """The answer has it more often than the sentence."""
    OVERLAP = "overlap"
    """Its words belong to entities that the answer names earlier."""


@dataclass(frozen=True, slots=True)
class Found:
    """The entities of a sentence, in its order, and why others of the answer were left out."""

    entities: tuple[Entity, ...]
    rejected: tuple[Rejection, ...] = ()


def found_entities(answer: str, sentence: Sentence, types: Mapping[str, str]) -> Found | None:
    """Return the entities that an answer names, at their words; None if the answer is not the JSON that was asked for.

    The answer is `{"entities": [{"text": …, "type": …}]}`, or the list alone. It does not say where an entity is: its
    text is looked up in the sentence. An answer lists entities in the order of the sentence, so the place of an entity
    is the first free one after that of the entity before it, or else the first free one. `types` are the types that
    were asked for with their labels.

    >>> sentence = Sentence.from_text("Ana and Ana in Vigo")
    >>> answer = '{"entities": [{"text": "Ana", "type": "person"}, {"text": "Vigo", "type": "place"}]}'
    >>> found_entities(answer, sentence, {"person": "PER", "place": "LOC"}).entities
    (Entity(start=0, end=1, label='PER', score=None), Entity(start=4, end=5, label='LOC', score=None))
    """
    value = json_in(answer)
    items = value.get("entities") if isinstance(value, Mapping) else value
    if not isinstance(items, list) or (items and not any(isinstance(item, Mapping) for item in items)):
        return None
    labels = {name.casefold(): label for name, label in [*((v, v) for v in types.values()), *types.items()]}
    taken: list[Entity] = []
    rejected: list[Rejection] = []
    after = 0
    for item in items:
        text, kind = (item.get("text"), item.get("type")) if isinstance(item, Mapping) else (None, None)
        if not isinstance(text, str) or not isinstance(kind, str) or not text.strip():
            rejected.append(Rejection.MALFORMED)
        elif kind.strip().casefold() not in labels:
            rejected.append(Rejection.UNKNOWN_TYPE)
        else:
            place = _place(sentence, text, taken, after)
            if isinstance(place, Rejection):
                rejected.append(place)
            else:
                taken.append(Entity(*place, labels[kind.strip().casefold()]))
                after = place[1]
    return Found(tuple(sorted(taken)), tuple(rejected))


def _place(sentence: Sentence, text: str, taken: list[Entity], after: int) -> Span | Rejection:
    spans = places(sentence, text)
    if not spans:
        return Rejection.PART_OF_WORD if occurrences(sentence, text) else Rejection.NOT_IN_TEXT
    free = [span for span in spans if not any(overlaps(span, other.span) for other in taken)]
    if free:
        return next((span for span in free if span[0] >= after), free[0])
    return Rejection.REPEATED if {e.span for e in taken}.issuperset(spans) else Rejection.OVERLAP
