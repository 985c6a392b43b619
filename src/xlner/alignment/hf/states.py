"""Hidden states of one layer of a Hugging Face encoder; what lies above that layer is not run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, cast

import numpy as np

from xlner.models.batching import padded_batches
from xlner.models.e5.weights import FloatArray
from xlner.models.layers import layer_modules
from xlner.models.threads import cpus

_CPU_BUDGET, _GPU_BUDGET = 1024, 32768
"""Tokens of a batch, padding included."""


class _Reached(Exception):  # noqa: N818 - no error
    """Ends the forward pass, with the states that the next layer was to get."""

    def __init__(self, states: Any) -> None:
        super().__init__()
        self.states = states


class LayerStates:
    """Sequences of ids to the states of `layer`, 0 being the embeddings; the same as `hidden_states[layer]`.

    Sequences are computed in batches of about the same length, padded with the id `pad` and masked.
    """

    def __init__(
        self, encoder: Any, layer: int, *, pad: int, batch_tokens: int | None = None, threads: int | None = None
    ) -> None:
        on_cpu = encoder.device.type == "cpu"
        self._forward = Forward(encoder, layer, pad)
        self._budget = batch_tokens or (_CPU_BUDGET if on_cpu else _GPU_BUDGET)
        self._threads = threads or (cpus() if on_cpu else 1)
        self._nothing = np.zeros((0, encoder.config.hidden_size), dtype=np.float32)

    def __call__(self, sequences: Sequence[Sequence[int]]) -> list[FloatArray]:
        """States of shape (length, hidden) of each sequence, in single precision."""
        import torch

        lengths = [len(sequence) for sequence in sequences]
        fair_share = max(1, -(-sum(lengths) // self._threads))
        found: list[FloatArray | None] = [None if length else self._nothing for length in lengths]
        batches = padded_batches(lengths, min(self._budget, fair_share))

        def compute(batch: list[int]) -> None:
            batch = [i for i in batch if lengths[i]]
            if not batch:
                return
            with torch.inference_mode():
                states = self._forward([sequences[i] for i in batch]).float().cpu().numpy()
            for row, index in enumerate(batch):
                # A copy: a view would keep the whole batch.
                found[index] = states[row, : lengths[index]].copy()

        with self._forward.stopping(), single_threaded_torch(), ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(compute, batches))
        return cast(list[FloatArray], found)


class Forward:
    """The forward pass of an encoder up to a layer, for one batch; to be called inside `stopping`."""

    def __init__(self, encoder: Any, layer: int, pad: int) -> None:
        self._encoder = encoder
        self._layer = layer
        self._pad = pad
        layers = layer_modules(encoder)
        self._next = layers[layer] if layers is not None and layer < len(layers) else None
        self._is_last = layer == encoder.config.num_hidden_layers

    def __call__(self, batch: Sequence[Sequence[int]]) -> Any:
        """States of shape (n_sequences, longest, hidden); what lies behind the end of a sequence says nothing."""
        ids, mask = _padded(batch, self._pad, self._encoder.device)
        if self._is_last:
            return self._encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        if self._next is None:
            output = self._encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True)
            return output.hidden_states[self._layer]
        try:
            self._encoder(input_ids=ids, attention_mask=mask)
        except _Reached as reached:
            return reached.states
        raise AssertionError("the layer after the last one wanted was not reached")

    @contextmanager
    def stopping(self) -> Iterator[None]:
        """Hooked up for as long as it takes, since the model may be in use for other things."""
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


@contextmanager
def single_threaded_torch() -> Iterator[None]:
    """Threads of ours take the place of torch's, which share out single operations and wait for each other in a loop:
    where other work has a CPU, that takes several times as long.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _padded(batch: Sequence[Sequence[int]], pad: int, device: Any) -> tuple[Any, Any]:
    """Ids and attention mask of a batch, shape (n_sequences, longest)."""
    import torch

    longest = max(map(len, batch))
    ids = torch.tensor([[*sequence, *[pad] * (longest - len(sequence))] for sequence in batch])
    lengths = torch.tensor([len(sequence) for sequence in batch])
    mask = (torch.arange(longest) < lengths[:, None]).long()
    return ids.to(device), mask.to(device)
