"""Bottleneck adapters in the layers of an encoder (experimental): adding, saving and loading them.

An adapter adds `up(activation(down(states)))` to the states that reach it. The matrix `up` starts as zero, so new
adapters do not change the output of the model.
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
from xlner.core.files import write_json
from xlner.errors import BackendError, UnknownNameError, ValidationError
from xlner.models.layers import layer_modules
from xlner.models.loading import silence
from xlner.text.suggestions import names_hint

STYLES = ("pfeiffer", "houlsby")
ACTIVATIONS = ("relu", "gelu")
_HOST = "adapters"
"""The name of the submodule that holds the adapters of a module."""
_MODEL_TYPE = "xlner-adapted"
"""Not a `model_type` of transformers, so that no program loads the model without its adapters."""
_MODEL_FILE, _MODEL_CONFIG = "adapted.safetensors", "config.json"
_ADAPTER_FILE, _ADAPTER_CONFIG = "adapter.safetensors", "adapter.json"
_DENSE = (("attention.output.dense", "output.dense"), ("attention.out_lin", "ffn.lin2"))
"""The last linear maps of the two halves of a layer, in BERT and similar models, and in DistilBERT."""


@dataclass(frozen=True, slots=True)
class AdapterShape:
    """The name and the shape of an adapter.

    - `size`: the dimension of the bottleneck.
    - `style`: `pfeiffer` for one adapter behind each layer (Pfeiffer et al. 2020), or `houlsby` for one behind each
      half of a layer, before the residual connection (Houlsby et al. 2019).
    - `activation`: `relu` or `gelu`.

    Raises `UnknownNameError` for an unknown style or activation, and `ValidationError` for a size below 1.
    """

    name: str
    size: int
    style: str = "pfeiffer"
    activation: str = "relu"

    def __post_init__(self) -> None:
        for what, value, known in (("style", self.style, STYLES), ("activation", self.activation, ACTIVATIONS)):
            if value not in known:
                raise UnknownNameError(f"unknown {what} of adapters {value!r}", hint=names_hint(value, known, "one of"))
        if self.size < 1:
            raise ValidationError(f"the size of adapters is {self.size}, but must be at least 1")


def attach(model: Any, shape: AdapterShape, *, seed: int = 0) -> list[Any]:
    """Add a new adapter of this shape to every layer of a model, and return the weights of the adapters.

    Adapters that are added later read the output of earlier ones. Raises `BackendError` if the layers of the model are
    not supported.
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
    """The adapters with a name, each with the number of its layer, counted from 1; in the order of the layers."""
    return [
        (number, module)
        for number, layer in enumerate(layers_of(model), start=1)
        for path, module in layer.named_modules()
        if path.endswith(f"{_HOST}.{name}")
    ]


def layers_of(model: Any) -> Any:
    """The layers of an encoder; raises `BackendError` if they are not in one list."""
    found = layer_modules(model)
    if found is None:
        raise BackendError(
            f"adapters cannot be added to a model of type {model.config.model_type}: its layers are not found"
        )
    return found


def is_adapted(folder: Path) -> bool:
    """True if a folder holds a model with adapters."""
    config = _json(folder / _MODEL_CONFIG)
    return config.get("model_type") == _MODEL_TYPE


def base_digest(model: Any) -> str:
    """Identifies the model that adapters were trained on: a hash of its first and last layer, without adapters."""
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
    """Write a model and its adapters to a folder for `load_adapted`. Plain transformers refuses the folder.

    The configuration has a model type that transformers does not know, with the configuration of the model inside. The
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
    write_json(folder / _MODEL_CONFIG, config)
    _write_tensors(folder / _MODEL_FILE, model.state_dict(), folder / _MODEL_CONFIG)


def load_adapted(class_name: str, folder: Path, *, device: Any, dtype: Any, language: Path | None = None) -> Any:
    """Load a model with its adapters on a device, in evaluation mode. `class_name` is a class of transformers.

    `language` is the folder of a language adapter that replaces the one of the model. Raises `BackendError` if files
    are missing or damaged, or do not fit the model.
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
    """Write the adapters of one name, without the model, to a folder for `load_adapter`."""
    prefix = f"{model.base_model_prefix}."
    inside = f".{_HOST}.{shape.name}."
    weights = {name.removeprefix(prefix): tensor for name, tensor in model.state_dict().items() if inside in name}
    folder.mkdir(parents=True, exist_ok=True)
    write_json(
        folder / _ADAPTER_CONFIG,
        {"xlner": __version__, "base": base, "model_type": model.config.model_type, "adapter": asdict(shape)},
    )
    _write_tensors(folder / _ADAPTER_FILE, weights, folder / _ADAPTER_CONFIG)


def load_adapter(model: Any, folder: Path, *, name: str) -> AdapterShape:
    """Add an adapter that `save_adapter` wrote to the model that it was trained on, and return its shape.

    Raises `BackendError` if the folder holds no adapter of this name, or one that was trained on another model.
    """
    shape = _shape_in(folder, name, base_digest(model))
    attach(model, shape)
    _fill_adapter(model, shape, folder)
    return shape


def _replace(model: Any, shapes: Sequence[AdapterShape], name: str, folder: Path, base: str) -> None:
    """Replace the weights of the adapters with a name by those in a folder, which must have the same shape."""
    own = next((shape for shape in shapes if shape.name == name), None)
    if own is None:
        raise BackendError(f"the model has no {name} adapter that the one in {folder} could replace")
    shape = _shape_in(folder, name, base)
    if shape != own:
        raise BackendError(f"the adapter in {folder} is {shape}, but that of the model is {own}")
    _fill_adapter(model, shape, folder)


def _shape_in(folder: Path, name: str, base: str) -> AdapterShape:
    facts = _json(folder / _ADAPTER_CONFIG)
    if not facts:
        raise BackendError(f"{folder} has no {_ADAPTER_CONFIG}", hint=f"give the folder of a {name} adapter")
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
    """Copy the weights of a file into the parts of a model with `inside` in their names. The names must be the same."""
    wanted = {name: tensor for name, tensor in model.state_dict().items() if inside in name}
    shapes = {name: tuple(tensor.shape) for name, tensor in wanted.items()}
    if shapes != {name: tuple(tensor.shape) for name, tensor in weights.items()}:
        raise BackendError(f"{path} does not fit the model: the names or shapes of its weights differ")
    for name, tensor in wanted.items():
        tensor.copy_(weights[name])


def _empty(class_name: str, config: Any, dtype: Any) -> Any:
    """A model of a configuration, without its weights."""
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
    """A forward hook that adds the output of the adapter to that of `host`."""
    if isinstance(output, tuple):
        return (_adapted(name, host, inputs, output[0]), *output[1:])
    return output + getattr(host, _HOST)[name](output)


def _hosts(layer: Any, style: str) -> Iterator[Any]:
    """The modules of a layer whose output the adapters read."""
    if style == "pfeiffer":
        yield layer
        return
    parts = dict(layer.named_modules())
    found = next((names for names in _DENSE if all(name in parts for name in names)), None)
    if found is None:
        raise BackendError(
            f"adapters of style {style} cannot be added to {type(layer).__name__}", hint="use style=pfeiffer"
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


def _write_tensors(path: Path, tensors: Mapping[str, Any], like: Path) -> None:
    """Write a safetensors file with the permissions of another file. Those of safetensors ignore the umask."""
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
