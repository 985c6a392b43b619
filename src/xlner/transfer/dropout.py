"""Dropout that follows from a seed, whichever thread computes it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

_STEPS = 2**16
"""Rates are multiples of one in so many."""

Draw = Callable[[Any, int], Any]
"""What to multiply states with, given how many in `_STEPS` are kept: 0 for those dropped, else what keeps the mean."""


class SeededDropout:
    """Takes the place of the dropout layers of a model that is in evaluation mode; drops inside of `on` alone.

    PyTorch draws from one generator for all threads, so that what is dropped would hang on which one is faster.
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
        """Drop in this thread what follows from these seeds."""
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
    """Numpy draws many times as fast as PyTorch, which on a CPU draws one number after the other."""
    import torch

    rng = np.random.Generator(np.random.SFC64(list(seeds)))

    def draw(like: Any, kept: int) -> Any:
        drawn = rng.integers(0, _STEPS, tuple(like.shape), dtype=np.uint16)
        return torch.from_numpy((drawn < kept) * np.float32(_STEPS / kept)).to(like.dtype)

    return draw


def _on_device(seeds: Sequence[int], device: Any) -> Draw:
    """Drawn where it is needed: sending it there would take longer than the layer."""
    import torch

    (seed,) = np.random.SeedSequence(list(seeds)).generate_state(1, np.uint32).tolist()
    generator = torch.Generator(device).manual_seed(seed)

    def draw(like: Any, kept: int) -> Any:
        share = kept / _STEPS
        return torch.empty_like(like).bernoulli_(share, generator=generator).div_(share)

    return draw
