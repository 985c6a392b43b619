"""Loading PyTorch models and tokenizers: devices, precisions, and checks."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xlner.errors import BackendError, MissingExtraError, UnknownNameError
from xlner.models.nllb_codes import is_nllb, with_codes
from xlner.text.counts import counted
from xlner.text.suggestions import names_hint

DEVICE = "XLNER_DEVICE"
_DTYPES = ("float32", "float16", "bfloat16")
_WEIGHTS_MAY_LACK = ("pooler.", "position_ids")
"""Parts that some checkpoints lack and that are not used here."""
_NO_CODE = {"trust_remote_code": False}
"""Code that comes with a model is only run where an option asks for it."""
_KINDS = {
    "AutoModel": "an encoder",
    "AutoModelForSeq2SeqLM": "a model that translates",
    "AutoModelForTokenClassification": "a token classifier",
}
_LEAST_VOCABULARY = 8
"""A vocabulary with fewer sub-words than this, besides special tokens, counts as missing."""


def require_torch() -> None:
    """Raise `MissingExtraError` if PyTorch or transformers is not installed."""
    for name, package in (("PyTorch", "torch"), ("transformers", "transformers")):
        try:
            importlib.import_module(package)
        except ImportError:
            raise MissingExtraError(name, extra="hf") from None


def wanted_device(name: str) -> str:
    """The name of a device; for `auto` that of the environment variable XLNER_DEVICE, if it is set.

    >>> wanted_device("cuda:1")
    'cuda:1'
    """
    return (os.environ.get(DEVICE) or name) if name == "auto" else name


def device_named(name: str = "auto") -> Any:
    """The `torch.device` with this name: `cpu`, `cuda`, `cuda:1`, `mps` …; `auto` is the device of the environment
    variable XLNER_DEVICE, else a GPU if there is one.

    Raises `UnknownNameError` for an unknown name, and `BackendError` for a device that this machine does not have.
    """
    import torch

    name = wanted_device(name)
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UnknownNameError(f"unknown device {name!r}", hint="auto, cpu, cuda, cuda:1 or mps") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise BackendError(
            f"this machine has no device {name!r}", hint=f"it has {counted(torch.cuda.device_count(), 'GPU')}"
        )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise BackendError(f"this machine has no device {name!r}")
    return device


def dtype_named(name: str, device: Any) -> Any:
    """The `torch.dtype` for `float32`, `float16` or `bfloat16`; `auto` is float32 on a CPU and half precision on a GPU:
    bfloat16 where it is in hardware, else float16.

    Raises `UnknownNameError` for any other name.
    """
    import torch

    if name == "auto":
        if device.type != "cuda":
            return torch.float32
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if name not in _DTYPES:
        raise UnknownNameError(f"unknown precision {name!r}", hint=names_hint(name, ("auto", *_DTYPES), "one of"))
    return getattr(torch, name)


def load_model(auto_class: str, folder: Path, *, device: Any, dtype: Any, **options: Any) -> Any:
    """Load a model on a device in evaluation mode, by the name of its auto class: `AutoModelForTokenClassification` …

    Raises the errors of `load_checkpoint`.
    """
    model, _ = load_checkpoint(auto_class, folder, dtype=dtype, **options)
    return model.to(device).eval()


def load_checkpoint(
    class_name: str, folder: Path, *, dtype: Any, may_lack: tuple[str, ...] = _WEIGHTS_MAY_LACK, **options: Any
) -> tuple[Any, frozenset[str]]:
    """Load a model by the name of a class of transformers; also return the names of the weights that its folder lacks.

    Raises `BackendError` if the folder holds no model or one of another kind, or if it lacks weights, which would be
    random numbers. Weights with one of `may_lack` in their names are allowed to be missing.
    """
    import transformers

    cls, kind = getattr(transformers, class_name), _KINDS.get(class_name, class_name)
    try:
        with silence():
            model, found = cls.from_pretrained(folder, dtype=dtype, output_loading_info=True, **{**_NO_CODE, **options})
    except Exception as error:  # safetensors and torch have their own errors for damaged files
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
    """True for weights that are computed and not learned, such as the positions of Marian."""
    return "Sinusoidal" in type(model.get_submodule(key.rpartition(".")[0])).__name__


def load_tokenizer(folder: Path, **options: Any) -> Any:
    """Load the tokenizer of a model; raises `BackendError` if its files are missing or cannot be read."""
    import transformers

    try:
        with silence(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Marian's recommends a package that it no longer needs
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **{**_NO_CODE, **options})
    except Exception as error:  # the tokenizers library has no errors of its own
        raise BackendError(f"the tokenizer in {folder} cannot be read: {_first_line(error)}") from None
    # Without files, some classes create an empty tokenizer, for which every word is unknown.
    if len(tokenizer) < len(tokenizer.all_special_ids) + _LEAST_VOCABULARY:
        raise BackendError(
            f"{folder} has no tokenizer", hint="copy the files of the tokenizer there, or save it with save_pretrained"
        )
    return with_codes(tokenizer, folder) if is_nllb(tokenizer) else tokenizer


@contextmanager
def silence() -> Iterator[None]:
    """Hide the progress bars, reports and outdated calls of transformers.

    The errors in its reports are raised by `load_checkpoint`.
    """
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            # The DeBERTa of transformers 5.16 calls what torch 2.15 wants to drop.
            warnings.filterwarnings("ignore", r".torch\.jit\.", FutureWarning)
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
