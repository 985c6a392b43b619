"""Parallel texts with markers around their entities, for training translators that keep them."""

from __future__ import annotations

from collections import Counter

from xlner.core.entity import Entity
from xlner.core.pair import Pair
from xlner.core.sentence import Sentence
from xlner.projection.markers.styles import MarkerStyle, write_markers


def marked_texts(pair: Pair, style: MarkerStyle | str | None) -> tuple[str, str] | None:
    """Return the source text and the target text, with markers around the entities that correspond to each other.

    The two halves of a pair have the same marker. If the pair was projected, as `build` does, entities correspond as
    its outcomes say, and those that were dropped have no markers. Otherwise the entities of each label correspond in
    their order. The result is None if their numbers differ, or if the texts cannot have the same markers. With the
    style None there are no markers.

    Raises `UnknownNameError` for an unknown style.

    >>> source = Sentence(("Ana", "in", "Vigo"), (Entity(0, 1, "PER"), Entity(2, 3, "LOC")))
    >>> target = Sentence(("En", "Vigo", ",", "Ana"), (Entity(1, 2, "LOC"), Entity(3, 4, "PER")))
    >>> marked_texts(Pair(target, source), "letters")
    ('<a>Ana</a> in <b>Vigo</b>', 'En <b>Vigo</b>, <a>Ana</a>')
    """
    source, target = pair.require_source().with_text(), pair.latest.with_text()
    matches = _matches(pair, source, target)
    if matches is None and style is not None:
        return None
    if style is None or not matches:
        return source.text or "", target.text or ""
    first = write_markers(source.with_entities([entity for entity, _ in matches]), style)
    if None in first.markers.names:
        return None
    written = zip(matches, first.markers.names, strict=True)
    names = {found: entity.label if name == entity.label.lower() else name or "" for (entity, found), name in written}
    target = target.with_entities(names)
    second = write_markers(target, style, names=[names[entity] for entity in target.entities])
    clash = second.markers.literal.intersection(first.markers.names)
    if first.markers.brackets != second.markers.brackets or clash:
        return None  # a text has such brackets or tags of its own
    if Counter(first.markers.names) != Counter(second.markers.names):
        return None  # nothing to mark, or two entities of the source are one in the target
    return first.text, second.text


def _matches(pair: Pair, source: Sentence, target: Sentence) -> list[tuple[Entity, Entity]] | None:
    """The entities that correspond to each other, in the order of the source."""
    if pair.projection is not None:
        return [(o.entity, o.projected[0]) for o in pair.projection.outcomes if o.projected]
    if Counter(e.label for e in source.entities) != Counter(e.label for e in target.entities):
        return None
    waiting = {label: [e for e in target.entities if e.label == label] for label in {e.label for e in target.entities}}
    return [(entity, waiting[entity.label].pop(0)) for entity in source.entities]
