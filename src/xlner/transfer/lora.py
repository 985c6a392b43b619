"""Low-rank updates of weights with `peft`; they are merged when the model is saved (Hu et al. 2022)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xlner.errors import BackendError, MissingExtraError
from xlner.models.adapters import layers_of
from xlner.models.loading import silence
from xlner.transfer.specs import Lora

_QUERY_AND_VALUE = (
    ("query", "value"),
    ("query_proj", "value_proj"),
    ("q_lin", "v_lin"),
    ("q_proj", "v_proj"),
    ("Wqkv",),
    ("q", "v"),
)
"""Names of the query and value matrices in BERT and RoBERTa, DeBERTa-v2, DistilBERT, newer models, ModernBERT, T5."""


class LoraAdapted:
    """A model with low-rank updates. There is no penalty and nothing to measure. See `Adapted`."""

    def __init__(self, model: Any, options: Lora, *, seed: int) -> None:
        try:
            import peft
        except ImportError:
            raise MissingExtraError("peft", extra="lora") from None
        import torch

        self._model = model
        config = peft.LoraConfig(
            r=options.rank,
            lora_alpha=options.alpha,
            lora_dropout=0.0,
            target_modules=list(_targets(model, options.targets)),
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            peft.inject_adapter_in_model(config, model)
        self.trained = [weights for name, weights in model.named_parameters() if ".lora_" in name]

    def penalty(self) -> None:
        return None

    def measures(self) -> dict[str, float]:
        return {}

    def state(self) -> Mapping[str, Any]:
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        pass

    def save(self, folder: Path) -> None:
        """Write a plain model with the updates added to its weights. The model in memory is not changed."""
        with silence():
            self._model.save_pretrained(folder, state_dict=merged(self._model))


def merged(model: Any) -> dict[str, Any]:
    """The weights of a model with its low-rank updates added, under the names of the plain model."""
    import torch

    state = {
        name.replace(".base_layer.", "."): weights.detach().clone()
        for name, weights in model.state_dict().items()
        if ".lora_" not in name
    }
    with torch.no_grad():
        for name, module in model.named_modules():
            if hasattr(module, "get_delta_weight"):
                weights = state[f"{name}.weight"]
                weights += module.get_delta_weight("default").to(weights.dtype)
    return state


def _targets(model: Any, targets: str) -> Iterator[str]:
    """The names of the matrices to update. All of them are in the layers of the encoder, or of encoder and decoder."""
    from torch.nn import Linear, ModuleList

    both = model.config.is_encoder_decoder
    lists = [m for m in model.modules() if isinstance(m, ModuleList)] if both else [layers_of(model)]
    inside = {id(module) for layers in lists for module in layers.modules() if isinstance(module, Linear)}
    found = [name for name, module in model.named_modules() if id(module) in inside]
    last = {name.rpartition(".")[2] for name in found}
    wanted = last if targets == "all" else next((set(names) for names in _QUERY_AND_VALUE if last >= set(names)), None)
    if not wanted:
        raise BackendError(
            f"lora does not know the query and value matrices of models of type {model.config.model_type}",
            hint="use targets=all",
        )
    return (name for name in found if name.rpartition(".")[2] in wanted)
