"""The options of fine-tuning a recognizer."""

from __future__ import annotations

import math
from dataclasses import dataclass

from xlner.errors import UnknownNameError, UsageError, ValidationError
from xlner.text.suggestions import names_hint
from xlner.transfer.specs import parse_parameters

_DTYPES = ("auto", "float32", "bfloat16")
_LEARNING_RATE = 5e-5
_ADAPTER_LEARNING_RATE = 5e-4


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How to fine-tune a recognizer.

    The schedule:

    - `epochs`, `batch_size`: passes over the training sentences, and sequences in a step.
    - `learning_rate`: the highest one, by default 5e-5, or 5e-4 with adapters. It rises during the share `warm_up` of
      the steps, then falls to 0.
    - `weight_decay`: not applied to biases and norms.
    - `max_norm`: larger gradients are scaled down to this norm.
    - `patience`: stop after this number of epochs without a better mean F1 on the dev sets; 0 never stops early.
    - `dropout`: for hidden states, by default that of the model. Attention weights are never dropped.

    The model:

    - `freeze_embeddings`: do not train the embeddings, which are most of the weights of a multilingual model.
    - `freeze_layers`: the number of lowest layers that are not trained either.
    - `parameters`: the weights to train, `full` for all, or `lora?rank=8` and other specs of `add_adapters`. Everything
      but `full` and `lora` is experimental.
    - `max_length`: longer sentences are read in windows of this number of sub-words, by default what the model takes.
    - `batch_tokens`: sub-words that are computed at once, padding included. The gradients of a step are added up.
    - `dtype`: the precision of the computation. `auto` is bfloat16 on a GPU that has it; weights are always float32.
    - `device`: `cpu`, `cuda`, `cuda:1` …; `auto` uses a GPU if there is one.

    The data:

    - `total`, `temperature`: the number of sentences to draw from all languages, and their shares, see
      `xlner.transfer.sampling.counts`. By default all sentences are used.
    - `labels`: the entity types to learn, by default all. Entities of other types are tagged `O`.
    - `seed`: determines everything that is random.

    Raises `ValidationError` for numbers out of range, `UsageError` for options that exclude each other, and
    `UnknownNameError` for an unknown precision or unknown parameters.

    >>> TrainingOptions(epochs=5, parameters="lora?rank=8").rate
    0.0005
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
            usual = _LEARNING_RATE if self.parameters == "full" else _ADAPTER_LEARNING_RATE
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
            raise UsageError(
                "freeze_layers also freezes the embeddings", hint="leave out one of freeze_layers and train_embeddings"
            )
        if self.freeze_layers and self.parameters != "full":
            raise UsageError("freeze_layers needs the parameters full", hint="with adapters, all layers are frozen")
        if self.dtype not in _DTYPES:
            raise UnknownNameError(f"unknown precision {self.dtype!r}", hint=names_hint(self.dtype, _DTYPES, "one of"))
        parse_parameters(self.parameters)

    @property
    def rate(self) -> float:
        """The highest learning rate: the given one, or the default."""
        assert self.learning_rate is not None
        return self.learning_rate
