"""Specs of the parameters to train: `full`, `lora?rank=8`, `bottleneck?size=48`, `orthogonal?weight=0.5` …"""

from __future__ import annotations

import typing
from dataclasses import dataclass, fields
from typing import Any

from xlner.core.registry import Spec, convert
from xlner.errors import UnknownNameError, UsageError, ValidationError
from xlner.models.adapters import AdapterShape
from xlner.text.suggestions import names_hint

KINDS = ("task", "language")
TARGETS = ("attention", "all")


@dataclass(frozen=True, slots=True)
class Lora:
    """Low-rank updates of weights (Hu et al. 2022).

    - `rank`: the rank of the updates.
    - `alpha`: the updates are scaled by `alpha / rank`.
    - `targets`: the matrices to update, `attention` for those of queries and values, or `all` in the layers.
    """

    rank: int = 8
    alpha: float = 16.0
    targets: str = "attention"

    def __post_init__(self) -> None:
        if self.rank < 1 or not self.alpha > 0:
            raise ValidationError("the rank of lora must be at least 1, and alpha above 0")
        if self.targets not in TARGETS:
            raise UnknownNameError(
                f"unknown targets {self.targets!r} of lora", hint=names_hint(self.targets, TARGETS, "one of")
            )


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """Bottleneck adapters (experimental).

    - `size`, `style`, `activation`: see `AdapterShape`.
    - `kind`: `task`, or `language` for adapters that are saved without the model.
    - `language`: the folder of a language adapter to stack them on.
    """

    size: int = 48
    style: str = "pfeiffer"
    activation: str = "relu"
    kind: str = "task"
    language: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UnknownNameError(
                f"unknown kind of adapter {self.kind!r}", hint=names_hint(self.kind, KINDS, "one of")
            )
        if self.kind == "language" and self.language is not None:
            raise UsageError("a language adapter cannot be stacked on another one", hint="leave out language=")
        self.shape()

    def shape(self) -> AdapterShape:
        """The shape of the adapters."""
        return AdapterShape(self.kind, self.size, self.style, self.activation)


@dataclass(frozen=True, slots=True)
class Orthogonal(Bottleneck):
    """Bottleneck adapters with a penalty: `weight` times the mean squared cosine of their output and input."""

    weight: float = 1.0

    def __post_init__(self) -> None:
        Bottleneck.__post_init__(self)
        if not 0 <= self.weight < float("inf"):
            raise ValidationError(f"the weight of orthogonal is {self.weight}, but must be at least 0 and finite")


_KNOWN: dict[str, type[Lora] | type[Bottleneck]] = {
    "lora": Lora,
    "bottleneck": Bottleneck,
    "orthogonal": Orthogonal,
}


def parse_parameters(spec: str) -> Lora | Bottleneck | Orthogonal | None:
    """Parse a spec; None for `full`, which trains all parameters.

    Raises `UnknownNameError` for unknown names and options, `UsageError` for an argument or for options that exclude
    each other, and `ValidationError` for numbers out of range.

    >>> parse_parameters("lora?rank=4")
    Lora(rank=4, alpha=16.0, targets='attention')
    """
    parsed = Spec.parse(spec)
    if parsed.name not in ("full", *_KNOWN):
        raise UnknownNameError(
            f"unknown parameters {parsed.name!r}", hint=names_hint(parsed.name, sorted(("full", *_KNOWN)))
        )
    if parsed.argument is not None:
        raise UsageError(f"{parsed.name!r} takes no argument: {spec!r}", hint="write its options as ?key=value")
    known = _options(_KNOWN[parsed.name]) if parsed.name != "full" else {}
    for name in parsed.options:
        if name not in known:
            hint = names_hint(name, known, "options:")
            raise UnknownNameError(f"parameters {parsed.name!r} have no option {name!r}", hint=hint)
    if parsed.name == "full":
        return None
    options = {k: convert(v, known[k], f"{k} of parameters {parsed.name!r}") for k, v in parsed.options.items()}
    return _KNOWN[parsed.name](**options)


def _options(cls: type) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}
