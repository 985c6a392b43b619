"""Loading what word vectors come from: a tokenizer, and an encoder or the encoder half of a translation model."""

from __future__ import annotations

from typing import Any

from xlner.models.hub import model_folder
from xlner.models.loading import load_checkpoint, require_torch
from xlner.models.loading import load_tokenizer as tokenizer_in

NOT_NEEDED = ("pooler", "decoder", "lm_head", "position_ids")
"""Parts of a model whose weights may be missing, since no encoder layer depends on them."""


def load_tokenizer(name: str) -> Any:
    """The tokenizer of a folder or of a model on the hub; raises `BackendError` where there is none."""
    require_torch()
    return tokenizer_in(model_folder(name))


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
    require_torch()
    import torch

    folder = model_folder(name)
    class_name = _architecture(folder) if heads else "AutoModel"
    model, missing = load_checkpoint(class_name, folder, dtype=torch.float32, may_lack=NOT_NEEDED)
    return model.eval(), missing


def _architecture(folder: Any) -> str:
    """The class that a model was saved from, where transformers has it."""
    import transformers

    saved = transformers.AutoConfig.from_pretrained(folder).architectures or [""]
    return saved[0] if hasattr(transformers, saved[0]) else "AutoModel"


def encoder_of(model: Any) -> Any:
    """What takes token ids and gives hidden states: the encoder half of a translation model, else the model.

    A head for some task is left out.
    """
    return model.get_encoder() if model.config.is_encoder_decoder else model.base_model
