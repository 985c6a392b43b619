"""Overlapping windows over sequences that are too long for a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Span

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Windows:
    """Overlapping windows over the positions of a sequence: all of one size, or one window over everything.

    >>> Windows.over(10, size=6, overlap=2).spans
    ((0, 6), (4, 10))
    """

    spans: tuple[Span, ...]
    overlap: int

    @classmethod
    def over(cls, length: int, *, size: int, overlap: int) -> Windows:
        """Windows of `size` positions. Neighbors share at least `overlap`; the last window ends with the sequence."""
        if length <= size:
            return cls(((0, length),), overlap)
        starts = [*range(0, length - size, size - overlap), length - size]
        return cls(tuple((start, start + size) for start in starts), overlap)

    def stitch(self, states: Sequence[FloatArray], counts: NDArray[np.intp]) -> FloatArray:
        """One row per position, taken from the rows of the windows; see `best`."""
        if len(states) == 1:
            return states[0]
        starts = np.array([start for start, _ in self.spans])
        size = self.spans[0][1]
        chosen = self.best(counts)
        stitched: FloatArray = np.concatenate(states)[chosen * size + np.arange(len(chosen)) - starts[chosen]]
        return stitched

    def best(self, counts: NDArray[np.intp]) -> NDArray[np.intp]:
        """The window to use for each position: the one whose middle is nearest to the middle of the word.

        `counts` holds the number of positions of each word. All positions of a word use the same window, which contains
        the whole word. Only a word that is longer than the overlap is split: each of its positions uses the window
        whose middle is nearest to the position.
        """
        middles = np.array([(start + end) / 2 for start, end in self.spans])
        stops = np.cumsum(counts)
        positions = np.arange(stops[-1] if len(stops) else 0)
        wanted = np.where(
            np.repeat(counts, counts) <= self.overlap, np.repeat(stops - counts / 2, counts), positions + 0.5
        )
        return np.searchsorted((middles[:-1] + middles[1:]) / 2, wanted)
