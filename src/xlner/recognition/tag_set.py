"""The tags of a token classifier: their scheme, and how they map to IOB2 classes."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity
from xlner.core.labels import LabelMap
from xlner.core.tags import Scheme, decode, parse_scheme
from xlner.errors import UnknownNameError
from xlner.recognition.rounding import rounded
from xlner.recognition.viterbi import best_path, transitions

_OUTSIDE = "O"
_GENERIC = re.compile(r"LABEL_\d+")
_PREFIXED = re.compile(r"([BIESLU])[-_](.+)")
_BEGIN = frozenset("BSU")
"""Prefixes of the first word of an entity."""
_HINT = "give their names in the order of their ids: tag_names=O,B-PER,I-PER,…"


@dataclass(frozen=True, slots=True)
class TagSet:
    """One tag per class of a model, in the order of the ids, and their scheme.

    >>> TagSet.of(["O", "I-PER", "I-LOC", "B-LOC"]).scheme
    <Scheme.IOB1: 'IOB1'>
    """

    tags: tuple[str, ...]
    scheme: Scheme

    @classmethod
    def of(cls, names: Sequence[str], scheme: str = "auto") -> TagSet:
        """Parse names such as `O`, `B-PER`, `B_PER` or `PER`. With `auto` the scheme is guessed from the prefixes.

        A set with `B-` and `I-` is IOB1 if some label has no `B-`, as in a corpus without adjacent entities of that
        label. IOB1 and IOB2 give the same entities if `I-` may start one; they differ in the allowed transitions.
        Labels without prefixes are IO and get an `I-`.

        Raises `UnknownNameError` for generic names, for names of no scheme or of two schemes, and if `O` is missing;
        `ValidationError` for a tag that `scheme` does not have.

        >>> TagSet.of(["O", "B_PER", "I_PER", "E_PER", "S_PER"])
        TagSet(tags=('O', 'B-PER', 'I-PER', 'E-PER', 'S-PER'), scheme=<Scheme.IOBES: 'IOBES'>)
        """
        generic = next(filter(_GENERIC.fullmatch, names), None)
        if generic is not None:
            raise UnknownNameError(f"the model does not define what {generic} means", hint=_HINT)
        if _OUTSIDE not in names:
            raise UnknownNameError(f"the tags of the model do not include O: {', '.join(names)}", hint=_HINT)
        others = [name for name in names if name != _OUTSIDE]
        parts = {name: _PREFIXED.fullmatch(name) for name in others}
        prefixed = {name: f"{found[1]}-{found[2]}" for name, found in parts.items() if found}
        if prefixed and len(prefixed) < len(parts):
            plain = next(name for name in others if name not in prefixed)
            raise UnknownNameError(f"some tags of the model have a prefix, but {plain!r} has none", hint=_HINT)
        tags = tuple(_OUTSIDE if name == _OUTSIDE else prefixed.get(name, f"I-{name}") for name in names)
        guessed = _scheme_of(set(prefixed.values())) if scheme == "auto" else parse_scheme(scheme)
        decode(tags, guessed)  # raises for a tag that the scheme does not have
        return cls(tags, guessed)

    def classes(self, labels: LabelMap) -> tuple[tuple[str, ...], NDArray[np.float32]]:
        """Return the IOB2 classes of mapped labels, and the matrix from tag probabilities to class probabilities.

        The matrix has shape `(n_tags, n_classes)`. The tag of a single word counts as `B-`, that of a last word as
        `I-`, and dropped labels as `O`. In IOB1 and IO, which do not distinguish the first word of an entity, a class
        is a label without a prefix.

        >>> names, _ = TagSet.of(["O", "B-GPE", "I-GPE", "B-LOC", "I-LOC"]).classes(LabelMap.parse("ontonotes"))
        >>> names
        ('O', 'B-LOC', 'I-LOC')
        """
        classes = [self._class_of(tag, labels) for tag in self.tags]
        names = tuple(dict.fromkeys((_OUTSIDE, *classes)))
        matrix = np.zeros((len(classes), len(names)), dtype=np.float32)
        matrix[range(len(classes)), [names.index(name) for name in classes]] = 1
        return names, matrix

    def entities(self, probabilities: NDArray[np.floating], *, constrained: bool = False) -> list[Entity]:
        """Return the entities for tag probabilities of shape `(n_words, n_tags)`.

        Each word gets its most likely tag. With `constrained`, the sentence gets the most likely sequence of tags that
        the scheme allows. The score of an entity is the mean probability of its tags.

        >>> TagSet.of(["O", "B-PER", "I-PER"]).entities(np.array([[0.5, 0.4, 0.1], [0.2, 0.8, 0.0]]))
        [Entity(start=1, end=2, label='PER', score=0.8)]
        """
        if constrained:
            best = best_path(probabilities, _transitions(self.tags, self.scheme), self.tags.index(_OUTSIDE))
        else:
            best = probabilities.argmax(axis=1)
        found = decode([self.tags[k] for k in best], self.scheme).entities
        chosen = probabilities[np.arange(len(best)), best]
        return [replace(e, score=rounded(chosen[e.start : e.end].mean())) for e in found]

    def _class_of(self, tag: str, labels: LabelMap) -> str:
        prefix, _, label = tag.partition("-")
        mapped = labels.mapped(label) if label else None
        if mapped is None:
            return _OUTSIDE
        if self.scheme in (Scheme.IO, Scheme.IOB1):
            return mapped
        return f"{'B' if prefix in _BEGIN else 'I'}-{mapped}"


@lru_cache(maxsize=64)
def _transitions(tags: tuple[str, ...], scheme: Scheme) -> NDArray[np.bool_]:
    return transitions(tags, scheme)


def _scheme_of(tags: Collection[str]) -> Scheme:
    prefixes = {tag[0] for tag in tags}
    if not prefixes:
        return Scheme.IO
    if not prefixes.isdisjoint("ES") and not prefixes.isdisjoint("LU"):
        raise UnknownNameError(
            f"the tags of the model belong to two schemes: {', '.join(sorted(prefixes))}", hint=_HINT
        )
    if not prefixes.isdisjoint("ES"):
        return Scheme.IOBES
    if not prefixes.isdisjoint("LU"):
        return Scheme.BILOU
    with_begin = {tag[2:] for tag in tags if tag[0] == "B"}
    return Scheme.IOB2 if all(tag[2:] in with_begin for tag in tags) else Scheme.IOB1
