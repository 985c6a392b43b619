"""The states below the lowest trained layer. They are the same in every epoch, so they are computed once.

Frozen layers drop nothing, so that an epoch with kept states learns what it would learn without them, with dropout too;
only padding differs, which changes the last bits. States are kept in 32 bits, in memory or in a file of the cache
folder that has no name and ends with the process. Where they are kept changes nothing.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np

from xlner.models.batching import padded_batches
from xlner.models.cache import cache_dir
from xlner.models.layers import layer_modules
from xlner.models.subwords import padded
from xlner.models.threads import worker_threads
from xlner.models.windows import FloatArray

_PLAIN = frozenset({"bert", "camembert", "roberta", "xlm-roberta"})
"""Models in which a layer depends only on the states of the layer below it and on the mask."""
_MEMORY = 1024**3
"""Bytes from which the states are in a file."""
_SPARE_DISK = 1024**3
"""Bytes of the disk that stay free."""
_BATCH_TOKENS = 512
"""Sub-words in a batch, padding included."""


def can_be_kept(model: Any, n_layers: int, lengths: Sequence[int]) -> bool:
    """True if the model only needs the states above the lowest `n_layers`, and there is room for all of them.

    They are not kept on a GPU, which computes them faster than they could be sent to it.
    """
    on_cpu: bool = model.device.type == "cpu"
    if not on_cpu or n_layers <= 0 or model.config.model_type not in _PLAIN:
        return False
    size = _size(model, lengths)
    return size <= _MEMORY or size + _SPARE_DISK <= _free_disk()


def _size(model: Any, lengths: Sequence[int]) -> int:
    return 4 * int(model.config.hidden_size) * sum(lengths)


def _free_disk() -> int:
    folder = cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def _rows(shape: tuple[int, int], size: int) -> FloatArray:
    """Room for states, in memory or in a file."""
    if size <= _MEMORY:
        return np.empty(shape, dtype=np.float32)
    with tempfile.TemporaryFile(dir=cache_dir(), prefix="states-") as file:
        return np.memmap(file, dtype=np.float32, mode="w+", shape=shape)


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
        self._ends = np.cumsum([0, *map(len, sequences)])
        lengths = [len(s) for s in sequences]
        self._states = _rows((sum(lengths), int(model.config.hidden_size)), _size(model, lengths))
        self._compute(sequences, pad)

    def __call__(self, indices: Sequence[int]) -> Any:
        """The states of the sequences with these indices, shape `(n_sequences, longest, hidden)`, padded with zeros."""
        import torch
        from torch.nn.utils.rnn import pad_sequence

        return pad_sequence([torch.from_numpy(np.array(self._of(i))) for i in indices], batch_first=True)

    def _of(self, index: int) -> FloatArray:
        return self._states[self._ends[index] : self._ends[index + 1]]

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

    def _compute(self, sequences: Sequence[Sequence[int]], pad: int) -> None:
        import torch

        def compute(members: list[int]) -> None:
            ids, mask = map(torch.from_numpy, padded([sequences[k] for k in members], pad))
            with torch.no_grad():
                made = self._encoder(input_ids=ids, attention_mask=mask).last_hidden_state.numpy()
            for k, rows in zip(members, made, strict=True):
                self._of(k)[:] = rows[: len(sequences[k])]

        # The batches must not depend on the number of threads: padding changes the last bits of the states.
        batches = padded_batches([len(s) for s in sequences], _BATCH_TOKENS)
        with self._stopping(), worker_threads(self._encoder.device) as threads, ThreadPoolExecutor(threads) as pool:
            list(pool.map(compute, reversed(batches)))


def _as_given() -> Any:
    """An embedding layer that returns the given states."""
    from torch import nn

    class AsGiven(nn.Module):  # type: ignore[misc]
        def forward(self, inputs_embeds: Any, **_: Any) -> Any:
            return inputs_embeds

    return AsGiven()
