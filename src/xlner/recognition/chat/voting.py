"""Vote on the entities of several answers about one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity, overlaps


def voted(samples: Sequence[Sequence[Entity]], agreement: float) -> list[Entity]:
    """Return the entities that more than a share `agreement` of the samples have, with this share as their score.

    An entity is the same if words and label are the same. Where entities overlap, the one with more votes is kept, then
    the longer one, then the first one. More than one half of the samples never agree on entities that overlap. With one
    sample there is no score.

    >>> vigo, other = Entity(1, 2, "LOC"), Entity(0, 2, "ORG")
    >>> voted([[vigo], [vigo], [other]], 0.5)
    [Entity(start=1, end=2, label='LOC', score=0.6666666666666666)]
    """
    if len(samples) == 1:
        return list(samples[0])
    votes = Counter(entity for sample in samples for entity in sample)
    kept: list[Entity] = []
    for entity, count in sorted(votes.items(), key=lambda item: (-item[1], -len(item[0]), item[0])):
        share = count / len(samples)
        if share > agreement and not any(overlaps(entity.span, other.span) for other in kept):
            kept.append(Entity(*entity.span, entity.label, share))
    return sorted(kept)


def class_shares(samples: Sequence[Sequence[Entity]], classes: Sequence[str], n_words: int) -> NDArray[np.float32]:
    """Return the share of samples that give each word each IOB2 class, shape `(n_words, n_classes)`.

    >>> class_shares([[Entity(0, 1, "LOC")], []], ("O", "B-LOC", "I-LOC"), 1).tolist()
    [[0.5, 0.5, 0.0]]
    """
    column = {name: k for k, name in enumerate(classes)}
    shares = np.zeros((n_words, len(classes)), np.float32)
    for sample in samples:
        row = np.zeros(n_words, np.int64)
        for entity in sample:
            row[entity.start] = column[f"B-{entity.label}"]
            row[entity.start + 1 : entity.end] = column[f"I-{entity.label}"]
        shares[np.arange(n_words), row] += 1
    return shares / np.float32(len(samples))
