"""Backends by name: `kind → name → "module:Class"`, loaded on use, with entry points for third parties.

A spec names a backend, its main argument and its options: `spacy:en_core_web_sm`, `e5:itermax?layer=7`. A value in
parentheses is taken as it stands, so that an option can hold a spec: `back-translation?forward=(heuristic?gap=2)`.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from itertools import accumulate
from types import UnionType
from typing import Any

from xlner.errors import BackendError, UnknownNameError

KINDS = ("translator", "recognizer", "aligner", "projector")

_BUILTIN: dict[str, dict[str, str]] = {
    "translator": {
        "apertium": "xlner.translation.apertium.translator:ApertiumTranslator",
        "chat": "xlner.translation.chat.translator:ChatTranslator",
        "dictionary": "xlner.fakes:DictionaryTranslator",
        "easyproject": "xlner.translation.seq2seq.translators:EasyProjectTranslator",
        "echo": "xlner.fakes:EchoTranslator",
        "given": "xlner.translation.given:GivenTranslator",
        "lexicon": "xlner.translation.lexicon:LexiconTranslator",
        "m2m100": "xlner.translation.seq2seq.translators:M2M100Translator",
        "madlad": "xlner.translation.seq2seq.translators:MadladTranslator",
        "marian": "xlner.translation.seq2seq.translators:MarianTranslator",
        "nllb": "xlner.translation.seq2seq.translators:NllbTranslator",
    },
    "recognizer": {
        "ensemble": "xlner.recognition.ensemble:EnsembleRecognizer",
        "gazetteer": "xlner.recognition.gazetteer:GazetteerRecognizer",
        "gliner": "xlner.recognition.gliner:GlinerRecognizer",
        "hf": "xlner.recognition.hf:HfRecognizer",
        "spacy": "xlner.recognition.spacy:SpacyRecognizer",
        "span-marker": "xlner.recognition.span_marker:SpanMarkerRecognizer",
    },
    "aligner": {
        "apertium": "xlner.translation.apertium.aligner:ApertiumAligner",
        "awesome": "xlner.alignment.hf.published:AwesomeAligner",
        "surface-augmented": "xlner.alignment.surface_augmented:SurfaceAugmentedAligner",
        "e5": "xlner.alignment.e5:E5Aligner",
        "eflomal": "xlner.alignment.statistical.eflomal:EflomalAligner",
        "hf": "xlner.alignment.hf.aligner:HfAligner",
        "oracle": "xlner.fakes:OracleAligner",
        "simalign": "xlner.alignment.hf.published:SimAligner",
        "surface": "xlner.alignment.surface:SurfaceAligner",
        "thot": "xlner.alignment.statistical.thot:ThotAligner",
    },
    "projector": {
        "back-translation": "xlner.projection.back_translation:BackTranslationProjector",
        "exact": "xlner.projection.matching_projector:MatchingProjector",
        "fused": "xlner.projection.fused:FusedProjector",
        "greedy": "xlner.projection.matching_projector:greedy_projector",
        "heuristic": "xlner.projection.range_projectors:HeuristicProjector",
        "hull": "xlner.projection.range_projectors:HullProjector",
        "ner-candidates": "xlner.projection.ner_candidates:NerCandidatesProjector",
        "multi-source": "xlner.projection.multi_source:MultiSourceProjector",
    },
}


@dataclass(frozen=True, slots=True)
class Spec:
    """A parsed backend spec.

    >>> Spec.parse("e5:itermax?layer=7")
    Spec(name='e5', argument='itermax', options={'layer': '7'})
    """

    name: str
    argument: str | None
    options: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> Spec:
        """Split `name[:argument][?key=value[&key=value]]`, where a value may stand in parentheses.

        Raises `UnknownNameError` where an option has no value or a parenthesis is left open.

        >>> Spec.parse("a?b=(c?d=1&e=2)&f=3").options
        {'b': 'c?d=1&e=2', 'f': '3'}
        """
        head, _, query = text.strip().partition("?")
        name, _, argument = head.partition(":")
        options = {}
        for part in filter(None, _split(query, text)):
            key, sign, value = part.partition("=")
            if not key or not sign:
                raise UnknownNameError(f"option {part!r} in {text!r} has no value", hint="write ?key=value&key=value")
            options[key] = value[1:-1] if value.startswith("(") else value
        return cls(name, argument or None, options)


def _split(query: str, spec: str) -> Iterator[str]:
    """The parts between `&`, but for those inside of a value in parentheses."""
    while query:
        key, sign, value = query.partition("=")
        if not sign or "&" in key or not value.startswith("("):
            part, _, query = query.partition("&")
            yield part
            continue
        depths = accumulate((c == "(") - (c == ")") for c in value)
        end = next((k for k, depth in enumerate(depths, start=1) if not depth), 0)
        if not end or value[end : end + 1] not in ("", "&"):
            raise UnknownNameError(
                f"the parentheses of option {key!r} in {spec!r} do not fit", hint="write ?key=(value)&key=value"
            )
        yield f"{key}={value[:end]}"
        query = value[end + 1 :]


def names(kind: str) -> dict[str, str]:
    """Everything registered for a kind, `name → "module:Class"`; entry points (`xlner.translators` …) included.

    >>> sorted(names("projector"))
    ['back-translation', 'exact', 'fused', 'greedy', 'heuristic', 'hull', 'multi-source', 'ner-candidates']
    """
    known = dict(_BUILTIN[kind])
    for point in entry_points(group=f"xlner.{kind}s"):
        known.setdefault(point.name, point.value)
    return known


def register(kind: str, name: str, target: str) -> None:
    """Register `"module:Class"` under a name, for this process."""
    _BUILTIN[kind][name] = target


def backend_class(kind: str, name: str) -> Any:
    """The class registered under a name; raises `UnknownNameError` with the known names, or `BackendError`."""
    known = names(kind)
    if name not in known:
        raise UnknownNameError(f"unknown {kind} {name!r}", hint=f"known: {', '.join(sorted(known))}")
    module, _, attribute = known[name].partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise BackendError(f"{kind} {name!r} cannot be loaded from {known[name]}: {error}") from error


def load(kind: str, spec: str, /, **defaults: object) -> Any:
    """Build a backend from its spec. `defaults` are passed on where the backend takes an option of that name.

    Raises `UnknownNameError` for an unknown name or option, `BackendError` where the backend cannot run here.

    >>> load("translator", "echo").translate(["Ola"], from_lang="gl", to_lang="en")
    ['Ola']
    """
    parsed = Spec.parse(spec)
    cls = backend_class(kind, parsed.name)
    parameters = options_of(cls, parsed)
    options = {name: value for name, value in defaults.items() if name in parameters and value is not None}
    for name, value in parsed.options.items():
        if name not in parameters:
            raise UnknownNameError(
                f"{kind} {parsed.name!r} has no option {name!r}", hint=f"options: {', '.join(parameters) or 'none'}"
            )
        options[name] = convert(value, parameters[name], f"{name} of {kind} {parsed.name!r}")
    if parsed.argument is None:
        return _construct(cls, spec, (), options)
    return _construct(cls, spec, (parsed.argument,), options)


def _construct(cls: Any, spec: str, arguments: tuple[str, ...], options: Mapping[str, object]) -> Any:
    try:
        inspect.signature(cls).bind(*arguments, **options)
    except TypeError as error:
        hint = None if arguments else f"write it as {spec.partition('?')[0]}:ARGUMENT"
        raise UnknownNameError(f"backend spec {spec!r} does not fit: {error}", hint=hint) from None
    return cls(*arguments, **options)


def _parameters(cls: Any) -> dict[str, Any]:
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(cls, eval_str=True).parameters.values()
    return {p.name: str if p.annotation is p.empty else p.annotation for p in parameters if p.kind in kinds}


def options_of(cls: Any, spec: Spec) -> dict[str, Any]:
    """The options that a backend class takes with this spec, and their types."""
    return {**_parameters(cls), **_further_options(cls, spec)}


def _further_options(cls: Any, spec: Spec) -> Mapping[str, Any]:
    """Types of options that depend on others; a class tells them by `option_types(given)`, a class method."""
    option_types = getattr(cls, "option_types", None)
    if option_types is None:
        return {}
    first = next(iter(_parameters(cls)), "")
    given = spec.options if spec.argument is None else {first: spec.argument, **spec.options}
    found: Mapping[str, Any] = option_types(given)
    return found


def convert(value: str, hint: Any, what: str) -> Any:
    """A string as the type that is declared for it; raises `UnknownNameError` where it is not of that type.

    >>> convert("0.5", float | None, "rate")
    0.5
    """
    if isinstance(hint, UnionType):
        hint = next(t for t in hint.__args__ if t is not type(None))
    try:
        if hint is bool:
            return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[value.lower()]
        return hint(value) if hint in (int, float) else value
    except (ValueError, KeyError):
        raise UnknownNameError(f"{what} is not of type {hint.__name__}: {value!r}") from None
