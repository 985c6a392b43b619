"""Windows over sequences that are too long for a model, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Span

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Windows:
    """Overlapping windows over `length` positions: all of one size, or one window over everything.

    >>> Windows.over(10, size=6, overlap=2).spans
    ((0, 6), (4, 10))
    """

    spans: tuple[Span, ...]
    overlap: int

    @classmethod
    def over(cls, length: int, *, size: int, overlap: int) -> Windows:
        """Windows of `size` positions, of which neighbors share at least `overlap`; the last one ends at the end."""
        if length <= size:
            return cls(((0, length),), overlap)
        starts = [*range(0, length - size, size - overlap), length - size]
        return cls(tuple((start, start + size) for start in starts), overlap)

    def stitch(self, states: Sequence[FloatArray], counts: NDArray[np.intp]) -> FloatArray:
        """One row per position out of the rows of each window."""
        if len(states) == 1:
            return states[0]
        starts = np.array([start for start, _ in self.spans])
        size = self.spans[0][1]
        chosen = self.best(counts)
        stitched: FloatArray = np.concatenate(states)[chosen * size + np.arange(len(chosen)) - starts[chosen]]
        return stitched

    def best(self, counts: NDArray[np.intp]) -> NDArray[np.intp]:
        """For each position the window to take it from: the one whose middle is nearest to the middle of its word.

        `counts` holds the positions of each word. All positions of a word come from one window, which then holds it
        whole, unless the word is longer than the overlap; then each position goes by itself.
        """
        middles = np.array([(start + end) / 2 for start, end in self.spans])
        stops = np.cumsum(counts)
        positions = np.arange(stops[-1] if len(stops) else 0)
        wanted = np.where(
            np.repeat(counts, counts) <= self.overlap, np.repeat(stops - counts / 2, counts), positions + 0.5
        )
        return np.searchsorted((middles[:-1] + middles[1:]) / 2, wanted)
