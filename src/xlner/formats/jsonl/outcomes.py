"""The links, the outcomes and the scores in the record of a pair."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from xlner.core.alignment import Alignment
from xlner.core.entity import Entity
from xlner.core.pair import Member, Outcome, Projection, Reason
from xlner.core.sentence import Sentence
from xlner.errors import ValidationError
from xlner.formats.json_values import shown
from xlner.text.counts import counted

_LINK = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")


def alignment_of(links: object, weights: object) -> Alignment:
    """The links of a pair. Raises `ValidationError` for what is none.

    >>> alignment_of("0-0 1-2", None).links
    ((0, 0), (1, 2))
    """
    if not isinstance(links, str):
        raise ValidationError(f'"alignment" is {shown(links)}, not a string of links', hint='write "0-0 1-2"')
    found = []
    for part in links.split():
        match = _LINK.fullmatch(part)
        if match is None:
            raise ValidationError(f'"alignment" has {shown(part)}, which is not a link', hint='write "0-0 1-2"')
        found.append((int(match[1]), int(match[2])))
    if weights is None:
        return Alignment(tuple(found))
    if not isinstance(weights, list) or not all(map(_is_number, weights)):
        raise ValidationError('"weights" is not a list of numbers')
    return Alignment(tuple(found), tuple(weights))


def projection_of(labeled: Sentence, outcomes: object, matching: object, members: object) -> Projection:
    """The projection of a pair. Raises `ValidationError` for what is none.

    >>> vigo = {"start": 0, "end": 1, "label": "LOC"}
    >>> projection_of(Sentence(("Vigo",)), [{"entity": vigo, "projected": [vigo]}], None, None).outcomes[0].dropped
    False
    """
    matching = {} if matching is None else matching
    if not isinstance(outcomes, list) or not isinstance(matching, Mapping):
        raise ValidationError('"outcomes" is not a list, or "matching" not an object')
    solver, objective = matching.get("solver"), matching.get("objective")
    if not isinstance(solver, (str, type(None))) or not (objective is None or _is_number(objective)):
        raise ValidationError(f'"matching" is {shown(matching)}', hint="it has a solver and an objective")
    return Projection(labeled, tuple(map(_outcome, outcomes)), solver, objective, _members(members, len(labeled)))


def _members(members: object, words: int) -> tuple[Member, ...]:
    if members is None:
        return ()
    if not isinstance(members, list):
        raise ValidationError(f'"ensemble_members" is {shown(members)}, not a list')
    return tuple(_member(member, words) for member in members)


def _member(record: object, words: int) -> Member:
    known: Mapping[str, Any] = record if isinstance(record, Mapping) else {}
    name, weight, entities = (known.get(key) for key in ("name", "weight", "entities"))
    if not isinstance(name, str) or not _is_number(weight) or not isinstance(entities, list):
        hint = "give its name, weight and entities"
        raise ValidationError(f"{shown(record)} is not a member of an ensemble", hint=hint)
    found = tuple(map(_entity, entities))
    beyond = next((e for e in found if e.end > words), None)
    if beyond is not None:
        raise ValidationError(
            f"the entity {beyond.span} of {name!r} ends beyond the sentence of {counted(words, 'word')}"
        )
    return Member(name, float(weight), found)


def _outcome(record: object) -> Outcome:
    if not isinstance(record, Mapping) or not isinstance(record.get("projected", []), list):
        raise ValidationError(f"{shown(record)} is not an outcome")
    reason, scores = record.get("reason"), record.get("scores", {})
    if not isinstance(scores, Mapping) or not all(map(_is_number, scores.values())):
        raise ValidationError(f"{shown(scores)} are not scores")
    return Outcome(
        _entity(record.get("entity")),
        tuple(map(_entity, record.get("projected", ()))),
        None if reason is None else Reason(reason),
        scores,
    )


def _entity(record: object) -> Entity:
    """An entity of an outcome."""
    if not isinstance(record, Mapping):
        raise ValidationError(f"{shown(record)} is not an entity")
    start, end, label, score = (record.get(name) for name in ("start", "end", "label", "score"))
    if not (type(start) is int and type(end) is int and isinstance(label, str)) or not (
        score is None or _is_number(score)
    ):
        raise ValidationError(f"{shown(record)} is not an entity", hint="give its start, end and label")
    return Entity(start, end, label, score)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and type(value) is not bool and math.isfinite(value)
