"""The model that is trained, an encoder with a tag classifier as its head, and the weights that are trained."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xlner.errors import ValidationError
from xlner.models.layers import layer_modules
from xlner.models.loading import load_checkpoint

_HEADS = ("classifier", "score")
_MAY_LACK = ("pooler.", "position_ids", *(f"{name}." for name in _HEADS))


def load_classifier(folder: Path, tags: Sequence[str], seed: int) -> Any:
    """Load the model in a folder as a classifier of these tags.

    If the model has a head for the same set of tags, the head and its order of tags are kept. Otherwise a new head is
    created from `seed`. Raises `BackendError` if the folder holds no encoder.
    """
    import torch

    known = _known_tags(folder)
    keep = set(known) == set(tags)
    names = known if keep else list(tags)
    labels = {"id2label": dict(enumerate(names)), "label2id": {name: k for k, name in enumerate(names)}}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model, missing = load_checkpoint(
            "AutoModelForTokenClassification",
            folder,
            dtype=torch.float32,
            may_lack=_MAY_LACK,
            ignore_mismatched_sizes=True,
            **labels,
        )
        if not keep or any(name.startswith(_HEADS) for name in missing):
            _renew(head_parameters(model), float(getattr(model.config, "initializer_range", 0.02)))
    return model.eval()


def head_parameters(model: Any) -> list[Any]:
    """The parameters outside of the encoder."""
    prefix = f"{model.base_model_prefix}."
    return [parameter for name, parameter in model.named_parameters() if not name.startswith(prefix)]


def trained_parameters(model: Any, *, freeze_embeddings: bool, freeze_layers: int) -> list[Any]:
    """The weights to train, in order; see `TrainingOptions`.

    Raises `ValidationError` if the model does not have that many layers.
    """
    encoder = model.base_model
    frozen = set[int]()
    if freeze_layers:
        layers = layer_modules(encoder)
        if layers is None or not freeze_layers < len(layers):
            n_layers = "shared" if layers is None else len(layers)
            raise ValidationError(f"cannot freeze {freeze_layers} layers", hint=f"layers of the model: {n_layers}")
        upper = {id(p) for layer in layers[freeze_layers:] for p in layer.parameters()}
        frozen = {id(p) for p in encoder.parameters()} - upper
    if freeze_embeddings:
        embeddings = getattr(encoder, "embeddings", None) or model.get_input_embeddings()
        frozen |= {id(p) for p in embeddings.parameters()}
    return [p for p in model.parameters() if id(p) not in frozen]


def _known_tags(folder: Path) -> list[str]:
    """The tags of a model that already is a classifier, in the order of their ids; empty for other models."""
    path = folder / "config.json"
    names = json.loads(path.read_text(encoding="utf-8")).get("id2label", {}) if path.exists() else {}
    return [str(names[k]) for k in sorted(names, key=int)]


def _renew(parameters: Sequence[Any], spread: float) -> None:
    """Initialize matrices randomly and biases with zeros."""
    import torch

    for parameter in parameters:
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=spread)
        else:
            torch.nn.init.zeros_(parameter)
