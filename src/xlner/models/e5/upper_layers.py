"""The file of fine-tuned upper layers: 8 bits per weight, with a classifier of words on top.

An `.npz` archive. For layer i and each of its matrices `qkv`, `ao`, `fi` and `fo`: `l{i}.{name}.w`, signed bytes of
shape (outputs, inputs); `l{i}.{name}.s`, the scale of each output; `l{i}.{name}.b`, the bias. `l{i}.aln` and
`l{i}.oln` are gain and bias of the norms. `head.w` and `head.b` are the classifier. `styles`, shape (styles, hidden),
is added to the states below the fine-tuned layers, a row for each style. `meta` is JSON: see `Meta`.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from xlner.core.files import replacing
from xlner.errors import BackendError
from xlner.models.e5.transformer import Layer, Linear, Norm, make_layer
from xlner.models.read_once import read_once
from xlner.models.windows import FloatArray

FORMAT = 1
MATRICES = ("qkv", "ao", "fi", "fo")
NORMS = ("aln", "oln")
_HINT = "give a file as in multilingual:FILE, or leave it out for the one in the package"


@dataclass(frozen=True, slots=True)
class Meta:
    """What a file of fine-tuned layers says about itself.

    - `name`: the name and version of the model.
    - `lower`: the number of layers of the encoder below the fine-tuned ones.
    - `heads`, `epsilon`: the number of attention heads, and the number that norms add to variances.
    - `tags`: the tags of the classes, in the order of the classifier.
    - `temperature`: what logits are divided by, so that probabilities are as high as the tags are often right.
    - `license`: of the weights.
    - `styles`: the names of the styles of annotation besides the plain one.
    - `languages`: the style of languages that are not labeled in the plain one.
    - `classifiers`: the languages that have a classifier of their own.
    """

    name: str
    lower: int
    heads: int
    epsilon: float
    tags: tuple[str, ...]
    temperature: float = 1.0
    license: str = ""
    format: int = FORMAT
    styles: tuple[str, ...] = ()
    languages: Mapping[str, str] = field(default_factory=dict)
    classifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UpperLayers:
    """Fine-tuned layers, the classifiers on top of them and the states of styles. `digest` is the hash of the file.

    `head` is the classifier of all languages that are not in `classifiers`.
    """

    meta: Meta
    layers: tuple[Layer, ...]
    head: Linear
    styles: Mapping[str, FloatArray]
    classifiers: Mapping[str, Linear]
    digest: str


def read_upper_layers(path: Path) -> UpperLayers:
    """Read a file of fine-tuned layers. Raises `BackendError` if it is missing, damaged or has another format."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BackendError(f"cannot read {path}: {error.strerror}", hint=_HINT) from None
    try:
        with np.load(BytesIO(data), allow_pickle=False) as arrays:
            meta = _read_meta(arrays["meta"].tobytes())
            count = sum(name.endswith(".qkv.w") for name in arrays.files)
            layers = tuple(_read_layer(arrays, f"l{i}", meta) for i in range(count))
            head = _classifier(arrays["head.w"], arrays["head.b"])
            styles = dict(zip(meta.styles, _floats(arrays["styles"]) if meta.styles else (), strict=True))
            classifiers = _read_classifiers(arrays, meta)
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        raise BackendError(
            f"{path} is damaged, or not a file that xlner train-multilingual wrote", hint=_HINT
        ) from None
    if meta.format != FORMAT:
        raise BackendError(f"{path} has format {meta.format}; this xlner reads format {FORMAT}", hint=_HINT)
    return UpperLayers(meta, layers, head, styles, classifiers, hashlib.sha256(data).hexdigest()[:12])


@read_once
def shared_upper_layers(path: Path) -> UpperLayers:
    """The same, read once for all recognizers of this process."""
    return read_upper_layers(path)


def write_upper_layers(path: Path, meta: Meta, tensors: Mapping[str, FloatArray]) -> None:
    """Write layers and classifier. `tensors` has the names of the file, without the scales; matrices are floats.

    Raises `InputError` if the file cannot be written.
    """
    arrays: dict[str, Any] = {"meta": np.frombuffer(json.dumps(asdict(meta)).encode(), np.uint8)}
    for name, tensor in tensors.items():
        if name.endswith(".w") and name != "head.w":
            arrays[name], arrays[f"{name[:-2]}.s"] = quantize(tensor)
        else:
            arrays[name] = tensor.astype(np.float32)
    with replacing(path) as file:
        np.savez(file, **arrays)


def write_classifiers(path: Path, output: Path, classifiers: Mapping[str, Linear]) -> None:
    """Write the layers of a file to `output`, which may be the same, with classifiers of their own for some languages.

    Raises `BackendError` if `path` cannot be read, and `InputError` if `output` cannot be written.
    """
    meta = replace(read_upper_layers(path).meta, classifiers=tuple(classifiers))
    with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as given:
        arrays = {name: given[name] for name in given.files if not name.startswith("classifiers.")}
    arrays["meta"] = np.frombuffer(json.dumps(asdict(meta)).encode(), np.uint8)
    if classifiers:
        arrays["classifiers.w"] = np.stack([one.weight.T for one in classifiers.values()]).astype(np.float16)
        arrays["classifiers.b"] = np.stack([one.bias for one in classifiers.values()])
    with replacing(output) as file:
        np.savez(file, **arrays)


def quantize(matrix: FloatArray) -> tuple[np.ndarray[Any, np.dtype[np.int8]], FloatArray]:
    """Signed bytes of a matrix, and the scale of each row.

    >>> numbers, scale = quantize(np.array([[1.0, -2.0]], dtype=np.float32))
    >>> numbers.tolist(), [round(2 * float(x), 3) for x in 64 * scale]
    ([[64, -127]], [2.016])
    """
    scale = np.maximum(np.abs(matrix).max(axis=1), 1e-12).astype(np.float32) / np.float32(127)
    return np.rint(matrix / scale[:, None]).astype(np.int8), scale


def _read_meta(text: bytes) -> Meta:
    given = json.loads(text)
    lists = {name: tuple(given.get(name, ())) for name in ("tags", "styles", "classifiers")}
    return Meta(**given | lists)


def _read_classifiers(arrays: Any, meta: Meta) -> dict[str, Linear]:
    if not meta.classifiers:
        return {}
    weights, biases = arrays["classifiers.w"], arrays["classifiers.b"]
    return dict(zip(meta.classifiers, map(_classifier, weights, biases), strict=True))


def _classifier(weight: Any, bias: Any) -> Linear:
    return Linear(np.ascontiguousarray(weight.T.astype(np.float32)), _floats(bias))


def _read_layer(arrays: Any, name: str, meta: Meta) -> Layer:
    attention_in, attention_out, inner, outer = (_read_linear(arrays, f"{name}.{part}") for part in MATRICES)
    attention_norm, outer_norm = (_read_norm(arrays, f"{name}.{part}", meta) for part in NORMS)
    return make_layer(
        heads=meta.heads,
        attention_in=attention_in,
        attention_out=attention_out,
        attention_norm=attention_norm,
        inner=inner,
        outer=outer,
        outer_norm=outer_norm,
    )


def _read_linear(arrays: Any, name: str) -> Linear:
    weight = arrays[f"{name}.w"].astype(np.float32) * _floats(arrays[f"{name}.s"])[:, None]
    return Linear(np.ascontiguousarray(weight.T), _floats(arrays[f"{name}.b"]))


def _read_norm(arrays: Any, name: str, meta: Meta) -> Norm:
    gain, bias = _floats(arrays[name])
    return Norm(gain, bias, meta.epsilon)


def _floats(array: Any) -> FloatArray:
    result: FloatArray = array.astype(np.float32)
    return result
