"""Read labels as other labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast

from xlner.core.entity import Entity
from xlner.core.labels import LabelMap, instead_of
from xlner.core.lines import shown_name
from xlner.core.pair import Outcome, Pair
from xlner.core.sentence import Sentence
from xlner.core.sentence_block import SentenceBlock
from xlner.errors import InputError
from xlner.formats.reading import warn_of_data

Read = TypeVar("Read", Sentence, Pair)
_Any = Sentence | SentenceBlock | Pair | InputError


def relabeled(
    items: Iterable[Read | InputError], label_map: LabelMap | str | None, path: str | Path = "-"
) -> Iterator[Read | InputError]:
    """The sentences or pairs with the labels that a label map gives them.

    A map that trims spans trims those of sentences, and only renames the labels of pairs. At the end a
    `DataWarning` names each label of the map that `path` does not have, under its old or its new name. Raises
    `UnknownNameError` for an unknown map.

    >>> vigo = Sentence(("Vigo",), (Entity(0, 1, "GPE"),))
    >>> next(relabeled([vigo], "GPE=LOC")).tags()
    ['B-LOC']
    """
    return cast("Iterator[Read | InputError]", _with_labels(items, label_map, path))


def relabeled_blocks(
    items: Iterable[Sentence | SentenceBlock | InputError], label_map: LabelMap | None, path: str | Path = "-"
) -> Iterator[Sentence | SentenceBlock | InputError]:
    """The same for blocks of sentences, with a map that trims no spans."""
    return cast("Iterator[Sentence | SentenceBlock | InputError]", _with_labels(items, label_map, path))


def _with_labels(items: Iterable[_Any], label_map: LabelMap | str | None, path: str | Path) -> Iterator[_Any]:
    labels = LabelMap.parse(label_map) if isinstance(label_map, str) else label_map
    if labels is None or (labels.keep_others and not labels.mapping):
        return iter(items)
    return _relabeling(items, labels, path)


def _relabeling(items: Iterable[_Any], labels: LabelMap, path: str | Path) -> Iterator[_Any]:
    here: set[str] = set()
    for item in items:
        if isinstance(item, SentenceBlock):
            here.update(item.counts())
            yield item.with_names([labels.mapped(name) for name in item.names])
            continue
        here.update(entity.label for entity in _entities(item))
        yield _relabeled(item, labels)
    if not labels.keep_others or not here:
        return
    name = shown_name(path)
    for old, new in labels.mapping.items():
        if old not in here and new not in here:  # another file of the command may have the old name
            warn_of_data(f"--map {old}: no entity of {name} has this label; {instead_of(old, here)}")


def _entities(item: Sentence | Pair | InputError) -> Iterable[Entity]:
    if isinstance(item, Sentence):
        return item.entities
    if not isinstance(item, Pair):
        return ()
    outcomes = () if item.projection is None else item.projection.outcomes
    source = () if item.source is None else item.source.entities
    return (*item.target.entities, *item.labeled.entities, *source, *(outcome.entity for outcome in outcomes))


def _relabeled(item: Sentence | Pair | InputError, labels: LabelMap) -> Sentence | Pair | InputError:
    if isinstance(item, Sentence):
        return item.with_entities(labels.apply(item.entities, item.tokens)) if item.entities else item
    if isinstance(item, Pair):
        return _relabeled_pair(item, labels)
    return item


def _relabeled_pair(pair: Pair, labels: LabelMap) -> Pair:
    projection = pair.projection
    if projection is not None:
        outcomes = (_relabeled_outcome(outcome, labels) for outcome in projection.outcomes)
        projection = replace(
            projection,
            sentence=_renamed(projection.sentence, labels),
            outcomes=tuple(o for o in outcomes if o is not None),
            ensemble_members=tuple(replace(m, entities=_kept(m.entities, labels)) for m in projection.ensemble_members),
        )
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
    return sentence.with_entities(_kept(sentence.entities, labels))


def _kept(entities: Iterable[Entity], labels: LabelMap) -> tuple[Entity, ...]:
    return tuple(e for e in (_entity(e, labels) for e in entities) if e is not None)


def _entity(entity: Entity, labels: LabelMap) -> Entity | None:
    label = labels.mapped(entity.label)
    return None if label is None else replace(entity, label=label)
