"""Decoders by name, and their options."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from xlner.alignment.decoders.argmax import forward, intersection, reverse, union
from xlner.alignment.decoders.distortion import apply_distortion
from xlner.alignment.decoders.itermax import itermax
from xlner.alignment.decoders.match import match
from xlner.alignment.decoders.matrices import DecodedLinks, LinkMatrix, Similarity
from xlner.alignment.decoders.null_extension import high_entropy_pairs
from xlner.alignment.decoders.probabilities import entmax, softmax
from xlner.alignment.decoders.transport import transport
from xlner.core.registry import convert
from xlner.errors import UnknownNameError, UsageError
from xlner.text.suggestions import names_hint

Option = bool | int | float | str
"""The value of an option: a value of its type, or the same as text."""

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
"""Every decoder by its name. If a decoder returns only links, their weights are the similarities."""

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
"""Other names of decoders, such as those in SimAlign and AWESoME."""

_USE_DOT_PRODUCTS = frozenset({"entmax", "softmax"})
"""Decoders that use dot products instead of cosines, unless a temperature scales the cosines."""

_NO_DISTORTION, _NO_NULL_THRESHOLD = 0.0, 1.0
_COMMON_DEFAULTS = MappingProxyType({"distortion": _NO_DISTORTION, "null_threshold": _NO_NULL_THRESHOLD})
"""Options that all decoders have."""


@dataclass(frozen=True, slots=True)
class Decoder:
    """A decoder and its options, created by `make_decoder`.

    >>> decoder = make_decoder("inter", threshold=0.5)
    >>> decoder.name, dict(decoder.options)
    ('intersection', {'threshold': 0.5})
    """

    name: str
    distortion: float = _NO_DISTORTION
    null_threshold: float = _NO_NULL_THRESHOLD
    options: Mapping[str, Option] = field(default_factory=dict, hash=False)

    def __call__(self, similarity: Similarity, norms: tuple[Similarity, Similarity] | None = None) -> DecodedLinks:
        """Return the links of a pair and their weights.

        `similarity` holds cosines, shape (n_source, n_target). `norms` are the lengths of the source and target
        vectors, shapes (n_source,) and (n_target,), for decoders that use dot products. Without them the cosines are
        used as dot products. Raises `ValidationError` unless `similarity` has two dimensions.
        """
        cosines = apply_distortion(similarity, self.distortion) if self.distortion else similarity
        scores = cosines
        if norms is not None and self.name in _USE_DOT_PRODUCTS and "temperature" not in self.options:
            scores = cosines * (norms[0][:, None] * norms[1])
        found = DECODERS[self.name](scores, **self.options)
        links, weights = found if isinstance(found, DecodedLinks) else (found, similarity)
        if self.null_threshold < _NO_NULL_THRESHOLD:
            links = links & ~high_entropy_pairs(cosines, self.null_threshold)
        return DecodedLinks(links, weights)

    @property
    def fingerprint(self) -> str:
        """The name and every option that differs from its default.

        >>> make_decoder("inter", threshold=0.5, distortion=0).fingerprint
        'intersection?threshold=0.5'
        """
        values = {**self.options, "distortion": self.distortion, "null_threshold": self.null_threshold}
        defaults = _defaults(self.name)
        parts = [f"{name}={value}" for name, value in sorted(values.items()) if value != defaults[name]]
        return f"{self.name}?{'&'.join(parts)}" if parts else self.name

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping proxy, which keeps the options from being changed, cannot be pickled.
        return _decoder, (self.name, self.distortion, self.null_threshold, dict(self.options))


def make_decoder(name: str, **options: Option) -> Decoder:
    """Create a decoder by its name or alias. `options` are those of its function, and two that all decoders have:

    - `distortion`, from 0 to 1: lowers the similarity of words that are far apart, see `apply_distortion`.
    - `null_threshold`, from 0 to 1: removes links between words that are both similar to many words, see
      `high_entropy_pairs`.

    Raises `UnknownNameError` for an unknown name or option, `UsageError` for a value of the wrong type or a number out
    of range, and `MissingExtraError` if the decoder needs scipy (`match`) and it is not installed.

    >>> make_decoder("softmax", threshold="0.01")(np.array([[9.0, 1.0], [2.0, 6.0]])).links.tolist()
    [[True, False], [False, True]]
    """
    name = canonical_name(name)
    types = option_types(name)
    values: dict[str, Option] = {}
    for option, value in options.items():
        if option not in types:
            raise UnknownNameError(
                f"decoder {name!r} has no option {option!r}", hint=names_hint(option, sorted(types), "options:")
            )
        values[option] = convert(str(value), types[option], f"{option} of decoder {name!r}")
    common = {option: float(values.pop(option, default)) for option, default in _COMMON_DEFAULTS.items()}
    for option, number in common.items():
        if not 0 <= number <= 1:
            raise UsageError(f"{option} {number} must be between 0 and 1")
    DECODERS[name](np.zeros((0, 0)), **values)  # raises for numbers out of range
    return _decoder(name, common["distortion"], common["null_threshold"], values)


def _decoder(name: str, distortion: float, null_threshold: float, options: dict[str, Option]) -> Decoder:
    return Decoder(name, distortion, null_threshold, MappingProxyType(options))


def canonical_name(name: str) -> str:
    """Return the name in `DECODERS` for a name or alias. Raises `UnknownNameError`, which lists the known names.

    >>> canonical_name("inter")
    'intersection'
    """
    known = ALIASES.get(name, name)
    if known not in DECODERS:
        raise UnknownNameError(f"unknown decoder {name!r}", hint=names_hint(name, sorted({*DECODERS, *ALIASES})))
    return known


def option_types(name: str) -> dict[str, type]:
    """Return the options of a decoder and their types. Raises `UnknownNameError` for an unknown name.

    >>> sorted(option_types("itermax"))
    ['alpha', 'distortion', 'iterations', 'null_threshold', 'threshold']
    """
    function = DECODERS[canonical_name(name)]
    hints = typing.get_type_hints(function)
    own = {p.name: hints[p.name] for p in _keyword_only(function)}
    return {**own, **dict.fromkeys(_COMMON_DEFAULTS, float)}


def _defaults(name: str) -> dict[str, Option]:
    own = {p.name: p.default for p in _keyword_only(DECODERS[name])}
    return {**own, **_COMMON_DEFAULTS}


def _keyword_only(function: Callable[..., object]) -> list[inspect.Parameter]:
    parameters = inspect.signature(function).parameters.values()
    return [p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]
