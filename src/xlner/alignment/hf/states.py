"""Hidden states of one layer of a Hugging Face encoder. The layers above it are not computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, cast

import numpy as np

from xlner.core.memory import within_memory
from xlner.models.batching import padded_batches, token_budget
from xlner.models.layers import layer_modules
from xlner.models.subwords import padded
from xlner.models.threads import cpus, single_threaded_torch
from xlner.models.windows import FloatArray

_CPU_TOKENS, _GPU_TOKENS = 1024, 32768
"""Sub-words in a batch, padding included."""


class _Reached(Exception):  # noqa: N818 - not an error
    """Ends the forward pass with the states that are the input of the next layer."""

    def __init__(self, states: Any) -> None:
        super().__init__()
        self.states = states


class LayerStates:
    """Computes the states of `layer` for sequences of ids: the same as `hidden_states[layer]`, 0 is the embeddings.

    Sequences of similar length form a batch, padded with the id `pad` and masked.
    """

    def __init__(
        self, encoder: Any, layer: int, *, pad: int, batch_tokens: int | None = None, threads: int | None = None
    ) -> None:
        self._forward = Forward(encoder, layer, pad)
        self._budget = batch_tokens or token_budget(encoder.device, cpu=_CPU_TOKENS, gpu=_GPU_TOKENS)
        self._threads = threads or (cpus() if encoder.device.type == "cpu" else 1)
        self._nothing = np.zeros((0, encoder.config.hidden_size), dtype=np.float32)

    def __call__(self, sequences: Sequence[Sequence[int]]) -> list[FloatArray]:
        """The states of each sequence in single precision, shape (length, hidden)."""
        import torch

        lengths = [len(sequence) for sequence in sequences]
        fair_share = max(1, -(-sum(lengths) // self._threads))
        found: list[FloatArray | None] = [None if length else self._nothing for length in lengths]
        batches = padded_batches(lengths, within_memory(min(self._budget, fair_share)))

        def compute(batch: list[int]) -> None:
            batch = [i for i in batch if lengths[i]]
            if not batch:
                return
            with torch.inference_mode():
                states = self._forward([sequences[i] for i in batch]).float().cpu().numpy()
            for row, index in enumerate(batch):
                # A copy, because a view would keep the whole batch in memory.
                found[index] = states[row, : lengths[index]].copy()

        with self._forward.stopping(), single_threaded_torch(), ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(compute, batches))
        return cast(list[FloatArray], found)


class Forward:
    """The forward pass of an encoder up to a layer, for one batch. Call it inside of `stopping`."""

    def __init__(self, encoder: Any, layer: int, pad: int) -> None:
        self._encoder = encoder
        self._layer = layer
        self._pad = pad
        layers = layer_modules(encoder)
        self._next = layers[layer] if layers is not None and layer < len(layers) else None
        self._is_last = layer == encoder.config.num_hidden_layers

    def __call__(self, batch: Sequence[Sequence[int]]) -> Any:
        """The states, shape (n_sequences, longest, hidden). Those after the end of a sequence have no meaning."""
        import torch

        ids, mask = (torch.from_numpy(x).to(self._encoder.device) for x in padded(batch, self._pad))
        if self._is_last:
            return self._encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        if self._next is None:
            output = self._encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True)
            return output.hidden_states[self._layer]
        try:
            self._encoder(input_ids=ids, attention_mask=mask)
        except _Reached as reached:
            return reached.states
        raise AssertionError("the forward pass did not reach the layer after the wanted one")

    @contextmanager
    def stopping(self) -> Iterator[None]:
        """The forward pass stops at the layer inside of this context only, because others may use the model too."""
        if self._next is None:
            yield
            return

        def stop(module: Any, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
            raise _Reached(positional[0] if positional else named["hidden_states"])

        handle = self._next.register_forward_pre_hook(stop, with_kwargs=True)
        try:
            yield
        finally:
            handle.remove()
