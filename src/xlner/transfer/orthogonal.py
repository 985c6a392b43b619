"""Orthogonal adapters (experimental): a penalty makes the output of adapters orthogonal to their input.

After "Orthogonal Language and Task Adapters in Zero-Shot Cross-Lingual Transfer" (Vidoni, Vulić and Glavaš,
arXiv 2012.06460). Its abstract states the aim: adapters should encode information that is complementary, that is
orthogonal, to the knowledge of the pretrained model. The paper has language adapters and task adapters, among others
for NER.

The penalty here, with T the sub-words without padding (special tokens included), L the layers with an adapter, x the
states that reach an adapter, and a(x) its output, which is added to x:

    penalty = weight * 1/(L T) * Σ_l Σ_t  (a·x)² / ((a·a + ε x·x) x·x)

This is the mean squared cosine; ε = 1e-8 gives it a gradient for adapters whose output is zero. It is added to the loss
of the task, or of masked language modeling for a language adapter, in every step. Gradients flow through a and through
x. If a task adapter is stacked on a language adapter, x includes the output of the language adapter. The penalty then
applies to the task adapter alone, because the language adapter is frozen.

This may differ from the paper in these points:

- whether cosines are squared, absolute or summed;
- whether x is the output of the layer or of one of its parts, and whether it includes the output of lower adapters;
- whether the penalty is added to the main loss, or minimized in steps of its own;
- the weight.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.core.sentence import Sentence
from xlner.errors import BackendError
from xlner.models.adapters import adapters_of

_LEAST = 1e-8
"""ε. The output of an adapter that is much shorter than this share of the squared state counts as orthogonal."""
_UNIT = 2**40
"""Sums are kept as multiples of 1 / `_UNIT`. Whole numbers give the same sum in any order."""


def squared_cosines(added: Any, states: Any) -> Any:
    """The squared cosines of vectors along the last dimension, in single precision; 0 for zero vectors.

    >>> import torch  # doctest: +SKIP
    >>> squared_cosines(torch.tensor([1.0, 1.0]), torch.tensor([2.0, 0.0]))  # doctest: +SKIP
    tensor(0.5000)
    """
    a, x = added.float(), states.float()
    product, length, reference = (a * x).sum(-1), (a * a).sum(-1), (x * x).sum(-1)
    return product.square() / ((length + _LEAST * reference) * reference).clamp_min(1e-30)


@dataclass(frozen=True, slots=True)
class Orthogonality:
    """The mean |cosine| between output and input of adapters.

    - `mean`: the mean over all layers. 0 is orthogonal; two random directions in d dimensions have about `0.8 / √d`.
    - `layers`: the means of the layers, from the first to the last.

    >>> Orthogonality(0.25, (0.125, 0.375)).mean
    0.25
    """

    mean: float
    layers: tuple[float, ...]


class Cosines:
    """Sums of |cosine| by layer. They are exact, so they do not depend on the order of the terms."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums: dict[int, int] = {}
        self._counts: dict[int, int] = {}

    def add(self, layer: int, total: float, count: int) -> None:
        """Add `count` sub-words with the sum of |cosines| `total`."""
        with self._lock:
            self._sums[layer] = self._sums.get(layer, 0) + round(total * _UNIT)
            self._counts[layer] = self._counts.get(layer, 0) + count

    def state(self) -> dict[str, dict[int, int]]:
        """The sums, to be saved."""
        with self._lock:
            return {"sums": dict(self._sums), "counts": dict(self._counts)}

    def restore(self, state: Mapping[str, Mapping[int, int]]) -> None:
        """Take up saved sums."""
        with self._lock:
            self._sums, self._counts = dict(state["sums"]), dict(state["counts"])

    def result(self) -> Orthogonality | None:
        """The means; None if nothing was added."""
        with self._lock:
            means = [self._sums[layer] / _UNIT / self._counts[layer] for layer in sorted(self._sums)]
        return Orthogonality(sum(means) / len(means), tuple(means)) if means else None


class Penalty:
    """The penalty of the last forward pass in each thread, and the cosines of all passes.

    Only passes with gradients count.
    """

    def __init__(self, model: Any, name: str, weight: float) -> None:
        self._weight = weight
        self._local = threading.local()
        self.cosines = Cosines()
        _watch(model, name, self._begin, self._see)

    def take(self) -> Any:
        """The penalty; None if the weight is 0, or without a pass since the last call."""
        seen, self._local.seen = self._seen(), []
        if not seen:
            return None
        count = int(seen[0][2])
        sums = [float(total) for total in _stacked([absolute for _, _, _, absolute in seen]).tolist()]
        for (layer, *_), total in zip(seen, sums, strict=True):
            self.cosines.add(layer, total, count)
        if not self._weight:
            return None
        return self._weight * _stacked([squared / count for _, squared, _, _ in seen]).mean()

    def orthogonality(self) -> Orthogonality | None:
        """The mean cosines of all passes so far; None without any."""
        return self.cosines.result()

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
    """Measure the adapters of an `hf` recognizer on sentences.

    `name` is the kind of adapter, `task` or `language`. Raises `BackendError` if the model has no such adapter, or if
    there are no sub-words.
    """
    found = Cosines()

    def see(layer: int, states: Any, added: Any, mask: Any) -> None:
        cosines = squared_cosines(added, states).sqrt() * mask
        found.add(layer, float(cosines.sum()), int(mask.sum()))

    with _watching(recognizer.model, name, see):
        recognizer.probabilities(sentences)
    result = found.result()
    if result is None:
        raise BackendError(f"the model has no {name} adapter to measure, or there is no text")
    return result


def folder_orthogonality(folder: str | Path, sentences: Sequence[Sentence], *, name: str = "task") -> Orthogonality:
    """Measure the adapters of the model in a folder; see `orthogonality`."""
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
    """Call `begin` before each forward pass, and `see(layer, input, output, mask)` after each adapter."""
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
