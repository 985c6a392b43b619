"""Loading encoders for word vectors: a tokenizer, and an encoder or the encoder of a translation model."""

from __future__ import annotations

from typing import Any

from xlner.models.hub import model_folder
from xlner.models.loading import load_checkpoint, require_torch
from xlner.models.loading import load_tokenizer as tokenizer_in

NOT_NEEDED = ("pooler", "decoder", "lm_head", "position_ids")
"""Parts of a model whose weights may be missing, because no layer of the encoder depends on them."""


def load_tokenizer(name: str, revision: str | None = None) -> Any:
    """The tokenizer in a folder or of a model on the hub; raises `BackendError` if there is none."""
    require_torch()
    return tokenizer_in(model_folder(name, revision=revision))


def load_encoder(name: str, revision: str | None = None) -> Any:
    """The encoder in a folder or of a model on the hub, for inference. That of a translation model has no decoder.

    Raises `BackendError` if there is no model, or if it lacks weights of the encoder.
    """
    model, _ = load_model(name, revision=revision)
    return encoder_of(model)


def load_model(name: str, *, heads: bool = False, revision: str | None = None) -> tuple[Any, frozenset[str]]:
    """A whole model, and the names of the weights that its folder lacks. No layer of the encoder depends on these.

    With `heads` the model has all parts that it was saved with, such as a decoder, so that it can be saved again.
    Raises the errors of `load_encoder`.
    """
    require_torch()
    import torch

    folder = model_folder(name, revision=revision)
    class_name = _architecture(folder) if heads else "AutoModel"
    model, missing = load_checkpoint(class_name, folder, dtype=torch.float32, may_lack=NOT_NEEDED)
    return model.eval(), missing


def _architecture(folder: Any) -> str:
    """The class that a model was saved from; `AutoModel` if transformers does not have it."""
    import transformers

    saved = transformers.AutoConfig.from_pretrained(folder).architectures or [""]
    return saved[0] if hasattr(transformers, saved[0]) else "AutoModel"


def encoder_of(model: Any) -> Any:
    """The part that computes hidden states: the encoder of a translation model, or a model without its head."""
    return model.get_encoder() if model.config.is_encoder_decoder else model.base_model
