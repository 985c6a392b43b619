"""The layers of the encoder in PyTorch: bfloat16 on CPUs that are made for it, half precision on GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from xlner.models.e5.processor import torch_precision
from xlner.models.e5.transformer import E5Transformer, Layer, Linear, Norm, read_layers
from xlner.models.e5.weights import E5File
from xlner.models.windows import FloatArray


class TorchEncoder:
    """The states of one layer: embeddings by numpy, layers by PyTorch."""

    def __init__(self, file: E5File, layer: int) -> None:
        self._embeddings = E5Transformer(file, 0)
        self._layers = TorchLayers(read_layers(file, layer))
        self.max_length = self._embeddings.max_length

    def __call__(self, sequences: Sequence[Sequence[int]]) -> list[FloatArray]:
        return self._layers(np.concatenate(self._embeddings(sequences)), [len(s) for s in sequences])


class TorchLayers:
    """Some layers, without padding: the sub-words of a batch are the rows of one matrix, as in `apply_layers`."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        import torch

        precision = torch_precision()
        self._type = getattr(torch, precision)
        self._device = torch.device("cuda" if precision == "float16" else "cpu")
        self._layers = [_Layer(layer, self._moved) for layer in layers]

    def __call__(self, x: FloatArray, lengths: Sequence[int]) -> list[FloatArray]:
        import torch

        runs = [(length, len(list(group))) for length, group in groupby(lengths)]
        with torch.inference_mode():
            rows = self._moved(np.ascontiguousarray(x))
            for layer in self._layers:
                rows = layer(rows, runs)
            states: FloatArray = rows.float().cpu().numpy()
        return np.split(states, np.cumsum(lengths)[:-1])

    def _moved(self, array: FloatArray) -> Any:
        import torch

        return torch.from_numpy(array).to(self._device, self._type)


class _Layer:
    def __init__(self, layer: Layer, moved: Any) -> None:
        def linear(part: Linear, factor: float = 1.0) -> tuple[Any, Any]:
            return moved(np.ascontiguousarray(part.weight.T) * np.float32(factor)), moved(part.bias)

        def norm(part: Norm) -> tuple[Any, Any, float]:
            return moved(part.gain), moved(part.bias), part.epsilon

        self.heads = layer.heads
        self.attention_in, self.attention_out = linear(layer.attention_in), linear(layer.attention_out)
        self.inner, self.outer = linear(layer.inner), linear(layer.outer, 2.0)  # for numpy its weights are halved
        self.attention_norm, self.outer_norm = norm(layer.attention_norm), norm(layer.outer_norm)

    def __call__(self, x: Any, runs: Sequence[tuple[int, int]]) -> Any:
        from torch.nn.functional import gelu, layer_norm, linear

        def normed(rows: Any, norm: tuple[Any, Any, float]) -> Any:
            gain, bias, epsilon = norm
            return layer_norm(rows, (rows.shape[1],), gain, bias, epsilon)

        context = self._attend(linear(x, *self.attention_in), runs)
        x = normed(linear(context, *self.attention_out) + x, self.attention_norm)
        return normed(linear(gelu(linear(x, *self.inner)), *self.outer) + x, self.outer_norm)

    def _attend(self, projected: Any, runs: Sequence[tuple[int, int]]) -> Any:
        """Attention inside each sequence; those of equal length together."""
        from torch import cat
        from torch.nn.functional import scaled_dot_product_attention

        hidden = projected.shape[1] // 3
        found, start = [], 0
        for length, count in runs:
            rows = projected[start : start + length * count]
            start += length * count
            query, key, value = rows.view(count, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            mixed = scaled_dot_product_attention(query, key, value, scale=1.0)  # queries are scaled already
            found.append(mixed.transpose(1, 2).reshape(-1, hidden))
        return found[0] if len(found) == 1 else cat(found)
