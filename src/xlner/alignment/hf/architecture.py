"""What there is to know about a Hugging Face encoder: its layers, its limit, its padding."""

from __future__ import annotations

from typing import Any

from xlner.errors import ValidationError
from xlner.models.layers import layer_modules

_TRANSLATION_LAYER = 12
_USUAL_LENGTH = 512
"""The window for models that say nothing about theirs."""


def chosen_layer(config: Any, layer: int | None) -> int:
    """The layer asked for, or the usual one; raises `ValidationError` for one that the model does not have."""
    n_layers: int = config.num_hidden_layers
    if layer is None:
        return min(_TRANSLATION_LAYER, n_layers) if config.is_encoder_decoder else round(n_layers * 2 / 3)
    if not 0 <= layer <= n_layers:
        raise ValidationError(f"the model has no layer {layer}", hint=f"0 to {n_layers}")
    return layer


def max_length(encoder: Any, tokenizer: Any) -> int:
    """The longest sequence that both take."""
    from torch.nn import Embedding

    limits = [tokenizer.model_max_length]
    positions = getattr(encoder.config, "max_position_embeddings", None)
    if positions and positions > 0:
        # RoBERTa counts positions from the one after that of padding.
        tables = (
            m for n, m in encoder.named_modules() if n.endswith("position_embeddings") and isinstance(m, Embedding)
        )
        padding = next((table.padding_idx for table in tables), None)
        limits.append(positions if padding is None else positions - padding - 1)
    limit = min(limits)
    return limit if limit < 1_000_000 else _USUAL_LENGTH


def drop_layers_above(encoder: Any, layer: int) -> None:
    """Free the memory of layers that are not run; one more stays, at which the forward pass stops."""
    layers = layer_modules(encoder)
    if layers is not None:
        del layers[layer + 1 :]


def padding_id(config: Any, tokenizer: Any) -> int:
    """The id to pad with. RoBERTa counts the positions of ids that are not the one in its configuration."""
    for pad in (getattr(config, "pad_token_id", None), tokenizer.pad_token_id):
        if pad is not None:
            return int(pad)
    return 0
