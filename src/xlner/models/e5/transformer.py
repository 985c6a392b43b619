"""The transformer of multilingual-e5-small (a BERT with 12 layers of 384 dimensions) in numpy, up to a chosen layer.

The sub-words of a batch are the rows of one matrix, so there is no padding. Only attention depends on the sequences;
those of equal length are computed together. The operations on a row do not depend on the rest of the batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from xlner.models.e5.weights import E5File, dequantize
from xlner.models.windows import FloatArray

_GELU_ROWS = 64
"""Rows of inner values that fit in the CPU cache during the many steps of `_gelu_twice`."""

_ERF = (
    *(7.97884216e-01, 3.63342835e-02, -3.31299559e-05, -5.52401698e-05),
    *(3.96911099e-06, -1.33446504e-07, 1.80561852e-09),
)
"""The polynomial P of erf(x / sqrt 2) = tanh(x P(x^2)) with the smallest maximal error of x erf(x / sqrt 2) on [-6, 6].
The error grows beyond."""


@dataclass(frozen=True, slots=True)
class Linear:
    """x W + b for each row x."""

    weight: FloatArray
    """Shape (inputs, outputs)."""
    bias: FloatArray

    def __call__(self, x: FloatArray) -> FloatArray:
        result: FloatArray = x @ self.weight
        result += self.bias
        return result


@dataclass(frozen=True, slots=True)
class Norm:
    """Layer normalization."""

    gain: FloatArray
    bias: FloatArray
    epsilon: float

    def __call__(self, x: FloatArray) -> FloatArray:
        """Layer normalization of each row, in place."""
        x -= x.mean(axis=1, keepdims=True)
        variance = np.einsum("ij,ij->i", x, x) / x.shape[1]
        x /= np.sqrt(variance + self.epsilon)[:, None]
        x *= self.gain
        x += self.bias
        return x


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the transformer, with weights that are scaled for speed; see `make_layer`."""

    heads: int
    attention_in: Linear
    """Queries, keys and values side by side. Queries are already divided by the square root of the head size."""
    attention_out: Linear
    attention_norm: Norm
    inner: Linear
    outer: Linear
    """Its weights are halved, for `_gelu_twice`."""
    outer_norm: Norm

    def __call__(self, x: FloatArray, runs: Sequence[_Run]) -> FloatArray:
        context = _attend(self.attention_in(x), runs, self.heads)
        context = self.attention_out(context)
        context += x
        x = self.attention_norm(context)
        inner = self.inner(x)
        for start in range(0, len(inner), _GELU_ROWS):
            _gelu_twice(inner[start : start + _GELU_ROWS])
        result = self.outer(inner)
        result += x
        return self.outer_norm(result)


@dataclass(frozen=True, slots=True)
class _Run:
    """Consecutive sequences of one length."""

    start: int
    count: int
    length: int


class E5Transformer:
    """Computes the hidden states of one layer of the model in a file. Layer 0 is the embeddings.

    Only the matrices of the layers up to `layer` are in memory as floats; word vectors stay in the file.
    """

    def __init__(self, file: E5File, layer: int) -> None:
        sizes = file.sizes
        self.max_length = sizes.positions
        self._words = file.blocks("emb.word", sizes.vocabulary, sizes.hidden)
        self._positions = file.floats("emb.pos", sizes.positions, sizes.hidden)
        self._positions += file.floats("emb.type", sizes.types, sizes.hidden)[0]
        self._norm = _read_norm(file, "emb.ln")
        self._layers = read_layers(file, layer)

    def __call__(self, sequences: Sequence[Sequence[int]]) -> list[FloatArray]:
        """The states of each sequence of piece ids, shape (length, hidden). No sequence may exceed `max_length`.

        Sequences of equal length should be neighbors, because they share the attention step.
        """
        lengths = [len(sequence) for sequence in sequences]
        ids = np.concatenate([np.asarray(sequence, dtype=np.intp) for sequence in sequences])
        x = dequantize(self._words[ids])
        x += self._positions[np.concatenate([np.arange(length) for length in lengths])]
        return apply_layers(self._layers, self._norm(x), lengths)


def read_layers(file: E5File, count: int) -> list[Layer]:
    """The lowest layers of a file."""
    return [_read_layer(file, f"l{i}") for i in range(count)]


def apply_layers(layers: Sequence[Layer], x: FloatArray, lengths: Sequence[int]) -> list[FloatArray]:
    """The states of sequences of these lengths after some layers. `x` holds their rows before, one after the other."""
    runs = _runs(lengths)
    for layer in layers:
        x = layer(x, runs)
    return np.split(x, np.cumsum(lengths)[:-1])


def _runs(lengths: Sequence[int]) -> list[_Run]:
    runs = []
    start = 0
    for length, group in groupby(lengths):
        count = len(list(group))
        runs.append(_Run(start, count, length))
        start += count * length
    return runs


def _attend(projected: FloatArray, runs: Sequence[_Run], heads: int) -> FloatArray:
    """Scaled dot-product attention inside each sequence, from (sub-words, 3 hidden) to (sub-words, hidden)."""
    hidden = projected.shape[1] // 3
    context = np.empty((len(projected), hidden), dtype=np.float32)
    for run in runs:
        rows = slice(run.start, run.start + run.count * run.length)
        parts = projected[rows].reshape(run.count, run.length, 3, heads, hidden // heads).transpose(2, 0, 3, 1, 4)
        query, key, value = parts
        # Keys as rows, because reductions over short rows are slow, and those over columns are not.
        scores = key @ query.swapaxes(-1, -2)
        scores -= scores.max(axis=-2, keepdims=True)
        np.exp(scores, out=scores)
        mixed = scores.swapaxes(-1, -2) @ value
        mixed /= scores.sum(axis=-2)[..., None]
        context[rows] = mixed.transpose(0, 2, 1, 3).reshape(-1, hidden)
    return context


def _gelu_twice(x: FloatArray) -> None:
    """x (1 + erf(x / sqrt 2)) in place, with an error below 1.2e-6 for |x| <= 12; seven times faster than scipy."""
    square = x * x
    angle = square * np.float32(_ERF[-1])
    for coefficient in _ERF[-2:0:-1]:
        angle += np.float32(coefficient)
        angle *= square
    angle += np.float32(_ERF[0])
    angle *= x
    np.tanh(angle, out=angle)
    angle += 1
    x *= angle


def _read_norm(file: E5File, name: str) -> Norm:
    hidden = file.sizes.hidden
    return Norm(file.floats(f"{name}.w", hidden), file.floats(f"{name}.b", hidden), file.sizes.epsilon)


def _read_linear(file: E5File, name: str, inputs: int, outputs: int) -> Linear:
    weight = np.ascontiguousarray(file.matrix(f"{name}.w", outputs, inputs).T)
    return Linear(weight, file.floats(f"{name}.b", outputs))


def _read_layer(file: E5File, name: str) -> Layer:
    hidden, inner = file.sizes.hidden, file.sizes.inner
    query, key, value = (_read_linear(file, f"{name}.{part}", hidden, hidden) for part in "qkv")
    return make_layer(
        heads=file.sizes.heads,
        attention_in=Linear(
            np.concatenate([query.weight, key.weight, value.weight], axis=1),
            np.concatenate([query.bias, key.bias, value.bias]),
        ),
        attention_out=_read_linear(file, f"{name}.ao", hidden, hidden),
        attention_norm=_read_norm(file, f"{name}.aln"),
        inner=_read_linear(file, f"{name}.fi", hidden, inner),
        outer=_read_linear(file, f"{name}.fo", inner, hidden),
        outer_norm=_read_norm(file, f"{name}.oln"),
    )


def make_layer(
    *,
    heads: int,
    attention_in: Linear,
    attention_out: Linear,
    attention_norm: Norm,
    inner: Linear,
    outer: Linear,
    outer_norm: Norm,
) -> Layer:
    """A layer from the weights of a BERT layer, with queries, keys and values side by side in `attention_in`."""
    hidden = len(attention_in.weight)
    scale = np.ones(3 * hidden, dtype=np.float32)
    scale[:hidden] = 1 / math.sqrt(hidden // heads)
    scaled = Linear(attention_in.weight * scale, attention_in.bias * scale)
    halved = Linear(outer.weight * np.float32(0.5), outer.bias)
    return Layer(heads, scaled, attention_out, attention_norm, inner, halved, outer_norm)
