"""Which parameters to train, as a spec: `full`, `lora?rank=8`, `bottleneck?size=48`, `orthogonal?weight=0.5` …"""

from __future__ import annotations

import typing
from dataclasses import dataclass, fields
from typing import Any

from xlner.core.registry import Spec, convert
from xlner.errors import UnknownNameError, ValidationError
from xlner.models.adapters import AdapterShape

KINDS = ("task", "language")
TARGETS = ("attention", "all")


@dataclass(frozen=True, slots=True)
class Lora:
    """Low-rank updates (Hu et al. 2022) of `rank` and scale `alpha / rank`.

    `targets` says of which matrices: those of queries and values (`attention`), or every one in the layers (`all`).
    """

    rank: int = 8
    alpha: float = 16.0
    targets: str = "attention"

    def __post_init__(self) -> None:
        if self.rank < 1 or not self.alpha > 0:
            raise ValidationError("rank of lora must be at least 1, alpha above 0")
        if self.targets not in TARGETS:
            raise UnknownNameError(f"unknown targets {self.targets!r} of lora", hint=f"one of {', '.join(TARGETS)}")


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """Adapters as `AdapterShape` describes them; `language` is a folder of a language adapter that they stand on.

    `kind` is `task`, or `language` for adapters that are saved by themselves.
    """

    size: int = 48
    style: str = "pfeiffer"
    activation: str = "relu"
    kind: str = "task"
    language: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UnknownNameError(f"unknown kind of adapter {self.kind!r}", hint=f"one of {', '.join(KINDS)}")
        if self.kind == "language" and self.language is not None:
            raise ValidationError("a language adapter cannot stand on another one", hint="leave out language=")
        self.shape()

    def shape(self) -> AdapterShape:
        """Of the adapters."""
        return AdapterShape(self.kind, self.size, self.style, self.activation)


@dataclass(frozen=True, slots=True)
class Orthogonal(Bottleneck):
    """The same, with `weight` times the mean squared cosine of what they add and what they add it to as a penalty."""

    weight: float = 1.0

    def __post_init__(self) -> None:
        Bottleneck.__post_init__(self)
        if not 0 <= self.weight < float("inf"):
            raise ValidationError(f"weight {self.weight} of orthogonal must be a number from 0")


_KNOWN: dict[str, type[Lora] | type[Bottleneck]] = {
    "lora": Lora,
    "bottleneck": Bottleneck,
    "orthogonal": Orthogonal,
}


def parse_parameters(spec: str) -> Lora | Bottleneck | Orthogonal | None:
    """What a spec asks for; None for `full`, which trains all parameters.

    Raises `UnknownNameError` for names, options and values that are unknown, `ValidationError` for numbers that cannot
    be.

    >>> parse_parameters("lora?rank=4")
    Lora(rank=4, alpha=16.0, targets='attention')
    """
    parsed = Spec.parse(spec)
    if parsed.name not in ("full", *_KNOWN):
        raise UnknownNameError(
            f"unknown parameters {parsed.name!r}", hint=f"known: {', '.join(sorted(('full', *_KNOWN)))}"
        )
    if parsed.argument is not None:
        raise UnknownNameError(f"{parsed.name!r} takes no argument: {spec!r}", hint="write its options as ?key=value")
    known = _options(_KNOWN[parsed.name]) if parsed.name != "full" else {}
    for name in parsed.options:
        if name not in known:
            hint = f"options: {', '.join(known) or 'none'}"
            raise UnknownNameError(f"parameters {parsed.name!r} have no option {name!r}", hint=hint)
    if parsed.name == "full":
        return None
    options = {k: convert(v, known[k], f"{k} of parameters {parsed.name!r}") for k, v in parsed.options.items()}
    return _KNOWN[parsed.name](**options)


def _options(cls: type) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}
