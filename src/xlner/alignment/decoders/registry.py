"""Decoders by name, with their options."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from xlner.alignment.decoders.argmax import forward, intersection, reverse, union
from xlner.alignment.decoders.itermax import itermax
from xlner.alignment.decoders.match import match
from xlner.alignment.decoders.matrix import DecodedLinks, LinkMatrix, Similarity
from xlner.alignment.decoders.priors import distorted, unsure
from xlner.alignment.decoders.probabilities import entmax, softmax
from xlner.alignment.decoders.transport import transport
from xlner.core.registry import convert
from xlner.errors import UnknownNameError, ValidationError

Option = bool | int | float | str
"""The value of an option: as its type says, or as text."""

DECODERS: Mapping[str, Callable[..., LinkMatrix | DecodedLinks]] = MappingProxyType(
    {
        "entmax": entmax,
        "forward": forward,
        "intersection": intersection,
        "itermax": itermax,
        "match": match,
        "reverse": reverse,
        "softmax": softmax,
        "transport": transport,
        "union": union,
    }
)
"""Every decoder by its name. Those that return links alone weigh them by their similarity."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "argmax": "intersection",
        "entmax15": "entmax",
        "fwd": "forward",
        "inter": "intersection",
        "mwmf": "match",
        "ot": "transport",
        "rev": "reverse",
    }
)
"""Other names of decoders, as peers call them."""

_OF_DOTS = frozenset({"entmax", "softmax"})
"""Decoders that look at dot products, not at cosines, unless a temperature says how to scale these."""

_PRIORS: Mapping[str, type] = MappingProxyType({"distortion": float, "null_threshold": float})


@dataclass(frozen=True, slots=True)
class Decoder:
    """A decoder with its options; made by `make_decoder`."""

    name: str
    distortion: float = 0.0
    null_threshold: float = 1.0
    options: Mapping[str, Option] = field(default_factory=dict, hash=False)

    def __call__(self, similarity: Similarity, norms: tuple[Similarity, Similarity] | None = None) -> DecodedLinks:
        """The links of a pair and their weights.

        `similarity` holds cosines, shape (n_source, n_target). `norms` are the lengths of the vectors that they are
        between, shapes (n_source,) and (n_target,), for decoders that look at dot products; without them, the cosines
        are taken for dot products. Raises `ValidationError` for a similarity of any other rank.
        """
        cosines = distorted(similarity, self.distortion) if self.distortion else similarity
        scores = cosines
        if norms is not None and self.name in _OF_DOTS and "temperature" not in self.options:
            scores = cosines * (norms[0][:, None] * norms[1])
        found = DECODERS[self.name](scores, **self.options)
        links, weights = found if isinstance(found, DecodedLinks) else (found, similarity)
        if self.null_threshold < 1:
            links = links & ~unsure(cosines, self.null_threshold)
        return DecodedLinks(links, weights)

    @property
    def fingerprint(self) -> str:
        """The name and every option that is not as it comes.

        >>> make_decoder("inter", threshold=0.5, distortion=0).fingerprint
        'intersection?threshold=0.5'
        """
        set_by_hand = {**self.options, "distortion": self.distortion, "null_threshold": self.null_threshold}
        known = _defaults(self.name)
        parts = [f"{name}={value}" for name, value in sorted(set_by_hand.items()) if value != known[name]]
        return f"{self.name}?{'&'.join(parts)}" if parts else self.name


def make_decoder(name: str, **options: Option) -> Decoder:
    """A decoder by its name or alias, with options: those of its function, and two that all decoders take.

    `distortion` from 0 to 1 lowers the similarity of words that stand far apart, see `priors.distorted`;
    `null_threshold` from 0 to 1 drops links between words that are similar to many others, see `priors.unsure`.

    Raises `UnknownNameError` for an unknown name or option, `UsageError` for a value of another type, `ValidationError`
    for a number out of range, `MissingExtraError` where scipy is needed (`match`) and not installed.

    >>> make_decoder("softmax", threshold="0.01")(np.array([[9.0, 1.0], [2.0, 6.0]])).links.tolist()
    [[True, False], [False, True]]
    """
    name = canonical_name(name)
    types = option_types(name)
    values: dict[str, Option] = {}
    for option, value in options.items():
        if option not in types:
            raise UnknownNameError(
                f"decoder {name!r} has no option {option!r}", hint=f"options: {', '.join(sorted(types))}"
            )
        values[option] = convert(str(value), types[option], f"{option} of decoder {name!r}")
    distortion = float(values.pop("distortion", 0.0))
    null_threshold = float(values.pop("null_threshold", 1.0))
    for prior, number in (("distortion", distortion), ("null_threshold", null_threshold)):
        if not 0 <= number <= 1:
            raise ValidationError(f"{prior} {number} must be between 0 and 1")
    DECODERS[name](np.zeros((0, 0)), **values)  # raises for numbers out of range
    return Decoder(name, distortion, null_threshold, MappingProxyType(values))


def canonical_name(name: str) -> str:
    """The name in `DECODERS` for a name or alias; raises `UnknownNameError` with the known names.

    >>> canonical_name("inter")
    'intersection'
    """
    known = ALIASES.get(name, name)
    if known not in DECODERS:
        raise UnknownNameError(f"unknown decoder {name!r}", hint=f"known: {', '.join(sorted({*DECODERS, *ALIASES}))}")
    return known


def option_types(name: str) -> dict[str, type]:
    """The options that a decoder takes, with their types; raises `UnknownNameError` for an unknown name.

    >>> sorted(option_types("itermax"))
    ['alpha', 'distortion', 'iterations', 'null_threshold', 'threshold']
    """
    function = DECODERS[canonical_name(name)]
    hints = typing.get_type_hints(function)
    own = {p.name: hints[p.name] for p in _keyword_only(function)}
    return {**own, **_PRIORS}


def _defaults(name: str) -> dict[str, Option]:
    own = {p.name: p.default for p in _keyword_only(DECODERS[name])}
    return {**own, "distortion": 0.0, "null_threshold": 1.0}


def _keyword_only(function: Callable[..., object]) -> list[inspect.Parameter]:
    parameters = inspect.signature(function).parameters.values()
    return [p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]
