"""Corrections: what a person decided about entities, and what that makes of a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from xlner.core.entity import Entity, overlaps
from xlner.core.lines import read_lines
from xlner.core.sentence import Sentence
from xlner.errors import InputError, ValidationError
from xlner.report.records import words_digest
from xlner.text.counts import counted

VERSION = 1
HEAD = {"xlner": "corrections", "version": VERSION}
"""What the first record of a file of corrections has."""
_TEXTS = ("key", "time", "who", "digest")


class Action(StrEnum):
    """What a person decided.

    >>> Action("accept").name
    'ACCEPT'
    """

    ACCEPT = "accept"
    """The entity is right."""
    CHANGE = "change"
    """The entity has other words or another label."""
    ADD = "add"
    """An entity was missing."""
    DELETE = "delete"
    """The entity is none."""
    REVIEWED = "reviewed"
    """The sentence is right as it is now: its other entities, too, and no entity is missing."""
    UNDO = "undo"
    """An earlier decision does not count."""


_HAS_BEFORE = frozenset({Action.ACCEPT, Action.CHANGE, Action.DELETE})
_HAS_AFTER = frozenset({Action.CHANGE, Action.ADD})


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision.

    - `key`: names it; no other decision has the same.
    - `sentence`, `digest`: the number of the sentence, from 1, and a hash of its words.
    - `before`, `after`: the entity that it is about, and the one that takes its place.
    - `undoes`: the key of the decision that an undo takes back.
    - `who`, `time`: whose decision it is, and when it was made, in ISO 8601.

    Raises `ValidationError` if it lacks what its action needs, or has what it does not.

    >>> Decision("1", 3, "0f", Action.DELETE, before=Entity(0, 1, "LOC")).action.value
    'delete'
    """

    key: str
    sentence: int
    digest: str
    action: Action
    before: Entity | None = None
    after: Entity | None = None
    undoes: str | None = None
    who: str = ""
    time: str = ""

    def __post_init__(self) -> None:
        for name, value, needed in (
            ("before", self.before, self.action in _HAS_BEFORE),
            ("after", self.after, self.action in _HAS_AFTER),
            ("undoes", self.undoes, self.action is Action.UNDO),
        ):
            if (value is not None) != needed:
                raise ValidationError(f"the decision {self.action} {'needs' if needed else 'has no'} {name!r}")

    @classmethod
    def of(cls, record: object) -> Decision:
        """Read a decision from its record. Raises `ValidationError` for what is none."""
        if not isinstance(record, Mapping):
            raise ValidationError("a decision is not an object")
        texts = {name: record.get(name, "") for name in _TEXTS}
        sentence, undoes = record.get("sentence"), record.get("undoes")
        if not all(isinstance(text, str) for text in texts.values()) or not texts["key"]:
            raise ValidationError(f"a decision needs texts as {', '.join(_TEXTS)}")
        if type(sentence) is not int or sentence < 1:
            raise ValidationError("a decision needs the number of its sentence")
        if undoes is not None and not isinstance(undoes, str):
            raise ValidationError("'undoes' is not the key of a decision")
        try:
            action = Action(record.get("action", ""))
        except ValueError:
            raise ValidationError(f"a decision has the action {record.get('action')!r}") from None
        before, after = (_entity(record.get(name)) for name in ("before", "after"))
        return cls(sentence=sentence, action=action, before=before, after=after, undoes=undoes, **texts)

    def as_record(self) -> dict[str, Any]:
        """The decision as a record of JSON."""
        record: dict[str, Any] = {"key": self.key, "time": self.time, "who": self.who, "sentence": self.sentence}
        record |= {"digest": self.digest, **self.what()}
        if self.undoes is not None:
            record["undoes"] = self.undoes
        return record

    def what(self) -> dict[str, Any]:
        """The action and its entities as a record of JSON."""
        record: dict[str, Any] = {"action": self.action.value}
        for name, entity in (("before", self.before), ("after", self.after)):
            if entity is not None:
                record[name] = {"start": entity.start, "end": entity.end, "label": entity.label}
        return record


def _entity(record: object) -> Entity | None:
    if record is None:
        return None
    if not isinstance(record, Mapping):
        raise ValidationError("an entity of a decision is not an object")
    start, end, label = (record.get(name) for name in ("start", "end", "label"))
    if type(start) is not int or type(end) is not int or not isinstance(label, str):
        raise ValidationError("an entity of a decision needs start, end and label")
    return Entity(start, end, label)


def standing(decisions: Iterable[Decision]) -> list[Decision]:
    """The decisions that count: neither undone nor an undo.

    >>> made = Decision("1", 1, "0f", Action.REVIEWED)
    >>> standing([made, Decision("2", 1, "0f", Action.UNDO, undoes="1")])
    []
    """
    decisions = list(decisions)
    undone = {d.undoes for d in decisions if d.action is Action.UNDO}
    return [d for d in decisions if d.action is not Action.UNDO and d.key not in undone]


State = Literal["given", "accepted", "changed", "added"]


@dataclass(frozen=True, slots=True)
class CorrectedSentence:
    """A sentence after decisions about it.

    - `sentence`: with the entities that it has now. A score is kept where the entity is.
    - `states`: for each of them, whether a person has accepted, changed or added it.
    - `right`, `wrong`: the entities that it had, as far as a person judged them.
    - `reviewed`: whether a person said that nothing is wrong or missing any more.

    >>> vigo = Sentence(("Vigo",), (Entity(0, 1, "LOC"),))
    >>> CorrectedSentence(vigo, ("accepted",), right=vigo.entities, wrong=(), reviewed=False).states
    ('accepted',)
    """

    sentence: Sentence
    states: tuple[State, ...]
    right: tuple[Entity, ...]
    wrong: tuple[Entity, ...]
    reviewed: bool


def corrected(sentence: Sentence, decisions: Iterable[Decision]) -> CorrectedSentence:
    """Apply the decisions about a sentence in their order.

    Raises `ValidationError` if one does not fit: the sentence has other words, or not the entity that it is about, or
    the new entity overlaps another one.

    >>> vigo = Sentence(("en", "Vigo"), (Entity(0, 2, "LOC", 0.5),))
    >>> change = Decision("1", 1, words_digest(vigo), Action.CHANGE, Entity(0, 2, "LOC"), Entity(1, 2, "LOC"))
    >>> found = corrected(vigo, [change])
    >>> found.sentence.tags(), found.states, found.wrong
    (['O', 'B-LOC'], ('changed',), (Entity(start=0, end=2, label='LOC', score=0.5),))
    """
    now: list[tuple[Entity, State, Entity | None]] = [(e, "given", e) for e in sentence.entities]
    wrong: list[Entity] = []
    reviewed = False
    digest = words_digest(sentence)
    for decision in standing(decisions):
        if decision.digest != digest:
            raise ValidationError("the sentence has other words", hint="give the file that was reviewed")
        place = None if decision.before is None else _place(now, decision.before)
        if decision.after is not None:
            _check_room([e for k, (e, _, _) in enumerate(now) if k != place], decision.after, len(sentence))
        if decision.action is Action.REVIEWED:
            reviewed = True
        elif decision.action is Action.ADD and decision.after is not None:
            now.append((decision.after, "added", None))
        elif place is not None:
            entity, state, origin = now.pop(place)
            if decision.action is Action.ACCEPT:
                now.append((entity, "accepted" if state == "given" else state, origin))
            elif decision.after is not None:
                now.append((decision.after, "changed", origin))
            elif origin is not None:
                wrong.append(origin)
    now.sort(key=lambda item: item[0].start)
    right = [origin for e, state, origin in now if origin is not None and _is_right(e, origin, state, reviewed)]
    wrong += [origin for e, state, origin in now if origin is not None and state == "changed" and not _same(e, origin)]
    entities = [_with_score(e, origin) for e, _, origin in now]
    made = sentence.with_entities(entities)
    states = tuple(state for _, state, _ in now)
    return CorrectedSentence(made, states, tuple(right), tuple(sorted(wrong)), reviewed)


def _place(now: list[tuple[Entity, State, Entity | None]], entity: Entity) -> int:
    found = [k for k, (e, _, _) in enumerate(now) if _same(e, entity)]
    if not found:
        raise ValidationError(
            f"the sentence has no entity {entity.label} of the words {entity.start} to {entity.end}",
            hint="give the file that was reviewed",
        )
    return found[0]


def _check_room(others: Iterable[Entity], entity: Entity, words: int) -> None:
    if entity.end > words:
        raise ValidationError(f"the entity {entity.span} ends beyond the sentence of {counted(words, 'word')}")
    other = next((e for e in others if overlaps(e.span, entity.span)), None)
    if other is not None:
        raise ValidationError(
            f"the entity {entity.label} would overlap {other.label}", hint="change or delete that first"
        )


def _same(first: Entity, second: Entity) -> bool:
    return first.span == second.span and first.label == second.label


def _is_right(entity: Entity, origin: Entity, state: State, reviewed: bool) -> bool:
    """Whether a person judged that an entity was right: one that was changed back is, too."""
    return _same(entity, origin) and (reviewed or state != "given")


def _with_score(entity: Entity, origin: Entity | None) -> Entity:
    return origin if origin is not None and _same(entity, origin) else replace(entity, score=None)


def read_corrections(path: str | Path) -> list[Decision]:
    """Read the decisions of a journal of `xlner review`, or of a file that a page has saved.

    Raises `InputError` for what is neither.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".jsonl") as file:
    ...     _ = file.write('{"xlner": "corrections", "version": 1}\\n'), file.flush()
    ...     read_corrections(file.name)
    []
    """
    return list(_read(path))


def is_head(line: bytes) -> bool:
    """Whether this is the first line of a file of corrections.

    >>> is_head(b'{"xlner": "corrections", "version": 1}'), is_head(b"Vigo")
    (True, False)
    """
    try:
        _check_head(json.loads(line))
    except (ValueError, RecursionError):
        return False
    return True


def _read(path: str | Path) -> Iterator[Decision]:
    begun = False
    for number, line in read_lines(path):
        if isinstance(line, InputError):
            raise line
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if begun:
                yield Decision.of(record)
            else:
                _check_head(record)
                begun = True
        except (ValueError, RecursionError) as error:
            message = error.message if isinstance(error, ValidationError) else "not a record of corrections"
            hint = error.hint if isinstance(error, ValidationError) else "give a file that a page of xlner has saved"
            raise InputError(message, path=path, line=number, hint=hint) from None
    if not begun:
        raise InputError("the file is empty", path=path, hint="give a file that a page of xlner has saved")


def _check_head(record: object) -> None:
    if not isinstance(record, Mapping) or record.get("xlner") != "corrections":
        raise ValidationError("these are no corrections", hint="give a file that a page of xlner has saved")
    if record.get("version") != VERSION:
        raise ValidationError(f"corrections of version {record.get('version')!r}", hint="install a newer xlner")
