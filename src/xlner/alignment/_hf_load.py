"""Loading encoders and tokenizers with the library `transformers`, with errors that say what is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xlner._errors import BackendError, MissingExtraError

_FOLDER_HINT = "give a folder made by save_pretrained, or the name of a model on the Hugging Face hub"
NOT_NEEDED = ("pooler", "decoder", "lm_head", "cls.")
"""Parts of a model whose weights may be missing, since no encoder layer depends on them."""


def require_transformers() -> tuple[Any, Any]:
    """The modules `torch` and `transformers`; raises `MissingExtraError` where one is not installed."""
    try:
        import torch
    except ImportError:
        raise MissingExtraError("torch", extra="hf") from None
    try:
        import transformers
    except ImportError:
        raise MissingExtraError("transformers", extra="hf") from None
    return torch, transformers


def load_tokenizer(name: str) -> Any:
    """The tokenizer of a folder or of a model on the hub; raises `BackendError` where there is none."""
    _, transformers = require_transformers()
    _require_folder(name)
    with quiet(transformers):
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(name)
        except Exception as error:  # the tokenizers library raises nothing more specific
            raise _failed("tokenizer", name, error) from error
    # Without files, transformers makes up a tokenizer that knows control tokens only.
    if len(tokenizer) <= len(tokenizer.all_special_tokens):
        raise BackendError(f"{name} has no tokenizer files", hint="save the tokenizer into the same folder")
    return tokenizer


def load_encoder(name: str) -> Any:
    """The encoder of a folder or of a model on the hub, the first half of a translation model; for inference only.

    Raises `BackendError` where there is none, and where weights are missing that would be random otherwise.
    """
    model, _ = load_model(name)
    return encoder_of(model)


def load_model(name: str, *, heads: bool = False) -> tuple[Any, frozenset[str]]:
    """A whole model, and the names of weights that it lacks, of parts that no encoder layer depends on.

    With `heads` it comes as it was saved, with what makes it a translation model or a masked language model, so that
    it can be saved again. Raises what `load_encoder` does.
    """
    _, transformers = require_transformers()
    _require_folder(name)
    with quiet(transformers):
        try:
            kind = _architecture(transformers, name) if heads else transformers.AutoModel
            model, report = kind.from_pretrained(name, output_loading_info=True)
        except Exception as error:  # safetensors and torch raise errors of their own kinds for damaged files
            raise _failed("model", name, error) from error
    missing = sorted(key for key in report["missing_keys"] if not any(part in key for part in NOT_NEEDED))
    if missing:
        raise BackendError(f"{name} has no weights for {missing[0]} and {len(missing) - 1} others")
    return model.eval(), frozenset(report["missing_keys"])


def _architecture(transformers: Any, name: str) -> Any:
    """The class that a model was saved from, where transformers has it."""
    saved = transformers.AutoConfig.from_pretrained(name).architectures or [""]
    return getattr(transformers, saved[0], transformers.AutoModel)


def encoder_of(model: Any) -> Any:
    """What takes token ids and gives hidden states: the encoder half of a translation model, else the model.

    A head for some task is left out.
    """
    return model.get_encoder() if model.config.is_encoder_decoder else model.base_model


def _require_folder(name: str) -> None:
    """Tell a folder that is not there from the name of a model."""
    path = Path(name)
    is_name = name.count("/") <= 1 and not name.startswith((".", "~", os.sep)) and os.sep not in name.rstrip("/")[-1:]
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise BackendError(f"{name} is no model folder: it has no config.json", hint=_FOLDER_HINT)
    elif path.exists() or not is_name:
        raise BackendError(f"there is no model folder {name}", hint=_FOLDER_HINT)


def _failed(what: str, name: str, error: Exception) -> BackendError:
    reason = str(error).strip().partition("\n")[0] or type(error).__name__
    return BackendError(f"cannot load the {what} of {name}: {reason}", hint=_FOLDER_HINT)


@contextmanager
def quiet(transformers: Any) -> Iterator[None]:
    """Without progress bars and reports on standard error: what is wrong becomes an error here."""
    logging = transformers.utils.logging
    verbosity, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bar:
            logging.enable_progress_bar()
