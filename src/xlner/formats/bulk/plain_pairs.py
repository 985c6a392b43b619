"""Sources, targets and links of plain blocks that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity
from xlner.core.sentence import Sentence
from xlner.formats.bulk.plain_columns import PlainColumns
from xlner.formats.bulk.plain_links import PlainLinks

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PlainPairs:
    """Pairs of sentences as arrays, without an object for each.

    - `source`, `target`: the rows of both sides. The words of the target are the first of two columns with tabs.
    - `labels`: the names of the labels of the source.
    - `link_sources`, `link_targets`: the links of all pairs, each once, sorted; source words are rows of the block, and
      target words are counted within the sentence.
    """

    source: PlainColumns
    target: PlainColumns
    labels: Sequence[str]
    link_sources: Ints
    link_targets: Ints

    def __len__(self) -> int:
        return len(self.source)

    def source_sentence(self, number: int) -> Sentence:
        """The source of one pair."""
        source = self.source
        rows = range(source.entity_offsets[number], source.entity_offsets[number + 1])
        spans = ((int(source.entity_starts[r]), int(source.entity_ends[r]), int(source.entity_labels[r])) for r in rows)
        entities = tuple(Entity(start, end, self.labels[label]) for start, end, label in spans)
        return Sentence(tuple(source.words(number)), entities)


def plain_pairs(
    source: PlainColumns, target: PlainColumns, labels: Sequence[str], files: Sequence[PlainLinks]
) -> PlainPairs | None:
    """Put together what belongs together; None if the numbers of pairs differ, or a link is outside its sentences.

    Links of several files are put together; they have no weights.
    """
    n = len(source)
    if len(target) != n or any(len(links) != n for links in files):
        return None
    step = int(target.lengths.max(initial=0)) + 1
    keys = []
    for links in files:
        counts = np.diff(links.offsets)
        if (links.source >= np.repeat(source.lengths, counts)).any():
            return None
        if (links.target >= np.repeat(target.lengths, counts)).any():
            return None
        keys.append((links.source + np.repeat(source.offsets[:-1], counts)) * step + links.target)
    key = np.concatenate(keys)
    if (np.diff(key) <= 0).any():
        key = np.unique(key)
    sources, targets = np.divmod(key, step)
    return PlainPairs(source, target, labels, sources, targets)
