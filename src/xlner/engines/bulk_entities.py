"""The source entities of a block of pairs as arrays."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity
from xlner.core.labels import without_labels
from xlner.formats.bulk import PlainPairs

Ints = NDArray[np.int64]


class SourceEntities(NamedTuple):
    """The sentence of each source entity, its first word, the word after its last one, and its label."""

    sentence: Ints
    start: Ints
    end: Ints
    label: Ints


def source_entities(block: PlainPairs, ignore: Collection[str]) -> SourceEntities:
    """The entities of the sources whose labels are not ignored."""
    source = block.source
    sentence = source.sentences_of(source.starts)
    first = source.offsets[sentence]
    found = SourceEntities(sentence, source.starts - first, source.ends - first, source.labels)
    if not ignore:
        return found
    kept = [bool(without_labels([Entity(0, 1, label)], ignore)) for label in source.names]
    rows = np.asarray(kept, bool)[found.label]
    return SourceEntities(*(column[rows] for column in found))
