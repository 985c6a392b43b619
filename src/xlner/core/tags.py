"""Tag schemes: encode entities as IOB1, IOB2, IOBES, BILOU or IO tags, and decode them, repairing invalid tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from xlner.core.entity import Entity
from xlner.errors import UnknownNameError, ValidationError
from xlner.text.counts import counted
from xlner.text.suggestions import names_hint


class Scheme(StrEnum):
    """How entities are written as one tag per token. `AUTO` reads any scheme but `IO`, and cannot be written.

    `AUTO` also reads the tags of BMES and BMEWO (`M-`, `W-`), `o` for `O`, `b-` and `i-`, an underscore for the hyphen
    (`B_PER`), the prefix as a suffix (`PER-B`), and `B` and `I` without a label, which is then `ENTITY`. `IOBES` and
    `BILOU` read prefixes in lower case.

    >>> Scheme("iobes").value
    'IOBES'
    """

    AUTO = "auto"
    IOB1 = "IOB1"
    IOB2 = "IOB2"
    IOBES = "IOBES"
    BILOU = "BILOU"
    IO = "IO"

    @classmethod
    def _missing_(cls, value: object) -> Scheme | None:
        return next((s for s in cls if s.value.lower() == str(value).lower()), None)


class Repair(StrEnum):
    """What to do with a tag that is not valid at its position.

    >>> [len(decode(["O", "I-PER"], repair=repair).entities) for repair in ("conlleval", "discard")]
    [1, 0]
    """

    CONLLEVAL = "conlleval"
    """A stray `I-` begins an entity, as in conlleval and seqeval."""
    DISCARD = "discard"
    """A run of tags that begins with a stray tag is not an entity."""
    NONE = "none"
    """Raise `ValidationError`."""


class DecodedTags(NamedTuple):
    """Entities, and the positions of the tags that were repaired.

    >>> decode(["O", "I-PER"]).repaired
    (1,)
    """

    entities: tuple[Entity, ...]
    repaired: tuple[int, ...]


class _Role(StrEnum):
    BEGIN = "B"
    INSIDE = "I"
    END = "E"
    SINGLE = "S"
    OUTSIDE = "O"


_ROLES = {
    Scheme.AUTO: {
        "B": _Role.BEGIN,
        "I": _Role.INSIDE,
        "E": _Role.END,
        "L": _Role.END,
        "S": _Role.SINGLE,
        "U": _Role.SINGLE,
        "M": _Role.INSIDE,
        "W": _Role.SINGLE,
    },
    Scheme.IOB1: {"B": _Role.BEGIN, "I": _Role.INSIDE},
    Scheme.IOB2: {"B": _Role.BEGIN, "I": _Role.INSIDE},
    Scheme.IOBES: {"B": _Role.BEGIN, "I": _Role.INSIDE, "E": _Role.END, "S": _Role.SINGLE},
    Scheme.BILOU: {"B": _Role.BEGIN, "I": _Role.INSIDE, "L": _Role.END, "U": _Role.SINGLE},
    Scheme.IO: {"I": _Role.INSIDE},
}
_START = attrgetter("start")
_ENDED = (Scheme.IOBES, Scheme.BILOU)  # schemes that mark the last word of an entity
_BEGUN_INSIDE = (Scheme.IOB1, Scheme.IO)  # schemes in which I- may begin an entity
UNNAMED = "ENTITY"
"""The label of entities with the tags B and I, which have none."""
_BARE = frozenset("BIOo")
_HYPHENS = "-_\u2010\u2011\u2013\u2212"
_VARIANT = re.compile(
    rf"(?P<prefix>[BIESLUMWbi])[{_HYPHENS}](?P<label>\S+)|(?P<other>\S+)[{_HYPHENS}](?P<suffix>[BIESLUMW])"
)
_NO_LABEL = re.compile(
    r"[BIESLUMW](?P<separator>[/.:_|\\#@=])\S+|(?P<outside>[^\w()*]+|[\d_]+|OUT|OUTSIDE|NONE|None|none|null|NULL)|"
    r"O[:/|](?P<score>[\d.]+)|(?P<quoted>([\"'])\S+[\"'])|(?P<bracket>\S*[()*]\S*)"
)
"""What is no label, not even in the scheme IO."""
_LOWER = re.compile(r"[eslumw]-\S+")


def is_tag(text: str) -> bool:
    """Return True if a text is a tag that `Scheme.AUTO` reads.

    >>> [is_tag(text) for text in ("O", "B-PER", "PER-B", "I", "PER", "NN")]
    [True, True, True, True, False, False]
    """
    return text in _BARE or _parsed(text) is not None


@lru_cache(maxsize=4096)
def _parsed(tag: str) -> tuple[_Role, str] | None:
    """The role and the label of any tag with a label that is certain in every scheme but IO."""
    match = _VARIANT.fullmatch(tag)
    if match is None:
        return None
    role = _ROLES[Scheme.AUTO][(match["prefix"] or match["suffix"]).upper()]
    return role, match["label"] or match["other"]


def label_of(tag: str) -> str | None:
    """The label in a tag; None if it has none.

    >>> label_of("B-ORG-GOV"), label_of("O")
    ('ORG-GOV', None)
    """
    parsed = _parsed(tag)
    return UNNAMED if tag in ("B", "I") else parsed and parsed[1]


def decode(
    tags: Sequence[str], scheme: Scheme | str = Scheme.IOB2, *, repair: Repair | str = Repair.CONLLEVAL
) -> DecodedTags:
    """Decode one tag per token into entities.

    A tag is `O`, or a prefix, a hyphen and a label; labels may contain hyphens. `IO` also reads labels without a
    prefix, and `AUTO` what `Scheme` names. Raises `UnknownNameError` for an unknown scheme or repair, `ValidationError`
    for anything that is not a tag, and with `Repair.NONE` also for the first invalid tag.

    >>> decode(["I-PER", "I-PER", "B-ORG-GOV"])
    DecodedTags(entities=(Entity(start=0, end=2, label='PER', score=None), \
Entity(start=2, end=3, label='ORG-GOV', score=None)), repaired=(0,))
    """
    decoder = _Decoder(tags, parse_scheme(scheme), parse_repair(repair))
    for position, tag in enumerate(tags):
        decoder.read(position, tag)
    decoder.close(len(tags))
    return DecodedTags(tuple(decoder.entities), tuple(sorted(set(decoder.repaired))))


class _Decoder:
    """The state while decoding. At most one entity is open, or one stray run is being discarded."""

    def __init__(self, tags: Sequence[str], scheme: Scheme, repair: Repair) -> None:
        self.tags = tags
        self.scheme = scheme
        self.repair = repair
        self.roles = _ROLES[scheme]
        self.label: str | None = None
        self.start = 0
        self.discarding = False
        self.ended: tuple[int, str] | None = None  # end and label of the last entity
        self.entities: list[Entity] = []
        self.repaired: list[int] = []

    def read(self, position: int, tag: str) -> None:
        if tag == "O":
            self.close(position)
            return
        role, label = self._parse(position, tag)
        if role is _Role.OUTSIDE:
            self.close(position)
            return
        continues = self.label == label
        if role in (_Role.INSIDE, _Role.END) and continues:
            if role is _Role.END:
                self._emit(position + 1)
            return
        self.close(position)
        stray = role is _Role.END or (role is _Role.INSIDE and self.scheme not in _BEGUN_INSIDE)
        if role is _Role.BEGIN and self.scheme is Scheme.IOB1:
            stray = self.ended != (position, label)
        if stray:
            self._repair(position, tag)
        self.label, self.start = label, position
        self.discarding = stray and self.repair is Repair.DISCARD and role is not _Role.BEGIN
        if role in (_Role.END, _Role.SINGLE):
            self._emit(position + 1)

    def close(self, position: int) -> None:
        """End the open entity, if there is one, before `position`."""
        if self.label is None:
            return
        if self.scheme in _ENDED and not self.discarding:
            self._repair(position - 1, "an entity without an end tag")
            self.discarding = self.repair is Repair.DISCARD
        self._emit(position)

    def _emit(self, end: int) -> None:
        if self.label is not None and not self.discarding:
            self.entities.append(Entity(self.start, end, self.label))
            self.ended = (end, self.label)
        self.label, self.discarding = None, False

    def _repair(self, position: int, what: str) -> None:
        if self.repair is Repair.NONE:
            raise ValidationError(f"{what} at token {position + 1} is not valid {self.scheme}")
        self.repaired.append(position)

    def _parse(self, position: int, tag: str) -> tuple[_Role, str]:
        prefix, hyphen, label = tag.partition("-")
        role = self.roles.get(prefix)
        if role is not None and label:
            return role, label
        found = self._other(tag, prefix, hyphen)
        if found is not None:
            return found
        allowed = ", ".join(f"{p}-" for p in self.roles)
        raise ValidationError(
            f"tag {tag!r} of token {position + 1} is not O or one of {allowed} and a label", hint=self._way_out(tag)
        )

    def _other(self, tag: str, prefix: str, hyphen: str) -> tuple[_Role, str] | None:
        """A tag that is not a prefix of the scheme, a hyphen and a label."""
        if self.scheme is Scheme.IO and tag and not (hyphen and prefix in _ROLES[Scheme.AUTO]) and not _no_label(tag):
            return _Role.INSIDE, tag
        if tag == "o" and (self.scheme is Scheme.AUTO or self.scheme in _ENDED):
            return _Role.OUTSIDE, ""
        if self.scheme in _ENDED and tag[2:] and tag[1] == "-" and (role := self.roles.get(prefix.upper())):
            return role, tag[2:]
        if self.scheme is not Scheme.AUTO:
            return None
        if tag in _BARE and _BARE.issuperset(self.tags):
            return _ROLES[Scheme.AUTO][tag], UNNAMED
        return _parsed(tag)

    def _way_out(self, tag: str) -> str | None:
        """What to do about a tag that is not read."""
        found = None if is_tag(tag) else _no_label(tag)
        if found is not None:
            return found
        if _LOWER.fullmatch(tag) and self.scheme is Scheme.AUTO:
            return "if its prefix is in lower case, give --input-scheme IOBES or BILOU"
        if self.scheme is Scheme.AUTO:
            return "for labels without prefixes give --input-scheme io" if tag and tag not in _BARE else None
        return "the scheme auto reads it" if is_tag(tag) else None


@lru_cache(maxsize=4096)
def _no_label(tag: str) -> str | None:
    """Why something is no label without a prefix, as a hint; None if it can be one."""
    match = _NO_LABEL.fullmatch(tag)
    if match is None:
        return None
    if match["separator"]:
        return f"write a hyphen after the prefix: {tag[0]}-{tag[2:]}"
    if match["outside"]:
        return "write O for words outside of entities"
    if match["quoted"]:
        return f"cells must not have quotation marks: write {tag[1:-1]}"
    return "cells must not have scores" if match["score"] else "write tags such as B-PER and O instead of brackets"


def encode(entities: Iterable[Entity], length: int, scheme: Scheme | str = Scheme.IOB2) -> list[str]:
    """Encode disjoint entities as one tag per token.

    Raises `UnknownNameError` for an unknown scheme, and `ValidationError` for entities that overlap or leave the
    sentence. `IO` cannot separate adjacent entities with the same label, so they are a `ValidationError` too.

    >>> encode([Entity(0, 2, "PER")], 3, "IOBES")
    ['B-PER', 'E-PER', 'O']
    """
    scheme = parse_scheme(scheme)
    if scheme is Scheme.AUTO:
        raise ValidationError("tags cannot be written in scheme 'auto'", hint="name a scheme, such as IOB2")
    tags = ["O"] * length
    before: Entity | None = None
    for entity in sorted(entities, key=_START):
        if entity.end > length or (before and entity.start < before.end):
            raise ValidationError(
                f"entity {entity.span} overlaps another or ends beyond the {counted(length, 'token')}"
            )
        touches = before is not None and before.end == entity.start and before.label == entity.label
        if touches and scheme is Scheme.IO:
            raise ValidationError(
                f"IO cannot separate the two adjacent {entity.label} entities at token {entity.start + 1}",
                hint="use IOB2",
            )
        tags[entity.start : entity.end] = _entity_tags(entity, scheme, touches)
        before = entity
    return tags


def _entity_tags(entity: Entity, scheme: Scheme, touches: bool) -> list[str]:
    if scheme is Scheme.IOB2:
        return [f"B-{entity.label}", *[f"I-{entity.label}"] * (entity.end - entity.start - 1)]
    begin = "I" if scheme is Scheme.IO or (scheme is Scheme.IOB1 and not touches) else "B"
    prefixes = [begin] + ["I"] * (len(entity) - 1)
    if scheme in _ENDED:
        end, single = ("E", "S") if scheme is Scheme.IOBES else ("L", "U")
        prefixes[-1] = single if len(prefixes) == 1 else end
    return [f"{prefix}-{entity.label}" for prefix in prefixes]


def parse_scheme(name: Scheme | str) -> Scheme:
    """The scheme with this name, in upper or lower case; raises `UnknownNameError` with the known names."""
    if isinstance(name, Scheme):
        return name
    try:
        return Scheme(name)
    except ValueError:
        raise UnknownNameError(f"unknown tag scheme {name!r}", hint=names_hint(name, Scheme, "one of")) from None


def parse_repair(name: Repair | str) -> Repair:
    """The repair with this name; raises `UnknownNameError` with the known names."""
    try:
        return Repair(name)
    except ValueError:
        raise UnknownNameError(f"unknown repair {name!r}", hint=names_hint(name, Repair, "one of")) from None
