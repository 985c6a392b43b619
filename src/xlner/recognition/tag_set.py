"""The tags that a token classifier knows: their scheme, and what its probabilities say about IOB2 classes."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.labels import LabelMap
from xlner.core.tags import Scheme, decode, parse_scheme
from xlner.errors import UnknownNameError

_OUTSIDE = "O"
_GENERIC = re.compile(r"LABEL_\d+")
_PREFIXED = re.compile(r"([BIESLU])[-_](.+)")
_BEGIN = frozenset("BSU")
"""Prefixes of a first word."""
_HINT = "name them in the order of their ids: tag_names=O,B-PER,I-PER,…"


@dataclass(frozen=True, slots=True)
class TagSet:
    """One tag per class of a model, in the order of the ids, and the scheme that they are in.

    >>> TagSet.of(["O", "I-PER", "I-LOC", "B-LOC"]).scheme
    <Scheme.IOB1: 'IOB1'>
    """

    tags: tuple[str, ...]
    scheme: Scheme

    @classmethod
    def of(cls, names: Sequence[str], scheme: str = "auto") -> TagSet:
        """Read names such as `O`, `B-PER`, `B_PER` or `PER`. With `auto` the scheme is told by the prefixes in use.

        A set with `B-` and `I-` is IOB1 where some label has no `B-`, as of a corpus in which no two such entities
        touch. IOB1 and IOB2 give the same entities where I- may begin one; they differ in what is allowed.

        Labels alone are IO, and get an `I-`. Raises `UnknownNameError` for generic names, for names of no scheme or of
        two, and where `O` is missing; `ValidationError` for a tag that `scheme` does not have.

        >>> TagSet.of(["O", "B_PER", "I_PER", "E_PER", "S_PER"])
        TagSet(tags=('O', 'B-PER', 'I-PER', 'E-PER', 'S-PER'), scheme=<Scheme.IOBES: 'IOBES'>)
        """
        generic = next(filter(_GENERIC.fullmatch, names), None)
        if generic is not None:
            raise UnknownNameError(f"the model does not say what {generic} stands for", hint=_HINT)
        if _OUTSIDE not in names:
            raise UnknownNameError(f"no O among the tags of the model: {', '.join(names)}", hint=_HINT)
        others = [name for name in names if name != _OUTSIDE]
        parts = {name: _PREFIXED.fullmatch(name) for name in others}
        prefixed = {name: f"{found[1]}-{found[2]}" for name, found in parts.items() if found}
        if prefixed and len(prefixed) < len(parts):
            bare = next(name for name in others if name not in prefixed)
            raise UnknownNameError(f"some tags of the model have a prefix, but not {bare!r}", hint=_HINT)
        tags = tuple(_OUTSIDE if name == _OUTSIDE else prefixed.get(name, f"I-{name}") for name in names)
        told = _scheme_of(set(prefixed.values())) if scheme == "auto" else parse_scheme(scheme)
        decode(tags, told)  # raises for a tag that the scheme does not have
        return cls(tags, told)

    def classes(self, labels: LabelMap) -> tuple[tuple[str, ...], NDArray[np.float32]]:
        """IOB2 classes of mapped labels, and the matrix `(n_tags, n_classes)` that adds up to them what tags stand for.

        A tag of a single word counts for `B-`, one of a last word for `I-`; dropped labels count for `O`. In IOB1 and
        IO, where the first word of an entity does not tell itself from the others, a class is a label alone.

        >>> names, _ = TagSet.of(["O", "B-GPE", "I-GPE", "B-LOC", "I-LOC"]).classes(LabelMap.parse("ontonotes"))
        >>> names
        ('O', 'B-LOC', 'I-LOC')
        """
        made = [self._class_of(tag, labels) for tag in self.tags]
        names = tuple(dict.fromkeys((_OUTSIDE, *made)))
        matrix = np.zeros((len(made), len(names)), dtype=np.float32)
        matrix[range(len(made)), [names.index(name) for name in made]] = 1
        return names, matrix

    def _class_of(self, tag: str, labels: LabelMap) -> str:
        prefix, _, label = tag.partition("-")
        mapped = labels.mapped(label) if label else None
        if mapped is None:
            return _OUTSIDE
        if self.scheme in (Scheme.IO, Scheme.IOB1):
            return mapped
        return f"{'B' if prefix in _BEGIN else 'I'}-{mapped}"


def _scheme_of(tags: Collection[str]) -> Scheme:
    prefixes = {tag[0] for tag in tags}
    if not prefixes:
        return Scheme.IO
    if not prefixes.isdisjoint("ES") and not prefixes.isdisjoint("LU"):
        raise UnknownNameError(f"tags of two schemes in one model: {', '.join(sorted(prefixes))}", hint=_HINT)
    if not prefixes.isdisjoint("ES"):
        return Scheme.IOBES
    if not prefixes.isdisjoint("LU"):
        return Scheme.BILOU
    begun = {tag[2:] for tag in tags if tag[0] == "B"}
    return Scheme.IOB2 if all(tag[2:] in begun for tag in tags) else Scheme.IOB1
