"""What an encoder is trained toward on pairs of sentences without gold links (Dou and Neubig 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xlner.alignment.hf.states import Forward
from xlner.alignment.subwords import Subwords

_MASKED = 0.15
_KEPT, _RANDOM = 0.1, 0.1
"""Of the pieces to guess: shares that stay as they are, and that become another piece; the rest is masked."""

TextPair = tuple[Subwords, Subwords]


@dataclass(frozen=True, slots=True)
class SelfTraining:
    """AWESoME's self-training objective: make the links that the encoder finds today more probable.

    With P and Q the softmaxes of `cosine / temperature` over the sub-words of the target and of the source, the links
    are pairs of words any of whose sub-words have both above `threshold`; A is 1 for all pairs of their sub-words. The
    loss of a pair of n and m sub-words is `-Σ A (P / n + Q / m) / 2`. Unlike there, similarities are cosines divided by
    a temperature, as their scale differs from encoder to encoder.
    """

    forward: Forward
    temperature: float
    threshold: float

    def __call__(self, pairs: Sequence[TextPair], rng: np.random.Generator) -> Any:
        """The sum of the losses of the pairs."""
        sequences = [[*text.head, *text.pieces, *text.tail] for pair in pairs for text in pair]
        states = self.forward(sequences)
        losses = []
        for index, (source, target) in enumerate(pairs):
            losses.append(self._loss(states[2 * index], states[2 * index + 1], source, target))
        return sum(losses)

    def _loss(self, source_states: Any, target_states: Any, source: Subwords, target: Subwords) -> Any:
        import torch
        from torch.nn.functional import normalize

        x, y = normalize(inside(source_states, source), dim=1), normalize(inside(target_states, target), dim=1)
        scores = (x @ y.T).float() / self.temperature
        there, back = scores.softmax(dim=1), scores.softmax(dim=0)
        with torch.no_grad():
            both = ((there > self.threshold) & (back > self.threshold)).float()
            rows, columns = _membership(source, both), _membership(target, both)
            wanted = rows @ ((rows.T @ both @ columns) > 0).float() @ columns.T
        return -(wanted * (there / len(x) + back / len(y))).sum() / 2


def inside(states: Any, text: Subwords) -> Any:
    """The states of the pieces of a text, without what stands around them and behind them."""
    return states[len(text.head) : len(text.head) + len(text.pieces)]


def _membership(text: Subwords, like: Any) -> Any:
    """Shape (n_pieces, n_words): 1 where the piece belongs to the word."""
    import torch

    words = torch.from_numpy(np.repeat(np.arange(len(text.counts)), text.counts))
    return torch.nn.functional.one_hot(words, len(text.counts)).to(like)


@dataclass(frozen=True, slots=True)
class TranslationLanguageModeling:
    """Translation language model (Conneau and Lample 2019): guess masked pieces of a sentence and its translation.

    Both go through the encoder as one sequence; 15 % of their pieces are to be guessed, of which 80 % are masked, 10 %
    replaced and 10 % left alone. The guess is among the pieces of the training text only, out of the last states
    through `head` (a linear layer, GELU, layer normalization) and the word vectors of the encoder.
    """

    forward: Forward
    head: Any
    word_vectors: Any
    """Shape (n_candidates, hidden), of the pieces in `candidates`."""
    candidates: Any
    """Sorted piece ids, shape (n_candidates,)."""
    mask: int
    max_length: int

    def __call__(self, pairs: Sequence[TextPair], rng: np.random.Generator) -> Any:
        """The sum over pairs of the mean cross-entropy of the pieces to guess."""
        import torch
        from torch.nn.functional import cross_entropy

        masked = [self._masked(pair, rng) for pair in pairs]
        states = self.forward([sequence for sequence, _, _ in masked])
        total = torch.zeros((), device=states.device)
        for row, (_, positions, pieces) in zip(states, masked, strict=True):
            if positions:
                guesses = self.head(row[positions].float()) @ self.word_vectors.T.float()
                wanted = torch.from_numpy(np.searchsorted(self.candidates, pieces)).to(states.device)
                total = total + cross_entropy(guesses, wanted)
        return total

    def _masked(self, pair: TextPair, rng: np.random.Generator) -> tuple[list[int], list[int], list[int]]:
        """The sequence, and positions and pieces to guess; what goes beyond the limit of the model is left out."""
        source, target = pair
        sequence = [*source.head, *source.pieces, *source.tail, *target.head[:0], *target.pieces, *target.tail]
        start, middle = len(source.head), len(source.head) + len(source.pieces) + len(source.tail)
        free = [*range(start, start + len(source.pieces)), *range(middle, middle + len(target.pieces))]
        free = [position for position in free if position < self.max_length]
        chosen = np.flatnonzero(rng.random(len(free)) < _MASKED).tolist()
        positions = [free[i] for i in chosen]
        pieces = [sequence[position] for position in positions]
        for position, kind in zip(positions, rng.random(len(positions)).tolist(), strict=True):
            if kind < _RANDOM:
                sequence[position] = int(rng.choice(self.candidates))
            elif kind >= _RANDOM + _KEPT:
                sequence[position] = self.mask
        return sequence[: self.max_length], positions, pieces
