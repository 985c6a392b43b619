"""The states below the lowest trained layer. They are the same in every epoch, so they are computed once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from xlner.models.batching import padded_batches
from xlner.models.layers import layer_modules
from xlner.models.subwords import padded
from xlner.models.threads import worker_threads

_PLAIN = frozenset({"bert", "camembert", "roberta", "xlm-roberta"})
"""Models in which a layer depends only on the states of the layer below it and on the mask."""
_MEMORY = 2 * 1024**3
"""The largest size of the states, in bytes."""
_BATCH_TOKENS = 512
"""Sub-words in a batch, padding included."""


def can_be_kept(model: Any, n_layers: int, lengths: Sequence[int]) -> bool:
    """True if the model only needs the states above the lowest `n_layers`, and those of all sequences fit in memory."""
    size = 4 * int(model.config.hidden_size) * sum(lengths)
    on_cpu: bool = model.device.type == "cpu"
    return on_cpu and n_layers > 0 and model.config.model_type in _PLAIN and size <= _MEMORY


class LowerStates:
    """The states of sequences above the lowest `n_layers` of a model, and the model without these layers."""

    def __init__(self, model: Any, n_layers: int, sequences: Sequence[Sequence[int]], pad: int) -> None:
        from torch import nn

        self._encoder = model.base_model
        self._whole = layer_modules(self._encoder)
        self._embeddings = self._encoder.embeddings
        self._upper = nn.ModuleList(self._whole[n_layers:])
        self._lower = nn.ModuleList(self._whole[:n_layers])
        self._as_given = _as_given()
        self._states = self._computed(sequences, pad)

    def __call__(self, indices: Sequence[int]) -> Any:
        """The states of the sequences with these indices, shape `(n_sequences, longest, hidden)`, padded with zeros."""
        from torch.nn.utils.rnn import pad_sequence

        return pad_sequence([self._states[i] for i in indices], batch_first=True)

    @contextmanager
    def skipping(self) -> Iterator[None]:
        """Inside of this context the model reads states as `inputs_embeds` and has only the upper layers."""
        self._set(self._as_given, self._upper)
        try:
            yield
        finally:
            self._set(self._embeddings, self._whole)

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        self._set(self._embeddings, self._lower)
        try:
            yield
        finally:
            self._set(self._embeddings, self._whole)

    def _set(self, embeddings: Any, layers: Any) -> None:
        self._encoder.embeddings = embeddings
        self._encoder.encoder.layer = layers

    def _computed(self, sequences: Sequence[Sequence[int]], pad: int) -> list[Any]:
        import torch

        states: list[Any] = [None] * len(sequences)

        def compute(members: list[int]) -> None:
            ids, mask = map(torch.from_numpy, padded([sequences[k] for k in members], pad))
            with torch.no_grad():
                made = self._encoder(input_ids=ids, attention_mask=mask).last_hidden_state
            for k, rows in zip(members, made, strict=True):
                states[k] = rows[: len(sequences[k])].clone()

        # The batches must not depend on the number of threads: padding changes the last bits of the states.
        batches = padded_batches([len(s) for s in sequences], _BATCH_TOKENS)
        with self._stopping(), worker_threads(self._encoder.device) as threads, ThreadPoolExecutor(threads) as pool:
            list(pool.map(compute, reversed(batches)))
        return states


def _as_given() -> Any:
    """An embedding layer that returns the given states."""
    from torch import nn

    class AsGiven(nn.Module):  # type: ignore[misc]
        def forward(self, inputs_embeds: Any, **_: Any) -> Any:
            return inputs_embeds

    return AsGiven()
