"""PyTorch models: where they run, in which precision, and how they are loaded."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xlner.errors import BackendError, MissingExtraError, UnknownNameError

_DTYPES = ("float32", "float16", "bfloat16")
_WEIGHTS_MAY_LACK = ("pooler.", "position_ids")
"""Parts that checkpoints leave out and that no model here uses."""
_NO_CODE = {"trust_remote_code": False}
"""A model may come with code of its own; it is not run, and nobody is asked whether it may."""
_KINDS = {
    "AutoModel": "an encoder",
    "AutoModelForSeq2SeqLM": "a model that translates",
    "AutoModelForTokenClassification": "a token classifier",
}
_LEAST_VOCABULARY = 8
"""Fewer pieces beside the special ones are no vocabulary."""


def require_torch() -> None:
    """Raise `MissingExtraError` where PyTorch or transformers is not installed."""
    for name, package in (("PyTorch", "torch"), ("transformers", "transformers")):
        try:
            importlib.import_module(package)
        except ImportError:
            raise MissingExtraError(name, extra="hf") from None


def device_named(name: str = "auto") -> Any:
    """A `torch.device`: `cpu`, `cuda`, `cuda:1`, `mps` …, or with `auto` a GPU where there is one.

    Raises `UnknownNameError` for a name that is none, `BackendError` for a device that is not there.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UnknownNameError(f"unknown device {name!r}", hint="auto, cpu, cuda, cuda:1 or mps") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise BackendError(f"device {name!r} is not there", hint=f"{torch.cuda.device_count()} GPUs are")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise BackendError(f"device {name!r} is not there")
    return device


def dtype_named(name: str, device: Any) -> Any:
    """A `torch.dtype`: `float32`, `float16`, `bfloat16`; `auto` is float32 on a CPU and half precision on a GPU.

    Raises `UnknownNameError` for any other name.
    """
    import torch

    if name == "auto":
        if device.type != "cuda":
            return torch.float32
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if name not in _DTYPES:
        raise UnknownNameError(f"unknown precision {name!r}", hint=f"auto, {', '.join(_DTYPES)}")
    return getattr(torch, name)


def load_model(auto_class: str, folder: Path, *, device: Any, dtype: Any, **options: Any) -> Any:
    """A model by the name of its auto class, `AutoModelForTokenClassification` …, on its device and ready to be used.

    Raises what `load_checkpoint` raises.
    """
    model, _ = load_checkpoint(auto_class, folder, dtype=dtype, **options)
    return model.to(device).eval()


def load_checkpoint(
    class_name: str, folder: Path, *, dtype: Any, may_lack: tuple[str, ...] = _WEIGHTS_MAY_LACK, **options: Any
) -> tuple[Any, frozenset[str]]:
    """A model by the name of a class of transformers, and the names of the weights that its folder lacks.

    Raises `BackendError` where the folder holds no model, one of another kind, or one that lacks weights whose names
    have none of `may_lack` in them: these would be random numbers.
    """
    import transformers

    cls, kind = getattr(transformers, class_name), _KINDS.get(class_name, class_name)
    try:
        with silence():
            model, found = cls.from_pretrained(folder, dtype=dtype, output_loading_info=True, **_NO_CODE, **options)
    except Exception as error:  # safetensors and torch raise errors of their own kinds for damaged files
        raise BackendError(f"{folder} cannot be loaded as {kind}: {_first_line(error)}") from None
    missing = [
        key for key in found["missing_keys"] if not any(part in key for part in may_lack) and not _computed(model, key)
    ]
    if missing:
        raise BackendError(
            f"{folder} is not {kind}: it has no weights for {', '.join(sorted(missing)[:3])}",
            hint=f"its class is {', '.join(model.config.architectures or ('unknown',))}",
        )
    return model, frozenset(found["missing_keys"])


def _computed(model: Any, key: str) -> bool:
    """Whether a weight is a formula that is not learned, as the positions of Marian are."""
    return "Sinusoidal" in type(model.get_submodule(key.rpartition(".")[0])).__name__


def load_tokenizer(folder: Path, **options: Any) -> Any:
    """The tokenizer of a model; raises `BackendError` where its files are missing or cannot be read."""
    import transformers

    try:
        with silence(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Marian's recommends a package for what it no longer does
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **_NO_CODE, **options)
    except Exception as error:  # the tokenizers library raises nothing more specific
        raise BackendError(f"the tokenizer in {folder} cannot be read: {_first_line(error)}") from None
    # Some classes are made empty where the files are missing, and would read every word as unknown.
    if len(tokenizer) < len(tokenizer.all_special_ids) + _LEAST_VOCABULARY:
        raise BackendError(
            f"{folder} has no tokenizer", hint="put the tokenizer's files there, or save it with save_pretrained"
        )
    return tokenizer


@contextmanager
def silence() -> Iterator[None]:
    """No bars and reports while loading: what matters in them is raised."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
