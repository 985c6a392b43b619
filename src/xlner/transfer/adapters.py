"""Parameter-efficient fine-tuning: the model is frozen, and small parts that are added to it are trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from xlner.errors import UsageError
from xlner.transfer.specs import Lora, parse_parameters


class Adapted(Protocol):
    """The parts that were added to a model."""

    @property
    def trained(self) -> Sequence[Any]:
        """Their weights. The head of the model is trained in addition."""
        ...

    def penalty(self) -> Any:
        """What to add to the mean loss of the last forward pass in this thread; None if there is no penalty."""
        ...

    def measures(self) -> dict[str, float]:
        """Numbers for the report."""
        ...

    def state(self) -> Mapping[str, Any]:
        """What a resumed run needs for `measures`."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `state` returned."""
        ...

    def save(self, folder: Path) -> None:
        """Write the model so that an `hf` recognizer can read it."""
        ...


def add_adapters(model: Any, spec: str, *, seed: int = 0) -> Adapted:
    """Add trainable parts to a model of transformers, and freeze everything else except for its head.

    - `lora?rank=8&alpha=16&targets=attention`: low-rank updates of the query and value matrices, or of all matrices in
      the layers with `targets=all` (Hu et al. 2022). They are merged into the weights when the model is saved, so the
      result is a plain model.
    - `bottleneck?size=48&style=pfeiffer&activation=relu` (experimental): an adapter behind each layer (Pfeiffer et al.
      2020), or two in each layer with `style=houlsby` (Houlsby et al. 2019). Read the saved folder with `hf:FOLDER`;
      programs that do not support adapters refuse it.
    - `orthogonal?weight=1.0` (experimental), with the options of `bottleneck`: a penalty makes the output of the
      adapters orthogonal to their input, see `xlner.transfer.orthogonal`.

    `bottleneck` and `orthogonal` take `language=FOLDER`, a language adapter that `train_language_adapter` wrote. It is
    frozen, and the new adapters are stacked on top of it. New adapters do not change the output of the model.

    Raises `UnknownNameError`, `UsageError` and `ValidationError` for bad specs, `MissingExtraError` for `lora` without
    `peft`, and `BackendError` if the model or the language adapter does not fit.
    """
    from xlner.transfer.bottleneck import BottleneckAdapted
    from xlner.transfer.lora import LoraAdapted

    options = parse_parameters(spec)
    if options is None:
        raise UsageError("parameters 'full' add nothing to a model", hint="use lora, bottleneck or orthogonal")
    adapted: Adapted
    if isinstance(options, Lora):
        adapted = LoraAdapted(model, options, seed=seed)
    else:
        adapted = BottleneckAdapted(model, options, seed=seed)
    encoder = {id(weights) for weights in model.base_model.parameters()}
    trained = {id(weights) for weights in adapted.trained}
    for weights in model.parameters():
        weights.requires_grad_(id(weights) in trained or id(weights) not in encoder)
    return adapted
