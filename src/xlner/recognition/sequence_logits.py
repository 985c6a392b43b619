"""The logits that a token classifier gives the sub-words of sentences."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from xlner.core.memory import within_memory
from xlner.models.batching import padded_batches, token_budget
from xlner.models.subwords import Subwords, compute_states, padded
from xlner.models.threads import worker_threads
from xlner.models.tokenizers import SubwordTokenizer
from xlner.models.windows import FloatArray

_CPU_TOKENS = 512
"""Sub-words in a batch."""


class SequenceLogits:
    """Logits of sentences, computed in batches of at most `batch_tokens` sub-words, padding included."""

    def __init__(self, model: Any, subwords: SubwordTokenizer, *, pad: int, batch_tokens: int | None = None) -> None:
        self._model = model
        self._max_length = subwords.max_length
        self._n_special = len(subwords.head) + len(subwords.tail)
        self._pad = pad
        self._batch_tokens = batch_tokens or token_budget(model.device, cpu=_CPU_TOKENS)

    def __call__(self, texts: Sequence[Subwords]) -> list[FloatArray]:
        """The logits of each text without those of special tokens, shape `(n_subwords, n_classes)`."""
        return compute_states(texts, self._of_sequences, max_length=self._max_length)

    def _of_sequences(self, sequences: Sequence[Sequence[int]]) -> list[FloatArray]:
        """The logits of each sequence, special tokens included; zeros for a sequence of special tokens alone."""
        nothing = np.zeros((self._n_special, int(self._model.config.num_labels)), dtype=np.float32)
        logits: list[FloatArray] = [nothing] * len(sequences)
        todo = [k for k, sequence in enumerate(sequences) if len(sequence) > self._n_special]
        lengths = [len(sequences[k]) for k in todo]

        def compute(members: list[int]) -> None:
            batch = [todo[k] for k in members]
            for k, rows in zip(batch, self._forward([sequences[k] for k in batch]), strict=True):
                logits[k] = rows[: len(sequences[k])]

        with worker_threads(self._model.device) as threads, ThreadPoolExecutor(threads) as pool:
            fair_share = -(-sum(lengths) // threads)
            batches = padded_batches(lengths, within_memory(min(self._batch_tokens, fair_share)))
            # Long ones first, so that the short ones at the end keep all threads busy.
            list(pool.map(compute, reversed(batches)))
        return logits

    def _forward(self, sequences: Sequence[Sequence[int]]) -> FloatArray:
        """The logits of one batch, shape `(n_sequences, longest, n_classes)`."""
        import torch

        ids, mask = padded(sequences, self._pad)
        inputs = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
        with torch.inference_mode():
            moved = {name: tensor.to(self._model.device) for name, tensor in inputs.items()}
            logits: FloatArray = self._model(**moved).logits.float().cpu().numpy()
        return logits
