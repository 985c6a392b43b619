"""Training objectives for encoders on parallel text without gold links (Dou and Neubig 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xlner.alignment.hf.states import Forward
from xlner.models.masking import MASKED, Masked, Masking
from xlner.models.subwords import Subwords

TextPair = tuple[Subwords, Subwords]


@dataclass(frozen=True, slots=True)
class SelfTraining:
    """The self-training objective of AWESoME: make the links that the encoder finds now more probable.

    Let P and Q be the softmaxes of `cosine / temperature` over the sub-words of the target and of the source. Two words
    are linked if any of their sub-words have both probabilities above `threshold`. A is 1 for all pairs of sub-words of
    linked words. The loss of a pair with n and m sub-words is `-Σ A (P / n + Q / m) / 2`.

    Unlike in AWESoME, similarities are cosines divided by a temperature, because the scale of dot products differs
    between encoders.
    """

    forward: Forward
    temperature: float
    threshold: float

    def __call__(self, pairs: Sequence[TextPair], rng: np.random.Generator) -> Any:
        """The sum of the losses of the pairs."""
        states = self.forward([text.sequence() for pair in pairs for text in pair])
        losses = []
        for index, (source, target) in enumerate(pairs):
            losses.append(self._loss(states[2 * index], states[2 * index + 1], source, target))
        return sum(losses)

    def _loss(self, source_states: Any, target_states: Any, source: Subwords, target: Subwords) -> Any:
        import torch
        from torch.nn.functional import normalize

        x, y = normalize(_inside(source_states, source), dim=1), normalize(_inside(target_states, target), dim=1)
        scores = (x @ y.T).float() / self.temperature
        forward, backward = scores.softmax(dim=1), scores.softmax(dim=0)
        with torch.no_grad():
            both = ((forward > self.threshold) & (backward > self.threshold)).float()
            rows, columns = _membership(source, both), _membership(target, both)
            wanted = rows @ ((rows.T @ both @ columns) > 0).float() @ columns.T
        return -(wanted * (forward / len(x) + backward / len(y))).sum() / 2


def _inside(states: Any, text: Subwords) -> Any:
    """The states of the sub-words of a text, without special tokens and padding."""
    return states[len(text.head) : len(text.head) + len(text.ids)]


def _membership(text: Subwords, like: Any) -> Any:
    """Shape (n_subwords, n_words): 1 if the sub-word belongs to the word."""
    import torch

    words = torch.from_numpy(np.repeat(np.arange(len(text.counts)), text.counts))
    return torch.nn.functional.one_hot(words, len(text.counts)).to(like)


@dataclass(frozen=True, slots=True)
class TranslationLanguageModeling:
    """Translation language modeling (Conneau and Lample 2019): predict masked sub-words of a sentence and its
    translation.

    The encoder reads both as one sequence, in which `masking` hides 15 % of the sub-words. Only sub-words of the
    training text are candidates: the last states go through `head`, and are multiplied with the word vectors of the
    candidates. Sub-words beyond `max_length` are left out.
    """

    forward: Forward
    head: Any
    word_vectors: Any
    """Shape (n_candidates, hidden)."""
    masking: Masking
    """Its candidates are sorted."""
    max_length: int

    def __call__(self, pairs: Sequence[TextPair], rng: np.random.Generator) -> Any:
        """The sum over pairs of the mean cross-entropy of the sub-words to predict."""
        import torch
        from torch.nn.functional import cross_entropy

        masked = [self.masked(pair, rng) for pair in pairs]
        states = self.forward([m.shown for m in masked])
        total = torch.zeros((), device=states.device)
        for row, m in zip(states, masked, strict=True):
            if m.positions:
                logits = self.head(row[m.positions].float()) @ self.word_vectors.T.float()
                wanted = torch.from_numpy(np.searchsorted(self.masking.candidates, m.wanted)).to(states.device)
                total = total + cross_entropy(logits, wanted)
        return total

    def masked(self, pair: TextPair, rng: np.random.Generator) -> Masked:
        """What the encoder reads of a pair. There may be no sub-word to predict."""
        source, target = pair
        sequence = [*source.sequence(), *target.ids, *target.tail]
        start, middle = len(source.head), len(source.sequence())
        free = [*range(start, start + len(source.ids)), *range(middle, middle + len(target.ids))]
        free = [position for position in free if position < self.max_length]
        chosen = np.flatnonzero(rng.random(len(free)) < MASKED).tolist()
        return self.masking.hide(sequence[: self.max_length], [free[i] for i in chosen], rng)
