"""The upper layers and the classifier in PyTorch, for training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from xlner.models.e5.upper_layers import MATRICES, NORMS
from xlner.models.e5.weights import E5File
from xlner.models.windows import FloatArray

_MASKS = 1 << 22
"""Random numbers that are drawn once, because drawing new ones takes a quarter of a training step."""


class Dropout:
    """Inverted dropout whose masks depend only on a seed and a step."""

    def __init__(self, share: float, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self._keep = (torch.rand(_MASKS, generator=generator) >= share).to(torch.bfloat16) / (1 - share)
        self._share, self._seed = share, seed
        self._rng: np.random.Generator | None = None

    def start(self, step: int | None) -> None:
        """Begin a step; None turns dropout off."""
        self._rng = None if step is None or not self._share else np.random.default_rng([self._seed, step])

    def __call__(self, x: Any) -> Any:
        """The values with some of them set to 0 and the others scaled up."""
        if self._rng is None:
            return x
        size = x.numel()
        start = int(self._rng.integers(_MASKS))
        mask = self._keep.roll(-start) if size > _MASKS - start else self._keep[start : start + size]
        mask = mask.repeat(-(-size // len(mask)))[:size] if size > len(mask) else mask[:size]
        return x * mask.view(x.shape)


class Network(nn.Module):  # type: ignore[misc]
    """Computes logits of words from the states of the lower layers. Its weights start as those of the encoder.

    For each style there is a vector that is added to the states of its sentences. Style 0 has none.
    """

    def __init__(self, file: E5File, trained: range, n_classes: int, n_styles: int, dropout: Dropout) -> None:
        super().__init__()
        self.dropout = dropout
        self.layers = nn.ModuleList(_Layer(file, f"l{i}") for i in trained)
        self.head = nn.Linear(file.sizes.hidden, n_classes)
        self.styles = nn.Parameter(torch.zeros(n_styles, file.sizes.hidden))

    def forward(self, states: Any, lengths: Any, words: Any, styles: Any) -> Any:
        """Logits of shape (n_words, n_classes).

        - `states`: shape (n_sentences, longest, hidden), padded on the right.
        - `lengths`: shape (n_sentences,).
        - `words`: the sentence and the position of the first sub-word of each word.
        - `styles`: shape (n_sentences,).
        """
        inside = torch.arange(states.shape[1])[None] < lengths[:, None]
        mask = torch.where(inside, 0.0, -1e9)[:, None, None, :]
        if len(self.styles):
            plain = self.styles.new_zeros(1, self.styles.shape[1])
            states = states + torch.cat([plain, self.styles])[styles][:, None]
        for layer in self.layers:
            states = layer(states, mask, self.dropout)
        return self.head(self.dropout(states[words]))

    def tensors(self) -> dict[str, FloatArray]:
        """The weights by the names of `xlner.models.e5.upper_layers`."""
        found: dict[str, FloatArray] = {}
        for i, layer in enumerate(self.layers):
            for name in MATRICES:
                found[f"l{i}.{name}.w"] = getattr(layer, name).weight.detach().numpy()
                found[f"l{i}.{name}.b"] = getattr(layer, name).bias.detach().numpy()
            for name in NORMS:
                norm = getattr(layer, name)
                found[f"l{i}.{name}"] = torch.stack([norm.weight, norm.bias]).detach().numpy()
        found["head.w"] = self.head.weight.detach().numpy()
        found["head.b"] = self.head.bias.detach().numpy()
        found["styles"] = self.styles.detach().numpy()
        return found


class _Layer(nn.Module):  # type: ignore[misc]
    def __init__(self, file: E5File, name: str) -> None:
        super().__init__()
        sizes = file.sizes
        hidden = sizes.hidden
        self.heads = sizes.heads
        self.qkv = _linear([(file, f"{name}.{part}") for part in "qkv"], hidden, hidden)
        self.ao = _linear([(file, f"{name}.ao")], hidden, hidden)
        self.aln = _norm(file, f"{name}.aln")
        self.fi = _linear([(file, f"{name}.fi")], sizes.inner, hidden)
        self.fo = _linear([(file, f"{name}.fo")], hidden, sizes.inner)
        self.oln = _norm(file, f"{name}.oln")

    def forward(self, x: Any, mask: Any, dropout: Dropout) -> Any:
        count, length, hidden = x.shape
        parts = self.qkv(x).view(count, length, 3, self.heads, hidden // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = parts
        # Written out, because the gradients of `scaled_dot_product_attention` are slow in half precision on a CPU.
        scores = (query @ key.transpose(-1, -2)).float() * (hidden // self.heads) ** -0.5 + mask
        context = torch.softmax(scores, -1).to(value.dtype) @ value
        context = context.transpose(1, 2).reshape(count, length, hidden)
        x = self.aln(x + dropout(self.ao(context)))
        return self.oln(x + dropout(self.fo(nn.functional.gelu(self.fi(x)))))


def marginal_loss(logits: Any, allowed: Any) -> Any:
    """The negative log probability that the class of a word is one of the allowed ones, as a mean over words.

    - `logits`, `allowed`: shape (n_words, n_classes).

    >>> logits = torch.tensor([[0.0, 0.0, 0.0, 0.0]])
    >>> round(float(marginal_loss(logits, torch.tensor([[True, True, False, False]])).exp()), 4)
    2.0
    """
    every = torch.logsumexp(logits, -1)
    return (every - torch.logsumexp(logits.masked_fill(~allowed, -1e9), -1)).mean()


def batch_tensors(
    states: Sequence[NDArray[np.float16]], firsts: Sequence[NDArray[np.int32]], styles: Sequence[int]
) -> tuple[Any, Any, Any, Any]:
    """The arguments of `Network` for sentences, given their states, the positions of first sub-words, and styles."""
    lengths = [len(rows) for rows in states]
    padded = np.zeros((len(states), max(lengths), states[0].shape[1]), dtype=np.float32)
    for row, values in zip(padded, states, strict=True):
        row[: len(values)] = values
    rows = np.repeat(np.arange(len(firsts)), [len(f) for f in firsts])
    columns = np.concatenate(firsts).astype(np.int64)
    words = torch.from_numpy(rows), torch.from_numpy(columns)
    return torch.from_numpy(padded), torch.tensor(lengths), words, torch.tensor(styles)


def _linear(parts: Sequence[tuple[E5File, str]], outputs: int, inputs: int) -> Any:
    layer = nn.Linear(inputs, outputs * len(parts))
    weights = [file.matrix(f"{name}.w", outputs, inputs) for file, name in parts]
    layer.weight.data = torch.from_numpy(np.concatenate(weights))
    layer.bias.data = torch.from_numpy(np.concatenate([file.floats(f"{name}.b", outputs) for file, name in parts]))
    return layer


def _norm(file: E5File, name: str) -> Any:
    layer = nn.LayerNorm(file.sizes.hidden, file.sizes.epsilon)
    layer.weight.data = torch.from_numpy(file.floats(f"{name}.w", file.sizes.hidden))
    layer.bias.data = torch.from_numpy(file.floats(f"{name}.b", file.sizes.hidden))
    return layer
