"""Bottleneck adapters in the layers of an encoder: put in, saved with the model that they belong to, and loaded again.

An adapter adds `up(activation(down(states)))` to the states that pass it. The matrix `up` starts as zero: a model with
new adapters says what it said without them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from xlner._version import __version__
from xlner.errors import BackendError, UnknownNameError, ValidationError
from xlner.models.layers import layer_modules
from xlner.models.loading import silence

STYLES = ("pfeiffer", "houlsby")
ACTIVATIONS = ("relu", "gelu")
_HOST = "adapters"
"""The name of the adapters of a module among its parts."""
_MODEL_TYPE = "xlner-adapted"
"""No `model_type` of transformers: what does not know of adapters must not load the model without them."""
_MODEL_FILE, _MODEL_CONFIG = "adapted.safetensors", "config.json"
_ADAPTER_FILE, _ADAPTER_CONFIG = "adapter.safetensors", "adapter.json"
_DENSE = (("attention.output.dense", "output.dense"), ("attention.out_lin", "ffn.lin2"))
"""The last linear maps of the two halves of a layer, in BERT and its kin, and in DistilBERT."""


@dataclass(frozen=True, slots=True)
class AdapterShape:
    """What an adapter looks like.

    `size` is that of the bottleneck. With the style `pfeiffer` there is one adapter behind each layer (Pfeiffer et al.
    2020), with `houlsby` one behind each of its halves, before what went into the half is added (Houlsby et al. 2019).

    Raises `UnknownNameError` for a style or activation that is unknown, `ValidationError` for a size below 1.
    """

    name: str
    size: int
    style: str = "pfeiffer"
    activation: str = "relu"

    def __post_init__(self) -> None:
        for what, value, known in (("style", self.style, STYLES), ("activation", self.activation, ACTIVATIONS)):
            if value not in known:
                raise UnknownNameError(f"unknown {what} of adapters {value!r}", hint=f"one of {', '.join(known)}")
        if self.size < 1:
            raise ValidationError(f"size {self.size} of adapters must be at least 1")


def attach(model: Any, shape: AdapterShape, *, seed: int = 0) -> list[Any]:
    """Put a new adapter of this shape into every layer of a model; returns their weights.

    What is put in later works on what earlier ones make of the states. Raises `BackendError` where the model has no
    layers of a kind that is known here.
    """
    import torch

    hosts = [host for layer in layers_of(model) for host in _hosts(layer, shape.style)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = [_new(shape, _width(host, model)) for host in hosts]
    for host, adapter in zip(hosts, made, strict=True):
        if not hasattr(host, _HOST):
            host.add_module(_HOST, torch.nn.ModuleDict())
        getattr(host, _HOST)[shape.name] = adapter.to(next(host.parameters()))
        host.register_forward_hook(partial(_adapted, shape.name))
    return [weights for adapter in made for weights in adapter.parameters()]


def adapters_of(model: Any, name: str) -> list[tuple[int, Any]]:
    """The adapters of a name with the layers, from 1, that they are in; from the first to the last."""
    return [
        (number, module)
        for number, layer in enumerate(layers_of(model), start=1)
        for path, module in layer.named_modules()
        if path.endswith(f"{_HOST}.{name}")
    ]


def layers_of(model: Any) -> Any:
    """The layers of an encoder; raises `BackendError` where they are not kept in one list."""
    found = layer_modules(model)
    if found is None:
        raise BackendError(
            f"adapters cannot be put into a model of type {model.config.model_type}: its layers are not found"
        )
    return found


def is_adapted(folder: Path) -> bool:
    """Whether a folder holds a model with adapters."""
    config = _json(folder / _MODEL_CONFIG)
    return config.get("model_type") == _MODEL_TYPE


def base_digest(model: Any) -> str:
    """What tells models apart that adapters are trained on: a hash of the first and the last layer, adapters aside."""
    import torch

    sha = hashlib.sha256()
    layers = layers_of(model)
    for layer in (layers[0], layers[-1]):
        for name, weights in layer.state_dict().items():
            if f"{_HOST}." not in name:
                sha.update(name.encode())
                sha.update(weights.detach().cpu().float().contiguous().view(-1).view(torch.uint8).numpy().data)
    return sha.hexdigest()[:12]


def save_adapted(model: Any, shapes: Sequence[AdapterShape], folder: Path, *, base: str) -> None:
    """Write a model and its adapters to a folder that `load_adapted` reads, and plain transformers refuses.

    The configuration names a type of model that transformers does not know and holds the model's own inside; the
    weights are in a file that transformers does not look for.
    """
    from transformers import __version__ as transformers_version

    config = {
        "model_type": _MODEL_TYPE,
        "xlner": __version__,
        "transformers_version": transformers_version,
        "base": base,
        "adapters": [asdict(shape) for shape in shapes],
        "model": {**model.config.to_dict(), "architectures": [type(model).__name__]},
    }
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / _MODEL_CONFIG, config)
    _write_tensors(folder / _MODEL_FILE, model.state_dict(), folder / _MODEL_CONFIG)


def load_adapted(class_name: str, folder: Path, *, device: Any, dtype: Any, language: Path | None = None) -> Any:
    """A model with its adapters, on its device and ready to be used; `class_name` is the one it was saved from or auto.

    `language` is a folder of a language adapter that takes the place of the model's own. Raises `BackendError` where
    files are missing, damaged or do not fit.
    """
    import transformers

    config = _json(folder / _MODEL_CONFIG)
    weights = _read_tensors(folder / _MODEL_FILE)
    try:
        shapes = [AdapterShape(**shape) for shape in config["adapters"]]
        inner = transformers.AutoConfig.for_model(**config["model"])
        base: str = config["base"]
    except (KeyError, TypeError, ValueError) as error:
        raise BackendError(f"{folder / _MODEL_CONFIG} is damaged: {error}") from None
    model = _empty(class_name, inner, dtype)
    for shape in shapes:
        attach(model, shape)
    _fill(model, weights, folder / _MODEL_FILE)
    if language is not None:
        _replace(model, shapes, "language", language, base)
    return model.to(device).eval()


def save_adapter(model: Any, shape: AdapterShape, folder: Path, *, base: str) -> None:
    """Write one adapter of a model, without the model, to a folder that `load_adapter` reads."""
    prefix = f"{model.base_model_prefix}."
    inside = f".{_HOST}.{shape.name}."
    weights = {name.removeprefix(prefix): tensor for name, tensor in model.state_dict().items() if inside in name}
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(
        folder / _ADAPTER_CONFIG,
        {"xlner": __version__, "base": base, "model_type": model.config.model_type, "adapter": asdict(shape)},
    )
    _write_tensors(folder / _ADAPTER_FILE, weights, folder / _ADAPTER_CONFIG)


def load_adapter(model: Any, folder: Path, *, name: str) -> AdapterShape:
    """Put an adapter of a name that `save_adapter` wrote into the model it was trained on; returns its shape.

    Raises `BackendError` where there is none in the folder, and where it was trained on another model.
    """
    shape = _shape_in(folder, name, base_digest(model))
    attach(model, shape)
    _fill_adapter(model, shape, folder)
    return shape


def _replace(model: Any, shapes: Sequence[AdapterShape], name: str, folder: Path, base: str) -> None:
    """Give the adapters of a name in a model the weights of others, of the same shape."""
    own = next((shape for shape in shapes if shape.name == name), None)
    if own is None:
        raise BackendError(f"the model has no {name} adapter that the one in {folder} could take the place of")
    shape = _shape_in(folder, name, base)
    if shape != own:
        raise BackendError(f"the adapter in {folder} is {shape}, that of the model is {own}")
    _fill_adapter(model, shape, folder)


def _shape_in(folder: Path, name: str, base: str) -> AdapterShape:
    facts = _json(folder / _ADAPTER_CONFIG)
    if not facts:
        raise BackendError(f"{folder} has no {_ADAPTER_CONFIG}", hint=f"give a folder of a {name} adapter")
    try:
        shape = AdapterShape(**facts["adapter"])
        trained_on = facts["base"]
    except (KeyError, TypeError) as error:
        raise BackendError(f"{folder / _ADAPTER_CONFIG} is damaged: {error}") from None
    if shape.name != name:
        raise BackendError(f"{folder} has a {shape.name} adapter, not a {name} adapter")
    if trained_on != base:
        raise BackendError(f"the adapter in {folder} was trained on another model ({trained_on}, this one is {base})")
    return shape


def _fill_adapter(model: Any, shape: AdapterShape, folder: Path) -> None:
    prefix = "" if model.base_model is model else f"{model.base_model_prefix}."
    weights = _read_tensors(folder / _ADAPTER_FILE)
    inside = f".{_HOST}.{shape.name}."
    _fill(model, {prefix + name: tensor for name, tensor in weights.items()}, folder / _ADAPTER_FILE, inside)


def _fill(model: Any, weights: Mapping[str, Any], path: Path, inside: str = "") -> None:
    """Give the parts of a model that have `inside` in their names the weights of a file: all of them, and no others."""
    wanted = {name: tensor for name, tensor in model.state_dict().items() if inside in name}
    shapes = {name: tuple(tensor.shape) for name, tensor in wanted.items()}
    if shapes != {name: tuple(tensor.shape) for name, tensor in weights.items()}:
        raise BackendError(f"{path} does not fit the model: it has other parts, or parts of another size")
    for name, tensor in wanted.items():
        tensor.copy_(weights[name])


def _empty(class_name: str, config: Any, dtype: Any) -> Any:
    """A model of a configuration, with weights that are still to be read."""
    import torch
    import transformers

    with silence(), torch.random.fork_rng(devices=[]):
        return getattr(transformers, class_name).from_config(config, dtype=dtype)


def _new(shape: AdapterShape, width: int) -> Any:
    from torch import nn

    up = nn.Linear(shape.size, width)
    nn.init.zeros_(up.weight)
    nn.init.zeros_(up.bias)
    return nn.Sequential(nn.Linear(width, shape.size), nn.ReLU() if shape.activation == "relu" else nn.GELU(), up)


def _adapted(name: str, host: Any, inputs: Any, output: Any) -> Any:
    """A forward hook: what `host` gives, with what its adapter adds."""
    if isinstance(output, tuple):
        return (_adapted(name, host, inputs, output[0]), *output[1:])
    return output + getattr(host, _HOST)[name](output)


def _hosts(layer: Any, style: str) -> Iterator[Any]:
    """The modules of a layer whose output the adapters work on."""
    if style == "pfeiffer":
        yield layer
        return
    parts = dict(layer.named_modules())
    found = next((names for names in _DENSE if all(name in parts for name in names)), None)
    if found is None:
        raise BackendError(
            f"adapters of style {style} cannot be put into {type(layer).__name__}", hint="use style=pfeiffer"
        )
    yield from (parts[name] for name in found)


def _width(host: Any, model: Any) -> int:
    return int(getattr(host, "out_features", model.config.hidden_size))


def _json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_tensors(path: Path, tensors: Mapping[str, Any], like: Path) -> None:
    """Write a safetensors file with the permissions of another one."""
    from safetensors.torch import save_file

    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, path, {"format": "pt"})
    path.chmod(like.stat().st_mode)


def _read_tensors(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        found: dict[str, Any] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise BackendError(f"{path} cannot be read: {error}") from None
    return found
