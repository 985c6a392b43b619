"""Dropout that depends only on a seed, and not on the thread that computes it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

_STEPS = 2**16
"""Dropout rates are rounded to multiples of 1 / `_STEPS`."""

Draw = Callable[[Any, int], Any]
"""Returns the factors for states of a shape and device: 0 for dropped values, and for kept ones the factor that
preserves the mean. The second argument is the number of values to keep out of `_STEPS`."""


class SeededDropout:
    """Replaces the dropout layers of a model in evaluation mode; values are dropped only inside of `on`.

    `rate` overrides the rates of the layers. The dropout of PyTorch draws from one generator for all threads, so its
    results would depend on which thread is faster.
    """

    def __init__(self, modules: Sequence[Any], rate: float | None = None) -> None:
        from torch import nn

        self._local = threading.local()
        for module in modules:
            if isinstance(module, nn.Dropout):
                kept = _STEPS - round(_STEPS * (module.p if rate is None else rate))
                if kept < _STEPS:
                    module.register_forward_hook(self._hook(kept))

    @contextmanager
    def on(self, seeds: Sequence[int], device: Any) -> Iterator[None]:
        """Drop values in this thread, determined by these seeds."""
        self._local.draw = _on_cpu(seeds) if device.type == "cpu" else _on_device(seeds, device)
        try:
            yield
        finally:
            self._local.draw = None

    def _hook(self, kept: int) -> Any:
        def drop(module: Any, inputs: Any, output: Any) -> Any:
            draw: Draw | None = getattr(self._local, "draw", None)
            return output if draw is None else output * draw(output, kept)

        return drop


def _on_cpu(seeds: Sequence[int]) -> Draw:
    """Numpy draws many times faster than PyTorch, which draws one number after the other on a CPU."""
    import torch

    rng = np.random.Generator(np.random.SFC64(list(seeds)))

    def draw(like: Any, kept: int) -> Any:
        drawn = rng.integers(0, _STEPS, tuple(like.shape), dtype=np.uint16)
        return torch.from_numpy((drawn < kept) * np.float32(_STEPS / kept)).to(like.dtype)

    return draw


def _on_device(seeds: Sequence[int], device: Any) -> Draw:
    """The numbers are drawn on the device: sending them there would take longer than the layer."""
    import torch

    (seed,) = np.random.SeedSequence(list(seeds)).generate_state(1, np.uint32).tolist()
    generator = torch.Generator(device).manual_seed(seed)

    def draw(like: Any, kept: int) -> Any:
        share = kept / _STEPS
        return torch.empty_like(like).bernoulli_(share, generator=generator).div_(share)

    return draw
