"""The training loop of all models that are fine-tuned here.

A `TrainingTask` knows its examples and computes gradients. `TrainingLoop` does everything else: shuffled batches, the
learning rate, gradient clipping, the optimizer, and checkpoints that a killed run resumes from.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from xlner.errors import BackendError, RunFolderError
from xlner.models.training_state import TrainingState

_POOL = 16
"""Batches that are sorted by length together, to save padding."""

OnStep = Callable[[int, int, float], None]
"""Called after each step with its number, the number of steps, and the loss."""


class TrainingTask(ABC):
    """What a `TrainingLoop` trains."""

    parameters: Sequence[Any]
    """The weights to train, in a fixed order."""
    lengths: Sequence[int]
    """The number of sub-words of each example."""

    @abstractmethod
    def compute_gradients(self, step: int, batch: Sequence[int]) -> float:
        """Set the `grad` of all parameters for the examples with the indices `batch`, and return their mean loss.

        Whatever is random must follow from the seed and `step`, so that a resumed run draws the same numbers.
        """

    def computing(self) -> AbstractContextManager[None]:
        """A context around each step: its gradients, the clipping and the update."""
        return nullcontext()

    def end_epoch(self, losses: Sequence[float]) -> None:  # noqa: B027 - optional
        """Called after each epoch with the losses of its steps."""

    def finished(self) -> bool:
        """True to end the training early. Asked between epochs."""
        return False

    def state(self) -> Mapping[str, Any]:
        """What a resumed run needs besides the weights: numbers, strings, tensors, and lists and mappings of them."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:  # noqa: B027 - optional
        """Take up a state that `state` returned."""


@dataclass(frozen=True, slots=True)
class LoopOptions:
    """How a `TrainingLoop` trains, with AdamW (Loshchilov and Hutter 2019).

    - `epochs`: passes over the examples.
    - `batch_size`: examples in a step.
    - `learning_rate`: the highest one. It rises during the share `warm_up` of the steps, then falls linearly to 0.
    - `weight_decay`: not applied to vectors, that is to biases and norms.
    - `max_norm`: larger gradients are scaled down to this norm.
    - `fused`: use the fused implementation of AdamW. It differs from the other one in the last bits.
    - `seed`: determines the order of the examples.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 0.0
    warm_up: float = 0.1
    max_norm: float = 1.0
    fused: bool = False
    seed: int = 0


class TrainingLoop:
    """Trains the parameters of a task.

    `run` may be interrupted at any time. With the latest saved state, a new loop reaches the same weights as without
    the interruption, as far as the gradients are the same.
    """

    def __init__(self, task: TrainingTask, options: LoopOptions) -> None:
        self.per_epoch = -(-len(task.lengths) // options.batch_size)
        self.steps = options.epochs * self.per_epoch
        self.step, self.seconds = 0, 0.0
        self.losses: list[float] = []
        self._task, self._options = task, options
        self._optimizer = _optimizer(task.parameters, options)
        self._batches: tuple[int, list[list[int]]] = (-1, [])

    def run(self, saved: TrainingState, *, save_every: int, on_step: OnStep) -> None:
        """Resume from `saved`, and train to the end. The state is saved every `save_every` steps and after each epoch.

        Raises `BackendError` if the loss or its gradient is not a finite number.
        """
        state = saved.load()
        if state is not None:
            try:
                self._restore(state)
            except (KeyError, TypeError, ValueError, RuntimeError) as error:
                raise RunFolderError(
                    f"the state in {saved.folder} does not fit this training: {error}",
                    hint="use --overwrite to start over",
                ) from None
        while not self._done():
            self._advance()
            on_step(self.step, self.steps, self.losses[-1])
            if self.step % self.per_epoch == 0:
                self._end_epoch()
                saved.save(self._state())
            elif self.step % save_every == 0:
                saved.save(self._state())

    def _done(self) -> bool:
        return self.step >= self.steps or (self.step % self.per_epoch == 0 and self._task.finished())

    def _advance(self) -> None:
        began = time.perf_counter()
        parameters, options = self._task.parameters, self._options
        for group in self._optimizer.param_groups:
            group["lr"] = options.learning_rate * rate(self.step, self.steps, options.warm_up)
        with self._task.computing():
            loss = self._task.compute_gradients(self.step, self._batch())
            norm = _clip(parameters, options.max_norm)
            check_finite(loss, norm, self.step + 1)
            self._optimizer.step()
            self._optimizer.zero_grad()
        self.step += 1
        self.losses.append(loss)
        self.seconds += time.perf_counter() - began

    def _batch(self) -> list[int]:
        epoch, number = divmod(self.step, self.per_epoch)
        if self._batches[0] != epoch:
            rng = np.random.default_rng([self._options.seed, epoch])
            self._batches = (epoch, shuffled_batches(self._task.lengths, self._options.batch_size, rng))
        return self._batches[1][number]

    def _end_epoch(self) -> None:
        began = time.perf_counter()
        self._task.end_epoch(self.losses[-self.per_epoch :])
        self.seconds += time.perf_counter() - began

    def _state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "seconds": self.seconds,
            "losses": self.losses,
            "weights": [parameter.detach() for parameter in self._task.parameters],
            "optimizer": self._optimizer.state_dict(),
            "task": dict(self._task.state()),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.step, self.seconds, self.losses = state["step"], state["seconds"], state["losses"]
        set_weights(self._task.parameters, state["weights"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._task.restore(state["task"])


def set_weights(parameters: Sequence[Any], weights: Sequence[Any]) -> None:
    """Overwrite parameters with saved weights."""
    for parameter, saved in zip(parameters, weights, strict=True):
        parameter.data.copy_(saved)


def train_only(model: Any, parameters: Sequence[Any]) -> None:
    """Freeze a model except for some of its parameters."""
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for parameter in parameters:
        parameter.requires_grad_(True)


def shuffled_batches(lengths: Sequence[int], size: int, rng: np.random.Generator) -> list[list[int]]:
    """All indices once, in batches of `size` examples of similar length, in random order.

    >>> shuffled_batches([9, 1, 8, 2], 2, np.random.default_rng(0))
    [[2, 0], [1, 3]]
    """
    order = rng.permutation(len(lengths)).tolist()
    batches = []
    for start in range(0, len(order), size * _POOL):
        pool = sorted(order[start : start + size * _POOL], key=lengths.__getitem__)
        batches += [pool[i : i + size] for i in range(0, len(pool), size)]
    return [batches[i] for i in rng.permutation(len(batches)).tolist()]


def rate(step: int, steps: int, warm_up: float = 0.1) -> float:
    """The learning rate of a step, counted from 0, as a share of the highest one.

    It rises linearly during the share `warm_up` of the steps, then falls linearly to 0.

    >>> [round(rate(step, 20), 2) for step in (0, 1, 2, 11, 19)]
    [0.5, 1.0, 1.0, 0.5, 0.06]
    """
    warm = max(1, round(warm_up * steps))
    return (step + 1) / warm if step < warm else (steps - step) / max(1, steps - warm)


def check_finite(loss: float, norm: float, step: int) -> None:
    """Raise `BackendError` if the loss or the norm of its gradient is not a finite number."""
    for name, value in (("loss", loss), ("norm of the gradient", norm)):
        if not math.isfinite(value):
            raise BackendError(
                f"training failed at step {step}: the {name} is {value}",
                hint="lower the learning rate, lengthen the warm-up, or try another seed",
            )


def _optimizer(parameters: Sequence[Any], options: LoopOptions) -> Any:
    import torch

    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": options.weight_decay},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    # None leaves the choice to PyTorch, where False would rule out its other fast implementation as well.
    fused = True if options.fused else None
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=options.learning_rate, fused=fused)


def _clip(parameters: Sequence[Any], max_norm: float) -> float:
    import torch

    return float(torch.nn.utils.clip_grad_norm_(parameters, max_norm))
