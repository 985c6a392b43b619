"""Sources, targets and links of plain blocks that belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from xlner.core.alignment import Alignment
from xlner.core.link_block import LinkBlock, each_once
from xlner.core.pair import Pair
from xlner.core.pair_block import PairBlock
from xlner.core.sentence import Sentence
from xlner.core.sentence_block import SentenceBlock
from xlner.formats.conll.plain import PlainRows
from xlner.formats.jsonl.blocks import PlacedText

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PlainPairs(PairBlock):
    """Pairs of sentences as arrays, without an object for each.

    - `source`, `target`: the rows of both sides. The words of the target are the first of two columns with tabs.
    - `link_sources`, `link_targets`: the links of all pairs, each once, sorted; source words are rows of the block, and
      target words are counted within the sentence.
    - `link_weights`: the weight of each link if there are several files of links, else None.
    - `texts`: the text of each target, if the targets are text; else nothing.
    - `languages`: those of the sources and of the targets.
    """

    source: PlainRows
    target: PlainRows
    link_sources: Ints
    link_targets: Ints
    link_weights: NDArray[np.float64] | None
    texts: Sequence[PlacedText]
    languages: tuple[str | None, str | None]

    def __len__(self) -> int:
        return len(self.source)

    def sources(self) -> SentenceBlock:
        """The source sentences."""
        return self.source.block(self.languages[0])

    def targets(self) -> SentenceBlock:
        """The target sentences, without their texts."""
        return self.target.block(self.languages[1])

    def links(self) -> LinkBlock:
        """The links, with source words counted within the sentence."""
        pair = self.source.sentences_of(self.link_sources)
        offsets = self.link_sources.searchsorted(self.source.offsets)
        return LinkBlock(self.link_sources - self.source.offsets[pair], self.link_targets, offsets)

    def pairs(self) -> Iterator[Pair]:
        """The pairs one by one."""
        links = self.links()
        weights = None if self.link_weights is None else self.link_weights.tolist()
        targets, texts = self.targets().sentences(), iter(self.texts)
        bounds = pairwise(links.offsets.tolist())
        for source, target, found, (start, end) in zip(
            self.sources().sentences(), targets, links.links(), bounds, strict=True
        ):
            alignment = Alignment(found, None if weights is None else tuple(weights[start:end]))
            text = next(texts, None)
            if text is None:
                yield Pair(target, source, alignment)
            else:
                placed = Sentence(target.tokens, (), text.text, tuple(text.offsets), target.language)
                yield Pair(placed, source, alignment)


def plain_pairs(
    source: PlainRows,
    target: PlainRows,
    files: Sequence[LinkBlock],
    texts: Sequence[PlacedText] = (),
    languages: tuple[str | None, str | None] = (None, None),
) -> PlainPairs | None:
    """Put together what belongs together; None if the numbers of pairs differ, or a link is outside its sentences.

    The weight of a link of several files is the share of the files that have it.
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
    key, weights = each_once(keys[0]), None
    if len(keys) > 1:
        key, counts = np.unique(np.concatenate(list(map(each_once, keys))), return_counts=True)
        weights = counts / len(keys)
    sources, targets = np.divmod(key, step)
    return PlainPairs(source, target, sources, targets, weights, texts, languages)
