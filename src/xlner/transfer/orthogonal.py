"""Orthogonal adapters: what they add is pushed to stand at right angles to what it is added to.

After "Orthogonal Language and Task Adapters in Zero-Shot Cross-Lingual Transfer" (Vidoni, Vulić and Glavaš,
arXiv 2012.06460). Its abstract says what for: adapters shall encode what is complementary, that is orthogonal, to the
knowledge that the pretrained model has already; language adapters and task adapters, for tasks such as NER.

The loss here, with x the states that reach the adapter of a place, a(x) what it adds to them, t one of T sub-words
that are no padding (special tokens are in), and l one of L places:

    penalty = weight * 1/(L T) * Σ_l Σ_t  (a·x)² / ((a·a + ε x·x) x·x)

that is the mean squared cosine, with ε = 1e-8 so that it has a gradient where an adapter adds nothing. It is added to
the loss of the task, or of masked language modeling for a language adapter, in every step. Gradients flow through a
and through x. Where a task adapter stands on a language adapter, x has the output of the latter in it, and the penalty
is on the task adapter alone, as the other one is kept.

What may differ from the paper, whose section on the method was not at hand when this was written: whether cosines are
squared, absolute or summed; whether x is the output of the layer or of one of its parts, and in a stack with or
without what lower adapters added; whether the penalty is added to the main loss or minimized in steps of its own that
alternate with those of the main loss; and the weight.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.core.sentence import Sentence
from xlner.errors import BackendError
from xlner.models.adapters import adapters_of

_LEAST = 1e-8
"""Relative to the squared length of a state: what is shorter by far counts as orthogonal."""
_UNIT = 2**40
"""Sums are kept in parts of this size: whole numbers, so that their order does not matter."""


def squared_cosines(added: Any, states: Any) -> Any:
    """The squared cosine of vectors, along the last dimension, in single precision; 0 for vectors that are 0.

    >>> import torch  # doctest: +SKIP
    >>> squared_cosines(torch.tensor([1.0, 1.0]), torch.tensor([2.0, 0.0]))  # doctest: +SKIP
    tensor(0.5000)
    """
    a, x = added.float(), states.float()
    product, length, reference = (a * x).sum(-1), (a * a).sum(-1), (x * x).sum(-1)
    return product.square() / ((length + _LEAST * reference) * reference).clamp_min(1e-30)


@dataclass(frozen=True, slots=True)
class Orthogonality:
    """The mean |cosine| of what adapters add and what they add it to: of all layers, and from the first to the last.

    0 is orthogonal. Two random directions in d dimensions have about `0.8 / √d`.
    """

    mean: float
    layers: tuple[float, ...]


class Cosines:
    """Sums of |cosine| by layer; sums are exact, so that the order of what is added does not matter."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums: dict[int, int] = {}
        self._counts: dict[int, int] = {}

    def add(self, layer: int, total: float, count: int) -> None:
        """Count `count` sub-words whose |cosines| come to `total`."""
        with self._lock:
            self._sums[layer] = self._sums.get(layer, 0) + round(total * _UNIT)
            self._counts[layer] = self._counts.get(layer, 0) + count

    def result(self) -> Orthogonality | None:
        """What the sums come to; None where nothing was counted."""
        with self._lock:
            means = [self._sums[layer] / _UNIT / self._counts[layer] for layer in sorted(self._sums)]
        return Orthogonality(sum(means) / len(means), tuple(means)) if means else None


class Penalty:
    """The penalty of the forward pass that was made last in this thread, and the cosines of all passes.

    Only passes that keep gradients count.
    """

    def __init__(self, model: Any, name: str, weight: float) -> None:
        self._weight = weight
        self._local = threading.local()
        self._cosines = Cosines()
        _watch(model, name, self._begin, self._see)

    def take(self) -> Any:
        """The penalty; None where the weight is 0 or no pass was made since the last call."""
        seen, self._local.seen = self._seen(), []
        if not seen:
            return None
        count = int(seen[0][2])
        sums = [float(total) for total in _stacked([absolute for _, _, _, absolute in seen]).tolist()]
        for (layer, *_), total in zip(seen, sums, strict=True):
            self._cosines.add(layer, total, count)
        if not self._weight:
            return None
        return self._weight * _stacked([squared / count for _, squared, _, _ in seen]).mean()

    def orthogonality(self) -> Orthogonality | None:
        """The mean cosines of all passes until now, in training mode and over all steps; None where there were none."""
        return self._cosines.result()

    def _seen(self) -> list[tuple[int, Any, Any, Any]]:
        seen: list[tuple[int, Any, Any, Any]] = getattr(self._local, "seen", [])
        return seen

    def _begin(self) -> None:
        self._local.seen = []

    def _see(self, layer: int, states: Any, added: Any, mask: Any) -> None:
        if not added.requires_grad:
            return
        squares = squared_cosines(added, states) * mask
        absolute = squares.detach().sqrt().sum()
        self._local.seen = [*self._seen(), (layer, squares.sum(), mask.sum(), absolute)]


def orthogonality(recognizer: Any, sentences: Sequence[Sentence], *, name: str = "task") -> Orthogonality:
    """The mean |cosine| over the sub-words of sentences, as an `hf` recognizer with adapters reads them.

    `name` is `task` or `language`. Raises `BackendError` where the model has no such adapter, or nothing was read.
    """
    found = Cosines()

    def see(layer: int, states: Any, added: Any, mask: Any) -> None:
        cosines = squared_cosines(added, states).sqrt() * mask
        found.add(layer, float(cosines.sum()), int(mask.sum()))

    with _watching(recognizer.model, name, see):
        recognizer.probabilities(sentences)
    result = found.result()
    if result is None:
        raise BackendError(f"there is no {name} adapter whose output could be measured, or no text")
    return result


def folder_orthogonality(folder: str | Path, sentences: Sequence[Sentence], *, name: str = "task") -> Orthogonality:
    """The same for the model in a folder, see `orthogonality`."""
    from xlner.recognition.hf import HfRecognizer

    return orthogonality(HfRecognizer(str(folder)), sentences, name=name)


@contextmanager
def _watching(model: Any, name: str, see: Callable[[int, Any, Any, Any], None]) -> Iterator[None]:
    handles = _watch(model, name, lambda: None, see)
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _watch(model: Any, name: str, begin: Callable[[], None], see: Callable[[int, Any, Any, Any], None]) -> list[Any]:
    """Call `begin` before each forward pass, and `see` with layer, states, what is added and mask at each adapter."""
    local = threading.local()

    def remember(module: Any, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
        local.mask = named.get("attention_mask", positional[1] if len(positional) > 1 else None)
        begin()

    def tell(layer: int) -> Callable[[Any, tuple[Any, ...], Any], None]:
        def hook(module: Any, inputs: tuple[Any, ...], output: Any) -> None:
            mask = getattr(local, "mask", None)
            mask = output.new_ones(output.shape[:-1]) if mask is None else mask
            see(layer, inputs[0], output, mask.float())

        return hook

    handles = [module.register_forward_hook(tell(layer)) for layer, module in adapters_of(model, name)]
    return [model.base_model.register_forward_pre_hook(remember, with_kwargs=True), *handles]


def _stacked(values: Sequence[Any]) -> Any:
    import torch

    return torch.stack(list(values))
