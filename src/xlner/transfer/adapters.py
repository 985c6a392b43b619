"""Training few parameters: the model is kept as it is, and what is small and new in it learns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from xlner.errors import UnknownNameError
from xlner.transfer.specs import Lora, parse_parameters

__all__ = ["Adapted", "add_adapters", "parse_parameters"]


class Adapted(Protocol):
    """What was put into a model.

    `trained` are its weights; the head of the model learns besides. `penalty` is to be added to the loss of the
    forward pass that was made last in the same thread, with the weight that the mean loss of that pass has; None where
    there is none. `measures` go to the report, `save` writes what an `hf` recognizer reads.
    """

    @property
    def trained(self) -> Sequence[Any]: ...

    def penalty(self) -> Any: ...

    def measures(self) -> dict[str, float]: ...

    def save(self, folder: Path) -> None: ...


def add_adapters(model: Any, spec: str, *, seed: int = 0) -> Adapted:
    """Put into a model of transformers what a spec asks for, and freeze the rest of it but for its head.

    - `lora?rank=8&alpha=16&targets=attention`: low-rank updates of queries and values, or with `targets=all` of every
      matrix in the layers (Hu et al. 2022). They are merged into the weights when saved: a plain model.
    - `bottleneck?size=48&style=pfeiffer&activation=relu`: an adapter behind each layer (Pfeiffer et al. 2020), with
      `style=houlsby` two in each (Houlsby et al. 2019). The folder is read by `hf:FOLDER`, and refused by what does
      not know of adapters.
    - `orthogonal?weight=1.0`, with the options of `bottleneck`: what adapters add is pushed to be orthogonal to what
      it is added to, see `xlner.transfer.orthogonal`.

    Both take `language=FOLDER`, a language adapter that `train_language_adapter` wrote: it is kept, and those that
    learn stand on it. New adapters add nothing yet: the model says what it said before.

    Raises `UnknownNameError` and `ValidationError` for specs that make no sense, `MissingExtraError` for `lora` without
    `peft`, `BackendError` where the model or the language adapter does not fit.
    """
    from xlner.transfer.bottleneck import BottleneckAdapted
    from xlner.transfer.lora import LoraAdapted

    options = parse_parameters(spec)
    if options is None:
        raise UnknownNameError("parameters 'full' put nothing into a model", hint="use lora, bottleneck or orthogonal")
    adapted: Adapted
    if isinstance(options, Lora):
        adapted = LoraAdapted(model, options, seed=seed)
    else:
        adapted = BottleneckAdapted(model, options, seed=seed)
    inside = {id(weights) for weights in model.base_model.parameters()}
    learning = {id(weights) for weights in adapted.trained}
    for weights in model.parameters():
        weights.requires_grad_(id(weights) in learning or id(weights) not in inside)
    return adapted
