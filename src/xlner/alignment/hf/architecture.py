"""The layers and the padding of Hugging Face encoders."""

from __future__ import annotations

from typing import Any

from xlner.errors import ValidationError
from xlner.models.layers import layer_modules

_TRANSLATION_LAYER = 12


def chosen_layer(config: Any, layer: int | None) -> int:
    """The given layer, or by default two thirds of the layers, and layer 12 or the last one of a translation model.

    Raises `ValidationError` for a layer that the model does not have.
    """
    n_layers: int = config.num_hidden_layers
    if layer is None:
        return min(_TRANSLATION_LAYER, n_layers) if config.is_encoder_decoder else round(n_layers * 2 / 3)
    if not 0 <= layer <= n_layers:
        raise ValidationError(f"the model has no layer {layer}", hint=f"give layer=K, with K from 0 to {n_layers}")
    return layer


def drop_layers_above(encoder: Any, layer: int) -> None:
    """Free the memory of layers that are not used. The layer after `layer` is kept: the forward pass stops there."""
    layers = layer_modules(encoder)
    if layers is not None:
        del layers[layer + 1 :]


def padding_id(config: Any, tokenizer: Any) -> int:
    """The id of padding. That of the configuration comes first, because RoBERTa does not count positions of it."""
    for pad in (getattr(config, "pad_token_id", None), tokenizer.pad_token_id):
        if pad is not None:
            return int(pad)
    return 0
