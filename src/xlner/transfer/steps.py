"""Steps of training: gradients of shards, added up in order, so that the number of threads changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from xlner.models.batching import padded_batches
from xlner.models.loading import worker_threads
from xlner.models.schedule import rate
from xlner.models.subwords import padded
from xlner.transfer.dropout import SeededDropout
from xlner.transfer.examples import Example
from xlner.transfer.frozen_states import LowerStates, can_be_kept
from xlner.transfer.training_options import TrainingOptions

if TYPE_CHECKING:
    from xlner.transfer.adapters import Adapted

_SHARD_TOKENS = 256
"""Sub-words that are worth a thread. The number of threads has no say in it: another order makes another sum."""
_BATCH_TOKENS = {"cpu": 1024}
_BATCH_TOKENS_GPU = 16384


class Steps:
    """A model, what it learns from, and the optimizer.

    `trained` are the parameters that learn, `adapted` what gives a penalty for each forward pass, if anything does.
    """

    def __init__(
        self,
        model: Any,
        trained: Sequence[Any],
        examples: Sequence[Example],
        tuning: TrainingOptions,
        *,
        pad: int,
        adapted: Adapted | None,
    ) -> None:
        import torch

        self.trained = list(trained)
        self._model, self._examples, self._pad = model, examples, pad
        self._tuning, self._adapted = tuning, adapted
        self._device = model.device
        self._autocast = _autocast_type(tuning.dtype, self._device)
        lengths = [len(e) for e in examples]
        self._lower: LowerStates | None = None
        if can_be_kept(model, tuning.freeze_layers, lengths):
            self._lower = LowerStates(model, tuning.freeze_layers, [e.ids for e in examples], pad)
        self._dropout = SeededDropout(_learning_modules(model, trained), tuning.dropout)
        decayed = [p for p in self.trained if p.dim() > 1]
        spared = [p for p in self.trained if p.dim() <= 1]
        groups = [{"params": decayed, "weight_decay": tuning.weight_decay}, {"params": spared, "weight_decay": 0.0}]
        fused = self._device.type in ("cpu", "cuda")
        self.optimizer = torch.optim.AdamW([g for g in groups if g["params"]], lr=tuning.rate, fused=fused)

    def advance(self, step: int, steps: int, batch: Sequence[int]) -> tuple[float, float]:
        """Learn from some examples; returns the mean loss of their words, and the norm of its gradient."""
        shards = self._shards(batch)
        words = sum(len(self._examples[i].classes) for i in batch)
        tokens = sum(len(self._examples[i]) for i in batch)
        # The update, too: sums over several threads of torch would depend on their number.
        with worker_threads(self._device) as threads, ThreadPoolExecutor(threads) as pool:
            with self._lower.skipping() if self._lower else nullcontext():
                jobs = [(step, number, shard, words, tokens) for number, shard in enumerate(shards)]
                done = list(pool.map(lambda job: self._gradients(*job), jobs))
            gradients = list(pool.map(_sum, zip(*(found for _, found in done), strict=True)))
            norm = self._update(gradients, rate(step, steps, self._tuning.warm_up))
        return sum(loss for loss, _ in done), norm

    def _shards(self, batch: Sequence[int]) -> list[list[int]]:
        """Examples of about the same length together, longest first."""
        budget = self._tuning.batch_tokens or _BATCH_TOKENS.get(self._device.type, _BATCH_TOKENS_GPU)
        lengths = [len(self._examples[i]) for i in batch]
        parts = even_parts(lengths) if self._device.type == "cpu" else [list(range(len(batch)))]
        shards = []
        for part in parts:
            cut = padded_batches([lengths[k] for k in part], budget)
            shards += [[batch[part[m]] for m in members] for members in cut]
        return shards

    def _gradients(self, step: int, number: int, shard: Sequence[int], words: int, tokens: int) -> tuple[float, Any]:
        """The share of a shard in the loss of its batch, and the gradients of that."""
        import torch
        from torch.nn.functional import cross_entropy

        items = [self._examples[i] for i in shard]
        rows = torch.tensor([row for row, item in enumerate(items) for _ in item.positions], device=self._device)
        columns = torch.tensor([int(p) for item in items for p in item.positions], device=self._device)
        classes = torch.tensor([int(k) for item in items for k in item.classes], device=self._device)
        with self._dropout.on([self._tuning.seed, step, number], self._device), self._casting():
            logits = self._model(**self._inputs(shard)).logits
        loss = cross_entropy(logits[rows, columns].float(), classes, reduction="sum") / words
        value = float(loss.detach())
        penalty = None if self._adapted is None else self._adapted.penalty()
        if penalty is not None:
            loss = loss + penalty * (sum(map(len, items)) / tokens)
        return value, torch.autograd.grad(loss, self.trained, allow_unused=True)

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

    def _update(self, gradients: Sequence[Any], share: float) -> float:
        import torch

        for parameter, gradient in zip(self.trained, gradients, strict=True):
            parameter.grad = gradient
        for group in self.optimizer.param_groups:
            group["lr"] = self._tuning.rate * share
        norm = torch.nn.utils.clip_grad_norm_(self.trained, self._tuning.max_norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return float(norm)


def even_parts(lengths: Sequence[int]) -> list[list[int]]:
    """Sequences in parts of about as many sub-words, longest first: a power of two, so that no CPU waits for long.

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
    """The sum, from left to right; None where there is no gradient."""
    there = [g for g in gradients if g is not None]
    if not there:
        return None
    total = there[0] if len(there) == 1 else there[0] + there[1]
    for gradient in there[2:]:
        total.add_(gradient)
    return total


def _learning_modules(model: Any, trained: Sequence[Any]) -> list[Any]:
    """The modules whose output changes while training: those behind the first one that is trained."""
    ids = {id(p) for p in trained}
    modules = list(model.modules())
    leaves = [m for m in modules if not list(m.children())]
    first = next(k for k, m in enumerate(leaves) if any(id(p) in ids for p in m.parameters()))
    return leaves[first:]


def _autocast_type(name: str, device: Any) -> Any:
    import torch

    if name == "auto":
        has = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if has else None
    return torch.bfloat16 if name == "bfloat16" else None
