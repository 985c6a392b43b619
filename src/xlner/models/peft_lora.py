"""Merge LoRA adapters as PEFT saves them (Hu et al. 2022) into the weights of an encoder."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xlner.errors import BackendError
from xlner.models.adapter_weights import adapter_weights

_FILES = ("adapter_model.safetensors", "adapter_model.bin")
_MATRIX = re.compile(r"(?:base_model\.model\.)?(.+)\.lora_(A|B)(?:\.default)?\.weight")
_OUTSIDE = ("decoder", "lm_head", "classifier", "pooler")
"""Parts of a model that its encoder does not have."""


def merge_lora(encoder: Any, folder: Path, config: Mapping[str, Any]) -> None:
    """Add `alpha / r · B · A` to the weights of each layer that an adapter has matrices A and B for.

    With `use_rslora` the factor is `alpha / sqrt(r)` (Kalajdzievski 2023). The adapter may have been trained on the
    encoder alone, or on a model with a decoder or a head, whose weights are left out.

    Raises `BackendError` for other kinds of adapters of PEFT, and for one that does not fit the encoder.
    """
    import torch

    if config.get("peft_type") != "LORA" or config.get("use_dora"):
        kind = "DoRA" if config.get("use_dora") else config.get("peft_type")
        raise BackendError(f"the adapter in {folder} is of type {kind}, and only LoRA can be merged")
    if not isinstance(config.get("lora_alpha"), int | float):
        raise BackendError(f"the adapter in {folder} does not say its lora_alpha")
    matrices: dict[str, dict[str, Any]] = {}
    for name, tensor in adapter_weights(folder, _FILES).items():
        if any(part in name.split(".") for part in _OUTSIDE):
            continue
        match = _MATRIX.fullmatch(name)
        if match is None:
            raise BackendError(f"the adapter in {folder} has weights that are no matrices of LoRA: {name}")
        matrices.setdefault(match[1], {})[match[2]] = tensor.float()
    if not matrices:
        raise BackendError(f"the adapter in {folder} has nothing for an encoder")
    modules = dict(encoder.named_modules())
    prefixes = ("", "model.encoder.", "encoder.", "model.", f"{encoder.base_model_prefix}.")
    for path, pair in matrices.items():
        names = [path.removeprefix(prefix) for prefix in prefixes if path.startswith(prefix)]
        module = next((modules[name] for name in names if hasattr(modules.get(name), "weight")), None)
        if module is None or pair.keys() != {"A", "B"}:
            raise BackendError(f"the adapter in {folder} does not fit the model: there is no layer {path}")
        change = pair["B"] @ pair["A"] * _factor(config, path, len(pair["A"]))
        change = change.T if config.get("fan_in_fan_out") else change
        if change.shape != module.weight.shape:
            raise BackendError(
                f"the adapter in {folder} does not fit the model: {path} is {tuple(module.weight.shape)} there, and "
                f"{tuple(change.shape)} here"
            )
        with torch.no_grad():
            module.weight += change.to(module.weight)


def _factor(config: Mapping[str, Any], path: str, rank: int) -> float:
    patterns: Mapping[str, float] = config.get("alpha_pattern") or {}
    alpha = next((a for key, a in patterns.items() if re.fullmatch(rf"(?:.*\.)?{key}", path)), config["lora_alpha"])
    return float(alpha) / (math.sqrt(rank) if config.get("use_rslora") else rank)
