"""Sources, targets and links of plain blocks that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.link_block import LinkBlock, each_once
from xlner.core.pair_block import PairBlock
from xlner.formats.conll.plain import PlainRows

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PlainPairs(PairBlock):
    """Pairs of sentences as arrays, without an object for each.

    - `source`, `target`: the rows of both sides. The words of the target are the first of two columns with tabs.
    - `link_sources`, `link_targets`: the links of all pairs, each once, sorted; source words are rows of the block, and
      target words are counted within the sentence.
    """

    source: PlainRows
    target: PlainRows
    link_sources: Ints
    link_targets: Ints

    def __len__(self) -> int:
        return len(self.source)


def plain_pairs(source: PlainRows, target: PlainRows, files: Sequence[LinkBlock]) -> PlainPairs | None:
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
    key = each_once(np.concatenate(keys))
    sources, targets = np.divmod(key, step)
    return PlainPairs(source, target, sources, targets)
