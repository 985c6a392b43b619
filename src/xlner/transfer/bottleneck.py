"""A model with bottleneck adapters, with or without a penalty that makes them orthogonal. Experimental."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xlner.models.adapters import attach, base_digest, load_adapter, save_adapted, save_adapter
from xlner.transfer.orthogonal import Orthogonality, Penalty
from xlner.transfer.specs import Bottleneck, Orthogonal


class BottleneckAdapted:
    """A model with new adapters, stacked on a language adapter if the options name one. See `Adapted`."""

    def __init__(self, model: Any, options: Bottleneck, *, seed: int) -> None:
        self._model, self._shape = model, options.shape()
        self._shapes = [self._shape]
        self._base = base_digest(model)
        if options.language is not None:
            self._shapes.insert(0, load_adapter(model, Path(options.language).expanduser(), name="language"))
        self.trained = attach(model, self._shape, seed=seed)
        weight = options.weight if isinstance(options, Orthogonal) else 0.0
        self._penalty = Penalty(model, self._shape.name, weight)

    def penalty(self) -> Any:
        """The penalty of the last forward pass in this thread: a mean over its sub-words."""
        return self._penalty.take()

    def measures(self) -> dict[str, float]:
        """The mean |cosine| between output and input of the adapters, over all training steps so far."""
        found = self._penalty.orthogonality()
        if found is None:
            return {}
        layers = {f"mean_abs_cosine_layer_{k}": value for k, value in enumerate(found.layers, start=1)}
        return {"mean_abs_cosine": found.mean, **layers}

    def state(self) -> Mapping[str, Any]:
        return self._penalty.cosines.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        self._penalty.cosines.restore(state)

    def save(self, folder: Path) -> None:
        """Write the model with its adapters. An adapter of kind `language` is written without the model."""
        if self._shape.name == "language":
            save_adapter(self._model, self._shape, Path(folder), base=self._base)
        else:
            save_adapted(self._model, self._shapes, Path(folder), base=self._base)

    def orthogonality(self) -> Orthogonality | None:
        """The measures as one record; None before the first step."""
        return self._penalty.orthogonality()
