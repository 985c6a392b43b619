"""Masked language modeling: which sub-words are to be guessed, and what is seen in their place (Devlin et al. 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CHOSEN = 0.15
_KEPT, _RANDOM = 0.1, 0.1
"""Of the sub-words to guess: shares that stay as they are, and that become another one; the rest is masked."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A sequence as it is shown, with the positions and ids of what is to be guessed."""

    shown: list[int]
    positions: list[int]
    wanted: list[int]


@dataclass(frozen=True, slots=True)
class Masking:
    """Masks sequences; what takes the place of a sub-word comes from `candidates`.

    `head` and `tail` are how many special tokens there are at the ends of a sequence: these are left alone.
    """

    mask: int
    candidates: NDArray[np.int64]
    head: int
    tail: int

    def __call__(self, sequence: Sequence[int], rng: np.random.Generator) -> Masked:
        """15 % of the sub-words, at least one: 80 % of them masked, 10 % replaced, 10 % left as they are.

        >>> masking = Masking(9, np.array([5, 6, 7]), head=1, tail=1)
        >>> masking([0, 5, 2], np.random.default_rng(2))
        Masked(shown=[0, 9, 2], positions=[1], wanted=[5])
        """
        shown = list(sequence)
        n = len(shown) - self.head - self.tail
        chosen = np.flatnonzero(rng.random(n) < _CHOSEN)
        if not len(chosen):
            chosen = rng.integers(n, size=1)
        positions = [self.head + int(k) for k in chosen]
        for position, kind in zip(positions, rng.random(len(positions)).tolist(), strict=True):
            if kind < _RANDOM:
                shown[position] = int(rng.choice(self.candidates))
            elif kind >= _RANDOM + _KEPT:
                shown[position] = self.mask
        return Masked(shown, positions, [sequence[position] for position in positions])
