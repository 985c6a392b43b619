"""What a token classifier says of sequences of sub-words."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from xlner.models.batching import padded_batches
from xlner.models.loading import worker_threads
from xlner.models.subwords import SubwordTokenizer, padded
from xlner.models.windows import FloatArray

_BATCH_TOKENS = {"cpu": 512}
_BATCH_TOKENS_GPU = 16384


class SequenceLogits:
    """The logits of sequences, computed in batches of at most `batch_tokens` sub-words, padding included."""

    def __init__(self, model: Any, subwords: SubwordTokenizer, *, pad: int, batch_tokens: int | None = None) -> None:
        self._model = model
        self._subwords = subwords
        self._pad = pad
        self._batch_tokens = batch_tokens or _BATCH_TOKENS.get(model.device.type, _BATCH_TOKENS_GPU)

    def __call__(self, sequences: Sequence[Sequence[int]]) -> list[FloatArray]:
        """The logits of each sequence without those of its special tokens, shape `(n_subwords, n_tags)`."""
        nothing = np.zeros((0, int(self._model.config.num_labels)), dtype=np.float32)
        logits: list[FloatArray] = [nothing] * len(sequences)
        n_special = len(self._subwords.head) + len(self._subwords.tail)
        todo = [k for k, sequence in enumerate(sequences) if len(sequence) > n_special]
        lengths = [len(sequences[k]) for k in todo]

        def compute(members: list[int]) -> None:
            batch = [todo[k] for k in members]
            for k, rows in zip(batch, self._forward([sequences[k] for k in batch]), strict=True):
                logits[k] = rows[: len(sequences[k])][self._subwords.inside]

        with worker_threads(self._model.device) as threads, ThreadPoolExecutor(threads) as pool:
            fair_share = -(-sum(lengths) // threads)
            batches = padded_batches(lengths, min(self._batch_tokens, fair_share))
            list(pool.map(compute, reversed(batches)))  # long ones first: the last ones share out the rest
        return logits

    def _forward(self, sequences: Sequence[Sequence[int]]) -> FloatArray:
        """The logits of one batch, shape `(n_sequences, longest, n_tags)`."""
        import torch

        ids, mask = padded(sequences, self._pad)
        inputs = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
        with torch.inference_mode():
            moved = {name: tensor.to(self._model.device) for name, tensor in inputs.items()}
            logits: FloatArray = self._model(**moved).logits.float().cpu().numpy()
        return logits
