"""The engines that compute the layers of the encoder: numpy, PyTorch and CTranslate2.

Engines compute with different precision, so that their results differ a little. The results of one engine are always
the same, except with PyTorch and on other processors.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import Protocol

from xlner.errors import MissingExtraError, UnknownNameError
from xlner.models.e5.processor import has_bfloat16, has_gpu, torch_precision
from xlner.models.e5.transformer import E5Transformer, Layer, apply_layers
from xlner.models.e5.weights import E5File
from xlner.models.windows import FloatArray
from xlner.text.suggestions import names_hint

NUMPY, TORCH, CT2, AUTO = "numpy", "torch", "ct2", "auto"
ENGINES = (NUMPY, TORCH, CT2, AUTO)
VARIABLE = "XLNER_ENGINE"
"""The environment variable that names the engine where no option does."""


class Lower(Protocol):
    """Computes the states of one layer."""

    max_length: int
    """The longest sequence that it reads."""

    def __call__(self, sequences: Sequence[Sequence[int]]) -> list[FloatArray]:
        """The states of each sequence of piece ids, shape (length, hidden)."""
        ...


class Upper(Protocol):
    """Applies further layers to states."""

    def __call__(self, x: FloatArray, lengths: Sequence[int]) -> list[FloatArray]:
        """The states of sequences of these lengths, whose rows are one after the other in `x`."""
        ...


def engine_named(name: str | None) -> str:
    """The engine to use: the one with this name, else that of the environment variable XLNER_ENGINE, else the default.

    The default is CTranslate2 where it is installed, else numpy. `auto` is the fastest one that is installed: PyTorch
    on a GPU and on CPUs with instructions for bfloat16, then CTranslate2, then numpy.

    Raises `UnknownNameError` for an unknown name, and `MissingExtraError` for an engine that is not installed.

    >>> engine_named("numpy")
    'numpy'
    """
    name = name or os.environ.get(VARIABLE)
    if not name:
        return default_engine()
    if name not in ENGINES:
        raise UnknownNameError(f"unknown engine {name!r}", hint=names_hint(name, ENGINES, "one of"))
    if name == AUTO:
        return fastest_engine()
    for engine, package, extra in ((TORCH, "torch", "hf"), (CT2, "ctranslate2", "ct2")):
        if name == engine and find_spec(package) is None:
            raise MissingExtraError(package, extra=extra)
    return name


def engine_version(engine: str) -> str:
    """What the results of an engine depend on besides the weights, for fingerprints; nothing for numpy.

    >>> engine_version("numpy")
    ''
    """
    if engine == TORCH:
        return f"&engine=torch-{version('torch')}-{torch_precision()}"
    return f"&engine=ct2-{version('ctranslate2')}-int8" if engine == CT2 else ""


def make_lower(engine: str, file: E5File, layer: int) -> Lower:
    """What computes the states of a layer with an engine. Layer 0, the embeddings, needs no engine."""
    if engine == TORCH and layer:
        from xlner.models.e5.torch_layers import TorchEncoder

        return TorchEncoder(file, layer)
    if engine == CT2 and layer:
        from xlner.models.e5.ct2_encoder import Ct2Encoder

        return Ct2Encoder(file, layer)
    return E5Transformer(file, layer)


def make_upper(engine: str, layers: Sequence[Layer]) -> Upper:
    """What applies further layers with an engine. CTranslate2 cannot start from states, so numpy does it there."""
    if engine == TORCH:
        from xlner.models.e5.torch_layers import TorchLayers

        return TorchLayers(layers)
    return lambda x, lengths: apply_layers(layers, x, lengths)


def chosen_engine() -> str | None:
    """The engine, with its precision, that this process has because it is installed; None if it has another one.

    >>> chosen_engine() in (None, "numpy", "torch bfloat16", "torch float16", "ct2 int8")
    True
    """
    if fastest_engine.cache_info().currsize:
        engine = fastest_engine()
    elif default_engine.cache_info().currsize and default_engine() != NUMPY:
        engine = default_engine()
    else:
        return None
    precision = {TORCH: torch_precision(), CT2: "int8"}.get(engine, "")
    return f"{engine} {precision}".strip()


@cache
def default_engine() -> str:
    """CTranslate2 if it is installed, else numpy.

    PyTorch takes two seconds to start, and what it computes depends on the processor.
    """
    return NUMPY if find_spec("ctranslate2") is None else CT2


@cache
def fastest_engine() -> str:
    """The fastest engine that is installed."""
    if find_spec("torch") is not None and (has_bfloat16() or has_gpu()):
        return TORCH
    return default_engine()
