"""Label maps: from one label set to another. OntoNotes spans lose the article and possessive that they include."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from xlner.core.entity import Entity
from xlner.errors import UnknownNameError, UsageError, ValidationError
from xlner.text.counts import counted
from xlner.text.suggestions import closest

_ONTONOTES = {
    **{label: label for label in ("PER", "ORG", "LOC", "MISC", "DATE")},  # some models already have these labels
    "PERSON": "PER",
    "GPE": "LOC",
    "FAC": "LOC",
    "NORP": "MISC",
    "EVENT": "MISC",
    "WORK_OF_ART": "MISC",
    "LAW": "MISC",
    "LANGUAGE": "MISC",
    "PRODUCT": "MISC",
}
_USUAL = {
    **dict.fromkeys(("PERS", "PEOPLE", "HUMAN", "NAME"), "PER"),
    **dict.fromkeys(("LOCATION", "PLACE", "GEO"), "LOC"),
    **dict.fromkeys(("ORGANIZATION", "ORGANISATION", "CORPORATION", "COMPANY", "GROUP"), "ORG"),
    **dict.fromkeys(("MISCELLANEOUS", "OTHER", "OTH"), "MISC"),
}
"""Names of labels in other sets."""
_OUTSIDE = "O"
_ARTICLES = frozenset({"the", "a", "an"})
_POSSESSIVES = frozenset({"'s", "’s", "'", "’"})


@dataclass(frozen=True, slots=True)
class LabelMap:
    """A mapping from labels to labels.

    Entities whose label is not in `mapping` keep it if `keep_others` is set, and are dropped otherwise. With `trim`,
    a leading English article and a trailing English possessive are cut from the span.

    >>> LabelMap.parse("ontonotes").apply([Entity(0, 3, "GPE")], ["the", "Hague", "'s"])
    (Entity(start=1, end=2, label='LOC', score=None),)
    """

    name: str
    mapping: Mapping[str, str]
    keep_others: bool
    trim: bool

    @classmethod
    def parse(cls, spec: str) -> LabelMap:
        """Parse `ontonotes`, `none`, or pairs such as `PERSON=PER,GPE=LOC`, which keep all other labels.

        A pair such as `DATE=O` drops the entities with a label. A space in a label is an underscore, as in tags.
        Raises `UnknownNameError` for anything else, and `UsageError` for two names of one label.

        >>> LabelMap.parse("PERSON=PER").mapped("PERSON"), LabelMap.parse("ontonotes").mapped("CARDINAL")
        ('PER', None)
        """
        if spec == "ontonotes":
            return cls(spec, _ONTONOTES, keep_others=False, trim=True)
        if spec in ("none", ""):
            return cls("none", {}, keep_others=True, trim=False)
        pairs = [part.partition("=") for part in spec.split(",")]
        if not all(old.strip() and sign and new.strip() for old, sign, new in pairs):
            raise UnknownNameError(
                f"unknown label map {spec!r}", hint="use 'ontonotes', 'none' or pairs such as PERSON=PER,GPE=LOC"
            )
        mapping: dict[str, str] = {}
        for old, _, new in pairs:
            label, name = ("_".join(part.split()) for part in (old, new))
            if mapping.setdefault(label, name) != name:
                raise UsageError(f"the label map gives {label} two names, {mapping[label]} and {name}", hint="keep one")
        return cls(spec, mapping, keep_others=True, trim=False)

    def mapped(self, label: str) -> str | None:
        """The new label; None if entities with this label are dropped."""
        new = self.mapping.get(label, label if self.keep_others else None)
        return None if new == _OUTSIDE else new

    def apply(self, entities: Iterable[Entity], tokens: Sequence[str]) -> tuple[Entity, ...]:
        """The entities with their new labels. An entity that is only an article is dropped."""
        mapped = []
        for entity in entities:
            label = self.mapped(entity.label)
            if label is None:
                continue
            start, end = _trimmed(entity, tokens) if self.trim else entity.span
            if start < end:
                mapped.append(replace(entity, start=start, end=end, label=label))
        return tuple(mapped)


def _trimmed(entity: Entity, tokens: Sequence[str]) -> tuple[int, int]:
    start, end = entity.span
    if end > len(tokens):
        raise ValidationError(f"entity {entity.span} ends beyond the sentence of {counted(len(tokens), 'token')}")
    while start < end and tokens[start].lower() in _ARTICLES:
        start += 1
    while end > start and tokens[end - 1].lower() in _POSSESSIVES:
        end -= 1
    return start, end


def without_labels(entities: Iterable[Entity], ignored: Collection[str]) -> tuple[Entity, ...]:
    """The entities whose labels are not ignored.

    >>> without_labels([Entity(0, 1, "LOC"), Entity(1, 2, "DATE")], {"DATE"})
    (Entity(start=0, end=1, label='LOC', score=None),)
    """
    return tuple(e for e in entities if e.label not in ignored)


def instead_of(label: str, known: Collection[str]) -> str:
    """What to say about a label that no entity has: the label that is meant, or those that there are.

    >>> instead_of("person", {"PERSON", "LOC"}), instead_of("XYZ", {"PERSON", "LOC"})
    ('did you mean PERSON?', 'labels here: LOC, PERSON')
    """
    near = closest(label, known)
    return f"did you mean {near}?" if near else f"labels here: {', '.join(sorted(known)) or 'none'}"


def suggested_map(gold: Collection[str], predicted: Collection[str]) -> dict[str, str]:
    """One name for labels that have other names on both sides; nothing for a label whose name both have.

    >>> suggested_map({"PER", "GPE", "DATE"}, {"PERSON", "LOC", "DATE"})
    {'GPE': 'LOC', 'PERSON': 'PER'}
    """
    shared = {_usual_name(label) for label in {*gold} & {*predicted}}
    names = {_usual_name(label) for label in gold} & {_usual_name(label) for label in predicted} - shared
    labels = sorted({*gold, *predicted})
    return {label: _usual_name(label) for label in labels if _usual_name(label) in names - {label}}


def _usual_name(label: str) -> str:
    """A label in the set of CoNLL, if it is one of the usual names for such a label."""
    name = label.upper()
    return _USUAL.get(name, _ONTONOTES.get(name, name))
