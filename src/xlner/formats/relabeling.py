"""Read labels as other labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from xlner.core.entity import Entity
from xlner.core.labels import LabelMap
from xlner.core.pair import Outcome, Pair
from xlner.core.sentence import Sentence
from xlner.errors import InputError

Read = TypeVar("Read", Sentence, Pair)


def relabeled(items: Iterable[Read | InputError], label_map: LabelMap | str | None) -> Iterator[Read | InputError]:
    """The sentences or pairs with the labels that a label map gives them.

    A map that trims spans trims those of sentences, and only renames the labels of pairs. Raises `UnknownNameError`
    for an unknown map.

    >>> vigo = Sentence(("Vigo",), (Entity(0, 1, "GPE"),))
    >>> next(relabeled([vigo], "GPE=LOC")).tags()
    ['B-LOC']
    """
    labels = LabelMap.parse(label_map) if isinstance(label_map, str) else label_map
    if labels is None or (labels.keep_others and not labels.mapping):
        return iter(items)
    return (_relabeled(item, labels) for item in items)


def _relabeled(item: Read | InputError, labels: LabelMap) -> Read | InputError:
    if isinstance(item, Sentence):
        return item.with_entities(labels.apply(item.entities, item.tokens)) if item.entities else item
    if isinstance(item, Pair):
        return _relabeled_pair(item, labels)
    return item


def _relabeled_pair(pair: Pair, labels: LabelMap) -> Pair:
    projection = pair.projection
    if projection is not None:
        outcomes = (_relabeled_outcome(outcome, labels) for outcome in projection.outcomes)
        sentence = _renamed(projection.sentence, labels)
        projection = replace(projection, sentence=sentence, outcomes=tuple(o for o in outcomes if o is not None))
    source = None if pair.source is None else _renamed(pair.source, labels)
    return replace(pair, target=_renamed(pair.target, labels), source=source, projection=projection)


def _relabeled_outcome(outcome: Outcome, labels: LabelMap) -> Outcome | None:
    """The outcome with its new labels; None if its entity is dropped."""
    (entity, *projected) = (_entity(e, labels) for e in (outcome.entity, *outcome.projected))
    kept = tuple(e for e in projected if e is not None)
    if entity is None or len(kept) < len(outcome.projected):
        return None
    return replace(outcome, entity=entity, projected=kept)


def _renamed(sentence: Sentence, labels: LabelMap) -> Sentence:
    if not sentence.entities:
        return sentence
    return sentence.with_entities(e for e in (_entity(e, labels) for e in sentence.entities) if e is not None)


def _entity(entity: Entity, labels: LabelMap) -> Entity | None:
    label = labels.mapped(entity.label)
    return None if label is None else replace(entity, label=label)
