"""How a recognizer is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass

from xlner.errors import UnknownNameError, ValidationError
from xlner.transfer.specs import parse_parameters

_DTYPES = ("auto", "float32", "bfloat16")
_LEARNING_RATE = 5e-5
_LEARNING_RATE_OF_FEW = 5e-4


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How to train.

    A step learns from `batch_size` sequences, which are computed in shards of at most `batch_tokens` sub-words, padding
    included (default: what suits the device), and whose gradients are added up. The learning rate (default: 5e-5, or
    5e-4 with few parameters) rises for a share `warm_up` of the steps, then falls to 0; gradients of more than
    `max_norm` are scaled down; `weight_decay` spares biases and norms. Training ends early where `patience` epochs in
    a row have not raised the mean F1 of the dev sets; 0 never ends early.

    Sentences of more than `max_length` sub-words are read in windows (default: what the model takes). `dropout` is
    that of hidden states, that of the model by default; attention weights are never dropped.

    `freeze_embeddings` keeps everything below the first layer, which is most of a multilingual model;
    `freeze_layers` the lowest layers, too, and then all of the encoder but the layers above. `parameters` is what is
    trained: `full`, or an adapter such as `lora?rank=8`, see `add_adapters`; the rest of the model is then kept.

    `total` sentences are drawn from all languages, their shares by `temperature`, see `counts`. `labels` are the
    entity types to learn, all by default; others become `O`. `dtype` is the precision of the computation (weights are
    float32): `auto` is bfloat16 on a GPU that has it. `seed` fixes all that is random.

    Raises `ValidationError` for values that cannot be, `UnknownNameError` for an unknown precision and for parameters
    that make no sense.
    """

    epochs: int = 3
    batch_size: int = 32
    learning_rate: float | None = None
    weight_decay: float = 0.01
    warm_up: float = 0.1
    max_norm: float = 1.0
    patience: int = 0
    max_length: int | None = None
    batch_tokens: int | None = None
    dropout: float | None = None
    freeze_embeddings: bool = True
    freeze_layers: int = 0
    parameters: str = "full"
    total: int | None = None
    temperature: float = 1.0
    labels: tuple[str, ...] = ()
    dtype: str = "auto"
    device: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", tuple(self.labels))
        if self.learning_rate is None:
            usual = _LEARNING_RATE if self.parameters == "full" else _LEARNING_RATE_OF_FEW
            object.__setattr__(self, "learning_rate", usual)
        if min(self.epochs, self.batch_size) < 1:
            raise ValidationError("epochs and batch_size must be at least 1")
        for name in ("max_length", "batch_tokens", "total"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValidationError(f"{name} {value} is not at least 1")
        if min(self.patience, self.freeze_layers, self.seed) < 0:
            raise ValidationError("patience, freeze_layers and seed must not be negative")
        if not (0 < self.rate < math.inf and self.max_norm > 0 and 0 <= self.weight_decay < math.inf):
            raise ValidationError("learning_rate and max_norm must be above 0, weight_decay at least 0")
        if not (0 <= self.warm_up <= 1 and 0 <= (self.dropout or 0) < 1 and self.temperature >= 1):
            raise ValidationError("warm_up must be from 0 to 1, dropout from 0 to below 1, temperature at least 1")
        if self.freeze_layers and not self.freeze_embeddings:
            raise ValidationError("embeddings cannot be trained below layers that are not")
        if self.freeze_layers and self.parameters != "full":
            raise ValidationError("freeze_layers goes with parameters full", hint="adapters keep all layers frozen")
        if self.dtype not in _DTYPES:
            raise UnknownNameError(f"unknown precision {self.dtype!r}", hint=f"one of {', '.join(_DTYPES)}")
        parse_parameters(self.parameters)

    @property
    def rate(self) -> float:
        """The highest learning rate.

        >>> TrainingOptions(parameters="lora?rank=8").rate
        0.0005
        """
        assert self.learning_rate is not None
        return self.learning_rate
