"""The layers of encoders of transformers."""

from __future__ import annotations

from typing import Any


def layer_modules(encoder: Any) -> Any:
    """The list of the layers of an encoder; None if there is no such list (ALBERT shares one layer)."""
    from torch.nn import ModuleList

    n_layers = encoder.config.num_hidden_layers
    lists = (module for module in encoder.modules() if isinstance(module, ModuleList))
    return next((module for module in lists if len(module) == n_layers), None)
