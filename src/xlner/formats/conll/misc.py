"""Entities in the column MISC of CoNLL-U.

Three notations are in use: tags (`NE=B-PER`, `NER=S-PER`), numbered types (`NE=PER_1`, from NameTag), and brackets
(`Entity=(e1-person-1`, then `Entity=e1)`, from CorefUD and GUM). The fields of a bracket are those of
`# global.Entity`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from xlner.core.entity import Entity
from xlner.core.tags import DecodedTags, Repair, Scheme, decode, is_tag
from xlner.errors import ValidationError

_ATTRIBUTES = frozenset({"ne", "ner", "name", "entity"})
_NO_VALUE = ("_", "")
_NAMED = re.compile(r"[Ee]ntit(?:y|ies)|ENTITY|(?:^|_)(?:[Nn][Ee][Rr]?)(?:$|[_A-Z])|[a-z]NER?$")
_LABEL = re.compile(r"[BIESLUM]-[A-Za-z]{2}\S*|PERS?|PERSON|LOC|LOCATION|ORG|ORGANI[SZ]ATION|MISC|GPE|NORP")
_NUMBERED = re.compile(r"[A-Za-z]\w*_[0-9]+(?:-[A-Za-z]\w*_[0-9]+)*")
_BRACKET = re.compile(r"\((?P<opened>[^()]*)(?P<whole>\))?|(?P<closed>[^()]+)\)")
_FIELDS = ("eid", "etype", "head", "other")
_ESCAPED = {"%": "%25", "|": "%7C"}
_NESTED = "choose another attribute: --columns tag=NAME, or make the entities flat"


def attributes(misc: str) -> dict[str, str]:
    """The attributes of a cell.

    >>> attributes("SpaceAfter=No|NER=B-PER")
    {'SpaceAfter': 'No', 'NER': 'B-PER'}
    """
    return {key: value for key, sign, value in (part.partition("=") for part in misc.split("|")) if sign}


def entity_attributes(misc: str) -> list[str]:
    """The names of the attributes of a cell that hold entities.

    >>> entity_attributes("SpaceAfter=No|NER=B-PER")
    ['NER']
    """
    found = attributes(misc)
    return [key for key in found if key.lower() in _ATTRIBUTES and (key.lower() != "name" or is_tag(found[key]))]


def possible_attribute(misc: str) -> tuple[str, str] | None:
    """The name and the value of an attribute that could hold entities, but is not read unless it is named.

    >>> possible_attribute("SpaceAfter=No|NamedEntity=PER"), possible_attribute("SpaceAfter=No|Ref=1")
    (('NamedEntity', 'PER'), None)
    """
    if misc in _NO_VALUE or "=" not in misc:
        return None
    for name, value in attributes(misc).items():
        if value not in ("O", *_NO_VALUE) and (_NAMED.search(name) or _LABEL.fullmatch(value)):
            return name, value
    return None


def with_attribute(misc: str, name: str, value: str) -> str:
    """A cell with another value of an attribute.

    >>> with_attribute("NER=B-PER|SpaceAfter=No", "NER", "O"), with_attribute("_", "NER", "O")
    ('NER=O|SpaceAfter=No', 'NER=O')
    """
    parts = [] if misc in _NO_VALUE else misc.split("|")
    at = next((i for i, part in enumerate(parts) if part.partition("=")[0] == name), len(parts))
    return "|".join([*parts[:at], f"{name}={value}", *parts[at + 1 :]])


def escaped(tag: str) -> str:
    """A tag as the value of an attribute."""
    return "".join(_ESCAPED.get(c, c) for c in tag)


def _unescaped(tag: str) -> str:
    return tag.replace("%7C", "|").replace("%25", "%") if "%" in tag else tag


def entities(
    values: Sequence[str | None], fields: Sequence[str] | None, scheme: Scheme | str, repair: Repair | str
) -> DecodedTags:
    """The entities in the values of one attribute, one value for each word. `fields` are those of `# global.Entity`.

    Raises `ValidationError` for entities that overlap, and for what is in none of the notations.

    >>> entities(["(e1-person-1", "e1)", None], None, "auto", "conlleval").entities
    (Entity(start=0, end=2, label='person', score=None),)
    """
    filled = [value for value in values if value is not None and value not in _NO_VALUE]
    if any("(" in value or value.endswith(")") for value in filled):
        return DecodedTags(_bracketed(values, fields or _FIELDS), ())
    if any(map(_NUMBERED.fullmatch, filled)):
        return DecodedTags(_numbered(values), ())
    return decode([_unescaped(v) if v and v not in _NO_VALUE else "O" for v in values], scheme, repair=repair)


def _numbered(values: Sequence[str | None]) -> tuple[Entity, ...]:
    found: list[Entity] = []
    before: str | None = None
    for position, given in enumerate(values):
        value = None if given in (None, "O", *_NO_VALUE) else given
        if value is not None and not _NUMBERED.fullmatch(value):
            raise ValidationError(f"{value!r} of token {position + 1} is not a type with a number, such as PER_1")
        if value is not None and "-" in value:
            raise ValidationError(f"{value!r} of token {position + 1} is of nested entities", hint=_NESTED)
        if value is not None and value == before:
            found[-1] = Entity(found[-1].start, position + 1, found[-1].label)
        elif value is not None:
            found.append(Entity(position, position + 1, value.rpartition("_")[0]))
        before = value
    return tuple(found)


def _bracketed(values: Sequence[str | None], fields: Sequence[str]) -> tuple[Entity, ...]:
    lower = [field.lower() for field in fields]
    type_at = next((lower.index(name) for name in ("etype", "entity") if name in lower), 0)
    id_at = next((lower.index(name) for name in ("eid", "grp") if name in lower), type_at)
    found: list[Entity] = []
    opened: tuple[int, str, str] | None = None  # position, identifier and type
    for position, value in enumerate(values):
        for match in _BRACKET.finditer(value or ""):
            if match["closed"] is not None:
                if opened is None or match["closed"] not in opened[1:]:
                    raise ValidationError(f"{value!r} of token {position + 1} closes no entity", hint=_NESTED)
                found.append(Entity(opened[0], position + 1, opened[2]))
                opened = None
                continue
            if opened is not None:
                raise ValidationError(f"{value!r} of token {position + 1} is inside another entity", hint=_NESTED)
            parts = match["opened"].split("-")
            label = parts[type_at] if len(parts) > type_at else parts[0] if len(parts) == 1 else ""
            identifier = parts[id_at] if len(parts) > id_at else parts[0]
            if not label:
                raise ValidationError(f"{value!r} of token {position + 1} has no type", hint=_NESTED)
            if match["whole"]:
                found.append(Entity(position, position + 1, label))
            else:
                opened = position, identifier, label
    if opened is not None:
        raise ValidationError(f"the entity that begins at token {opened[0] + 1} has no end", hint=_NESTED)
    return tuple(found)
