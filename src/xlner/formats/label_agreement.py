"""Other labels in a record whose labels were read: they must be the same, and labels of spans must not be tags."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xlner.core.entity import Entity
from xlner.errors import ValidationError
from xlner.formats.label_fields import LABEL_FIELDS, could_be_tag

_TAG_AS_LABEL = re.compile(r"O|[BI]-\S+|[ESLUM]-[A-Z]{2}\S*")

Reader = Callable[[str, Any], Sequence[Entity]]
"""Reads the labels in the value of a field."""


def same_labels(
    record: Mapping[str, Any], name: str, entities: Sequence[Entity], length: int, read: Reader
) -> set[str]:
    """The other fields of a record with words that hold the same labels as the field `name`.

    Raises `ValidationError` if another field holds other labels. What could as well be anything else, such as parts of
    speech in `tags`, is left alone.

    >>> record = {"tokens": ["Ana"], "ner_tags": ["B-PER"], "entities": [{"start": 0, "end": 1, "label": "LOC"}]}
    >>> same_labels(record, "entities", [Entity(0, 1, "LOC")], 1, lambda name, value: [Entity(0, 1, "PER")])
    Traceback (most recent call last):
    xlner.errors.ValidationError: both "entities" and "ner_tags" hold labels, which are not the same; remove one of them
    """
    found: set[str] = set()
    for other in LABEL_FIELDS:
        if other not in record or other == name:
            continue
        value = record[other]
        if not value or not isinstance(value, (list, tuple)):
            continue
        same = (len(value) == length and are_iob2(value, entities)) or _is_same(other, value, entities, read)
        if same is False:
            raise ValidationError(
                f'both "{name}" and "{other}" hold labels, which are not the same', hint="remove one of them"
            )
        if same:
            found.add(other)
    return found


def are_iob2(value: Sequence[Any], entities: Sequence[Entity]) -> bool:
    """Whether a list holds the IOB2 tags of these entities. This is quick, and true of what xlner writes.

    >>> are_iob2(["B-PER", "I-PER", "O"], [Entity(0, 2, "PER")]), are_iob2(["B-PER", "O"], [])
    (True, False)
    """
    inside = 0
    for entity in entities:
        start, end = entity.start, entity.end
        if value[start:end] != [f"B-{entity.label}", *[f"I-{entity.label}"] * (end - start - 1)]:
            return False
        inside += end - start
    return value.count("O") == len(value) - inside


def _is_same(name: str, value: Sequence[Any], entities: Sequence[Entity], read: Reader) -> bool | None:
    """Whether a field holds these entities; None if it does not hold labels for sure."""
    kinds = set(map(type, value))
    if not _are_labels(name, value, kinds):
        return None
    if kinds == {int}:
        covered = {position for entity in entities for position in range(entity.start, entity.end)}
        return covered == {position for position, number in enumerate(value) if number}
    try:
        found = read(name, value)
    except ValidationError:
        return False if kinds == {str} or (name in ("entities", "spans", "ents", "ner") and not entities) else None
    return {(e.start, e.end, e.label) for e in found} == {(e.start, e.end, e.label) for e in entities}


def _are_labels(name: str, value: Sequence[Any], kinds: set[type]) -> bool:
    if kinds == {str}:
        return all(map(could_be_tag, value))
    return name == "ner_tags" if kinds == {int} else not kinds.isdisjoint((dict, list, tuple))


def require_no_tags(name: str, entities: Sequence[Entity]) -> None:
    """Raise `ValidationError` if the label of a span is a tag, such as B-PER."""
    for entity in entities:
        label = entity.label
        if (label == "O" or label[1:2] == "-") and _TAG_AS_LABEL.fullmatch(label):
            raise ValidationError(
                f'"{name}" has the label {label!r}, which is a tag',
                hint="write one span for each entity, with its label alone, such as PER",
            )
