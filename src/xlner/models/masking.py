"""Masked language modeling: the sub-words to predict, what replaces them, and a head that predicts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MASKED = 0.15
"""The share of sub-words to predict (Devlin et al. 2019)."""
_KEPT, _RANDOM = 0.1, 0.1
"""Shares of the sub-words to predict that are left as they are, and that become a random one. The rest is masked."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A sequence as the model reads it, with the positions and the ids of the sub-words to predict."""

    shown: list[int]
    positions: list[int]
    wanted: list[int]


@dataclass(frozen=True, slots=True)
class Masking:
    """Masks sequences for masked language modeling.

    - `mask`: the id of the mask token.
    - `candidates`: the ids that random sub-words are drawn from.
    - `head`, `tail`: the number of special tokens at both ends of a sequence. They are never masked.
    """

    mask: int
    candidates: NDArray[np.int64]
    head: int = 0
    tail: int = 0

    def __call__(self, sequence: Sequence[int], rng: np.random.Generator) -> Masked:
        """Choose 15 % of the sub-words, at least one, and hide them.

        >>> masking = Masking(9, np.array([5, 6, 7]), head=1, tail=1)
        >>> masking([0, 5, 2], np.random.default_rng(2))
        Masked(shown=[0, 9, 2], positions=[1], wanted=[5])
        """
        n = len(sequence) - self.head - self.tail
        chosen = np.flatnonzero(rng.random(n) < MASKED)
        if not len(chosen):
            chosen = rng.integers(n, size=1)
        return self.hide(sequence, [self.head + int(k) for k in chosen], rng)

    def hide(self, sequence: Sequence[int], positions: list[int], rng: np.random.Generator) -> Masked:
        """Hide the sub-words at some positions: 80 % are masked, 10 % replaced, and 10 % left as they are."""
        shown = list(sequence)
        for position, kind in zip(positions, rng.random(len(positions)).tolist(), strict=True):
            if kind < _RANDOM:
                shown[position] = int(rng.choice(self.candidates))
            elif kind >= _RANDOM + _KEPT:
                shown[position] = self.mask
        return Masked(shown, positions, [sequence[position] for position in positions])


def prediction_head(width: int, seed: int) -> Any:
    """A new head for masked language modeling: a linear layer, GELU, and layer normalization.

    Its output is multiplied with the word vectors of the candidates.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.nn.Sequential(torch.nn.Linear(width, width), torch.nn.GELU(), torch.nn.LayerNorm(width))
