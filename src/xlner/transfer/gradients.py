"""Gradients of a batch, computed in shards by several threads and added up in a fixed order.

The order makes the sums, and so the weights, independent of the number of threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from xlner.models.batching import padded_batches, token_budget
from xlner.models.subwords import padded
from xlner.models.threads import worker_threads
from xlner.transfer.dropout import SeededDropout
from xlner.transfer.examples import Example
from xlner.transfer.frozen_states import LowerStates, can_be_kept
from xlner.transfer.training_options import TrainingOptions

if TYPE_CHECKING:
    from xlner.transfer.adapters import Adapted

_SHARD_TOKENS = 256
"""Sub-words that are worth a thread. It must not depend on the number of threads: another split gives other sums."""
_CPU_TOKENS = 1024
"""Sub-words in a shard, padding included."""


class BatchGradients:
    """Computes the gradients of a classifier for batches of examples.

    - `parameters`: the weights to train.
    - `pad`: the id of padding.
    - `adapted`: the adapters of the model, whose penalty is added to the loss; None without adapters.
    """

    def __init__(
        self,
        model: Any,
        parameters: Sequence[Any],
        examples: Sequence[Example],
        options: TrainingOptions,
        *,
        pad: int,
        adapted: Adapted | None,
    ) -> None:
        self._parameters = parameters
        self._model, self._examples, self._pad = model, examples, pad
        self._options, self._adapted = options, adapted
        self._device = model.device
        self._autocast = _autocast_type(options.dtype, self._device)
        lengths = [len(e) for e in examples]
        self._lower: LowerStates | None = None
        if can_be_kept(model, options.freeze_layers, lengths):
            self._lower = LowerStates(model, options.freeze_layers, [e.ids for e in examples], pad)
        self._dropout = SeededDropout(_learning_modules(model, parameters), options.dropout)

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Threads for `compute`. PyTorch is limited to one thread, because its sums depend on their number."""
        with worker_threads(self._device) as threads, ThreadPoolExecutor(threads) as self._pool:
            yield

    def compute(self, step: int, batch: Sequence[int]) -> float:
        """Set the gradients of the parameters for the examples with these indices; return the mean loss of their words.

        Call it inside of `computing`.
        """
        shards = self._shards(batch)
        words = sum(len(self._examples[i].classes) for i in batch)
        tokens = sum(len(self._examples[i]) for i in batch)
        with self._lower.skipping() if self._lower else nullcontext():
            jobs = [(step, number, shard, words, tokens) for number, shard in enumerate(shards)]
            done = list(self._pool.map(lambda job: self._gradients(*job), jobs))
        gradients = list(self._pool.map(_sum, zip(*(found for _, found in done), strict=True)))
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            parameter.grad = gradient
        return sum(loss for loss, _ in done)

    def _shards(self, batch: Sequence[int]) -> list[list[int]]:
        """Examples of similar length together, longest first."""
        budget = self._options.batch_tokens or token_budget(self._device, cpu=_CPU_TOKENS)
        lengths = [len(self._examples[i]) for i in batch]
        parts = even_parts(lengths) if self._device.type == "cpu" else [list(range(len(batch)))]
        shards = []
        for part in parts:
            cut = padded_batches([lengths[k] for k in part], budget)
            shards += [[batch[part[m]] for m in members] for members in cut]
        return shards

    def _gradients(self, step: int, number: int, shard: Sequence[int], words: int, tokens: int) -> tuple[float, Any]:
        """The share of a shard in the loss of its batch, and the gradients of that share."""
        import torch
        from torch.nn.functional import cross_entropy

        items = [self._examples[i] for i in shard]
        rows = torch.tensor([row for row, item in enumerate(items) for _ in item.positions], device=self._device)
        columns = torch.tensor([int(p) for item in items for p in item.positions], device=self._device)
        classes = torch.tensor([int(k) for item in items for k in item.classes], device=self._device)
        with self._dropout.on([self._options.seed, step, number], self._device), self._casting():
            logits = self._model(**self._inputs(shard)).logits
        loss = cross_entropy(logits[rows, columns].float(), classes, reduction="sum") / words
        value = float(loss.detach())
        penalty = None if self._adapted is None else self._adapted.penalty()
        if penalty is not None:
            loss = loss + penalty * (sum(map(len, items)) / tokens)
        return value, torch.autograd.grad(loss, self._parameters, allow_unused=True)

    def _inputs(self, shard: Sequence[int]) -> dict[str, Any]:
        import torch

        ids, mask = map(torch.from_numpy, padded([self._examples[i].ids for i in shard], self._pad))
        if self._lower is not None:
            return {"inputs_embeds": self._lower(shard), "attention_mask": mask}
        return {"input_ids": ids.to(self._device), "attention_mask": mask.to(self._device)}

    @contextmanager
    def _casting(self) -> Iterator[None]:
        import torch

        if self._autocast is None:
            yield
            return
        with torch.autocast(self._device.type, dtype=self._autocast):
            yield


def even_parts(lengths: Sequence[int]) -> list[list[int]]:
    """Indices of sequences in parts with about the same number of sub-words, longest first.

    The number of parts is a power of two, so that CPUs finish at about the same time.

    >>> even_parts([9, 3, 8, 4])
    [[0], [2, 3, 1]]
    """
    total = sum(lengths)
    number = 2
    while number * 2 * _SHARD_TOKENS <= total:
        number *= 2
    parts: list[list[int]] = [[] for _ in range(number)]
    before = 0
    for k in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        parts[int((before + lengths[k] / 2) * number / total)].append(k)
        before += lengths[k]
    return [part for part in parts if part]


def _sum(gradients: Sequence[Any]) -> Any:
    """The sum, from left to right; None if there is no gradient."""
    there = [g for g in gradients if g is not None]
    if not there:
        return None
    total = there[0] if len(there) == 1 else there[0] + there[1]
    for gradient in there[2:]:
        total.add_(gradient)
    return total


def _learning_modules(model: Any, parameters: Sequence[Any]) -> list[Any]:
    """The modules whose output changes during training: the first one that is trained, and all after it."""
    ids = {id(p) for p in parameters}
    leaves = [m for m in model.modules() if not list(m.children())]
    first = next(k for k, m in enumerate(leaves) if any(id(p) in ids for p in m.parameters()))
    return leaves[first:]


def _autocast_type(name: str, device: Any) -> Any:
    import torch

    if name == "auto":
        has = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if has else None
    return torch.bfloat16 if name == "bfloat16" else None
