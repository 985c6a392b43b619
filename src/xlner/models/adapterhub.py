"""Bottleneck adapters as AdapterHub (adapter-transformers) saves them, in the layers of BERT and similar encoders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xlner.errors import BackendError
from xlner.models.adapter_weights import adapter_weights
from xlner.models.layers import layer_modules

_FILES = ("pytorch_adapter.bin", "adapter_model.safetensors")
_WEIGHT = re.compile(
    r"(?:.+\.)?layers?\.(\d+)\.(output|attention\.output)(?:\.output_adapters|\.attention_adapters)?"
    r"\.adapters\.[^.]+\.(adapter_down\.0|adapter_up)\.(weight|bias)"
)
_UNSUPPORTED = (
    "ln_before",
    "ln_after",
    "adapter_residual_before_ln",
    "use_gating",
    "phm_layer",
    "cross_adapter",
    "is_parallel",
)
_BEFORE, _AFTER, _RESIDUAL = "original_ln_before", "original_ln_after", "residual_before_ln"
_DEFAULTS = {_BEFORE: True, _AFTER: True, _RESIDUAL: True, "non_linearity": "relu"}
"""The shape of Pfeiffer et al. 2020."""


def add_bottlenecks(encoder: Any, folder: Path, config: Mapping[str, Any]) -> None:
    """Put the adapters in a folder behind the sub-layers of an encoder that they were trained for.

    Let h be the output of the last linear map of a sub-layer, and x the input of its residual connection. The shape of
    Pfeiffer et al. 2020 gives `LN(up(f(down(LN(h + x)))) + h + x)`. The configuration says where a shape differs from
    it: without `original_ln_before` the bottleneck reads h, without `residual_before_ln` the residual of the bottleneck
    is its input, and without `original_ln_after` the last LN and x are left out.

    Raises `BackendError` for other shapes, and for adapters that do not fit the encoder.
    """
    given = config.get("config") or {}
    if not isinstance(given, Mapping):
        raise BackendError(f"the adapter in {folder} has no configuration, only the name {given!r}")
    shape = {**_DEFAULTS, **given}
    odd = [name for name in _UNSUPPORTED if shape.get(name)]
    odd += [name for name in (_BEFORE, _AFTER, _RESIDUAL) if not isinstance(shape[name], bool)]
    odd += ["scaling"] if shape.get("scaling", 1) != 1 else []
    layers = layer_modules(encoder)
    if odd or layers is None:
        what = f"has {odd[0]}" if odd else f"cannot be added to a model of type {encoder.config.model_type}"
        raise BackendError(f"the adapter in {folder} {what}, which is not supported")
    weights: dict[tuple[int, str], dict[str, Any]] = {}
    for name, tensor in adapter_weights(folder, _FILES).items():
        match = _WEIGHT.fullmatch(name)
        if match is None:
            raise BackendError(f"the adapter in {folder} has weights that are not supported: {name}")
        part = "down" if match[3] != "adapter_up" else "up"
        weights.setdefault((int(match[1]), match[2]), {})[f"{part}.{match[4]}"] = tensor
    for (number, path), tensors in weights.items():
        try:
            host = layers[number].get_submodule(path)
            _add(host, tensors, shape)
        except (AttributeError, IndexError, KeyError, RuntimeError) as error:
            raise BackendError(f"the adapter in {folder} does not fit layer {number} of the model: {error}") from None


def _add(host: Any, tensors: Mapping[str, Any], shape: Mapping[str, Any]) -> None:
    """Give a sub-layer its bottleneck, and the computation that goes through it."""
    from torch import nn

    size, width = tensors["down.weight"].shape
    bottleneck = nn.ModuleDict({"down": nn.Linear(width, size), "up": nn.Linear(size, width)})
    bottleneck.load_state_dict(dict(tensors))
    host.add_module("adapter", bottleneck.to(host.dense.weight).eval())
    activate = _activation(shape["non_linearity"])

    def forward(hidden_states: Any, input_tensor: Any) -> Any:
        hidden = host.dropout(host.dense(hidden_states))
        inside = host.LayerNorm(hidden + input_tensor) if shape[_BEFORE] else hidden
        made = bottleneck["up"](activate(bottleneck["down"](inside))) + (hidden if shape[_RESIDUAL] else inside)
        return host.LayerNorm(made + input_tensor) if shape[_AFTER] else made

    host.forward = forward


def _activation(name: str) -> Any:
    from torch.nn import functional

    found = {"relu": functional.relu, "gelu": functional.gelu, "swish": functional.silu, "tanh": functional.tanh}
    if name not in found:
        raise BackendError(f"adapters with the activation {name!r} are not supported")
    return found[name]
