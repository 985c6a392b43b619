"""Backends by name: `kind → name → "module:Class"`, imported on first use, with entry points for other packages.

A spec names a backend, its main argument and its options: `spacy:en_core_web_sm`, `e5:itermax?layer=7`. A value in
parentheses is taken literally, so an option can hold another spec: `back-translation?forward=(heuristic?gap=2)`.
"""

from __future__ import annotations

import importlib
import inspect
import math
import typing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.metadata import entry_points
from itertools import accumulate
from types import UnionType
from typing import Any, Protocol, runtime_checkable

from xlner.core.plugins import naming_import_errors
from xlner.errors import UnknownNameError, UsageError
from xlner.text.suggestions import names_hint

KINDS = ("translator", "recognizer", "aligner", "projector")
DEFAULT_RECOGNIZER = "multilingual"
"""The recognizer that reads a text if none is named."""
DEFAULT_ALIGNER = "e5:itermax"
"""The aligner of a pipeline if none is named. Chosen by benchmarks/default_aligner.py and long_texts.py."""
_DEEPEST = 4
"""Levels of specs in specs."""
_depth: ContextVar[int] = ContextVar("depth", default=0)
_SHOWN = 60  # characters of a spec in a message
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

_BUILTIN: dict[str, dict[str, str]] = {
    "translator": {
        "apertium": "xlner.translation.apertium.translator:ApertiumTranslator",
        "chat": "xlner.translation.chat.translator:ChatTranslator",
        "dictionary": "xlner.fakes:DictionaryTranslator",
        "easyproject": "xlner.translation.seq2seq.translators:EasyProjectTranslator",
        "echo": "xlner.fakes:EchoTranslator",
        "given": "xlner.translation.given:GivenTranslator",
        "labelpigeon": "xlner.translation.seq2seq.translators:LabelPigeonTranslator",
        "lexicon": "xlner.translation.lexicon:LexiconTranslator",
        "m2m100": "xlner.translation.seq2seq.translators:M2M100Translator",
        "madlad": "xlner.translation.seq2seq.translators:MadladTranslator",
        "marian": "xlner.translation.seq2seq.translators:MarianTranslator",
        "nllb": "xlner.translation.seq2seq.translators:NllbTranslator",
    },
    "recognizer": {
        "chat": "xlner.recognition.chat.recognizer:ChatRecognizer",
        "ensemble": "xlner.recognition.ensemble:EnsembleRecognizer",
        "gazetteer": "xlner.recognition.gazetteer:GazetteerRecognizer",
        "gliner": "xlner.recognition.gliner:GlinerRecognizer",
        "gliner2": "xlner.recognition.gliner2:Gliner2Recognizer",
        "hf": "xlner.recognition.hf:HfRecognizer",
        "spacy": "xlner.recognition.spacy:SpacyRecognizer",
        "multilingual": "xlner.recognition.multilingual.recognizer:MultilingualRecognizer",
        "span-marker": "xlner.recognition.span_marker:SpanMarkerRecognizer",
    },
    "aligner": {
        "accalign": "xlner.alignment.hf.published:AccAligner",
        "apertium": "xlner.translation.apertium.aligner:ApertiumAligner",
        "awesome": "xlner.alignment.hf.published:AwesomeAligner",
        "surface-augmented": "xlner.alignment.surface_augmented:SurfaceAugmentedAligner",
        "e5": "xlner.alignment.e5:E5Aligner",
        "eflomal": "xlner.alignment.statistical.eflomal:EflomalAligner",
        "hf": "xlner.alignment.hf.aligner:HfAligner",
        "labse": "xlner.alignment.hf.published:LabseAligner",
        "lexical": "xlner.alignment.lexical:LexicalAligner",
        "mmbert": "xlner.alignment.hf.published:MmbertAligner",
        "oracle": "xlner.fakes:OracleAligner",
        "simalign": "xlner.alignment.hf.published:SimAligner",
        "surface": "xlner.alignment.surface:SurfaceAligner",
        "transalign": "xlner.alignment.hf.published:TransAligner",
        "thot": "xlner.alignment.statistical.thot:ThotAligner",
    },
    "projector": {
        "chat": "xlner.translation.chat.projector:ChatProjector",
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


@runtime_checkable
class DependentOptions(Protocol):
    """A backend class with options that depend on the value of other options, such as those of a decoder.

    Its constructor takes them as `**options`.

    >>> from xlner.alignment import E5Aligner
    >>> sorted(E5Aligner.option_types({"decoder": "itermax"}))[:2]
    ['alpha', 'distortion']
    """

    @classmethod
    def option_types(cls, given: Mapping[str, str]) -> Mapping[str, Any]:
        """The names and types of these options, given the options in a spec."""
        ...


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
        """Split `name[:argument][?key=value[&key=value]]`, where a value may be in parentheses.

        Raises `UsageError` if an option has no value, if the parentheses of a value do not match, and for parentheses
        in parentheses in parentheses ….

        >>> Spec.parse("a?b=(c?d=1&e=2)&f=3").options
        {'b': 'c?d=1&e=2', 'f': '3'}
        """
        if max(accumulate((c == "(") - (c == ")") for c in text), default=0) >= _DEEPEST:
            raise _too_deep(text)
        head, _, query = text.strip().partition("?")
        name, _, argument = head.partition(":")
        options = {}
        for part in filter(None, _split(query, text)):
            key, sign, value = part.partition("=")
            if not key or not sign:
                raise UsageError(f"option {part!r} in {text!r} has no value", hint="write ?key=value&key=value")
            options[key] = value[1:-1] if value.startswith("(") else value
        return cls(name, argument or None, options)


def _split(query: str, spec: str) -> Iterator[str]:
    """Split at each `&` outside of parentheses that enclose a whole value."""
    while query:
        key, sign, value = query.partition("=")
        if not sign or "&" in key or not value.startswith("("):
            part, _, query = query.partition("&")
            yield part
            continue
        depths = accumulate((c == "(") - (c == ")") for c in value)
        end = next((k for k, depth in enumerate(depths, start=1) if not depth), 0)
        if not end or value[end : end + 1] not in ("", "&"):
            raise UsageError(
                f"the parentheses of option {key!r} in {spec!r} do not match", hint="write ?key=(value)&key=value"
            )
        yield f"{key}={value[:end]}"
        query = value[end + 1 :]


def names(kind: str) -> dict[str, str]:
    """Everything registered for a kind, `name → "module:Class"`, including entry points (`xlner.translators` …).

    Raises `UnknownNameError` for an unknown kind.

    >>> sorted(names("projector"))
    ['back-translation', 'chat', 'exact', 'fused', 'greedy', 'heuristic', 'hull', 'multi-source', 'ner-candidates']
    """
    known = dict(_of_kind(kind))
    for point in entry_points(group=f"xlner.{kind}s"):
        known.setdefault(point.name, point.value)
    return known


def register(kind: str, name: str, target: str) -> None:
    """Register a class, given as `"module:Class"`, under a name in this process.

    Raises `UnknownNameError` for an unknown kind.

    >>> register("translator", "echo", "xlner.fakes:EchoTranslator")
    """
    _of_kind(kind)[name] = target


def _of_kind(kind: str) -> dict[str, str]:
    if kind not in _BUILTIN:
        raise UnknownNameError(f"unknown kind of backend {kind!r}", hint=names_hint(kind, KINDS))
    return _BUILTIN[kind]


def backend_class(kind: str, name: str) -> Any:
    """The class registered under a name.

    Raises `UnknownNameError` for an unknown name and `BackendError` if the class cannot be imported.

    >>> backend_class("translator", "echo").__name__
    'EchoTranslator'
    """
    known = _of_kind(kind)
    if name not in known:  # other packages cannot replace a backend, and asking for theirs takes a while
        known = names(kind)
    if name not in known:
        raise UnknownNameError(f"unknown {kind} {name!r}", hint=names_hint(name, sorted(known)))
    module, _, attribute = known[name].partition(":")
    with naming_import_errors(f"{kind} {name!r}", known[name]):
        return getattr(importlib.import_module(module), attribute)


def load(kind: str, spec: str, /, **defaults: object) -> Any:
    """Build a backend from its spec.

    `kind` is `translator`, `recognizer`, `aligner` or `projector`. `defaults` are options that the spec does not have
    to give; those that the backend does not take, and those that are None, are ignored.

    Raises `UnknownNameError` for an unknown kind, backend or option; `UsageError` for a malformed spec, one that is
    nested deeper than four levels, and for a value of the wrong type; and whatever the backend raises, such as
    `BackendError` if it cannot run here.

    >>> load("translator", "echo").translate(["Ola"], from_lang="gl", to_lang="en")
    ['Ola']
    """
    with _one_level_deeper(spec):
        return _build(kind, spec, defaults)


def _build(kind: str, spec: str, defaults: Mapping[str, object]) -> Any:
    parsed = Spec.parse(spec)
    cls = backend_class(kind, parsed.name)
    types = options_of(cls, parsed)
    options = {name: value for name, value in defaults.items() if name in types and value is not None}
    for name, value in parsed.options.items():
        if name not in types:
            raise UnknownNameError(
                f"{kind} {parsed.name!r} has no option {name!r}", hint=names_hint(name, types, "options:")
            )
        options[name] = convert(value, types[name], f"{name} of {kind} {parsed.name!r}")
    arguments: list[object] = []
    if parsed.argument is not None:
        first = next(iter(_parameters(cls)), None)
        hint = str if first is None else types[first]
        arguments.append(convert(parsed.argument, hint, f"{first} of {kind} {parsed.name!r}"))
    return _construct(cls, spec, arguments, options)


@contextmanager
def _one_level_deeper(spec: str) -> Iterator[None]:
    """Refuse specs in specs in specs … before they are built."""
    depth = _depth.get()
    if depth >= _DEEPEST:
        raise _too_deep(spec)
    token = _depth.set(depth + 1)
    try:
        yield
    finally:
        _depth.reset(token)


def _too_deep(spec: str) -> UsageError:
    shown = spec if len(spec) <= _SHOWN else f"{spec[:_SHOWN]}…"
    return UsageError(f"backend spec {shown!r} is nested deeper than {_DEEPEST} levels")


def _construct(cls: Any, spec: str, arguments: list[object], options: Mapping[str, object]) -> Any:
    try:
        inspect.signature(cls).bind(*arguments, **options)
    except TypeError as error:
        hint = None if arguments else f"write it as {spec.partition('?')[0]}:ARGUMENT"
        raise UsageError(f"backend spec {spec!r} does not fit: {error}", hint=hint) from None
    return cls(*arguments, **options)


def _parameters(cls: Any) -> dict[str, Any]:
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(cls, eval_str=True).parameters.values()
    return {p.name: str if p.annotation is p.empty else p.annotation for p in parameters if p.kind in kinds}


def options_of(cls: Any, spec: Spec) -> dict[str, Any]:
    """The options that a backend class takes with this spec, with their types: `DependentOptions` included.

    >>> options_of(backend_class("translator", "echo"), Spec.parse("echo"))
    {'fail_on': str | None, 'die_on': str | None}
    """
    parameters = _parameters(cls)
    if not isinstance(cls, DependentOptions):
        return parameters
    first = next(iter(parameters), "")
    given = spec.options if spec.argument is None else {first: spec.argument, **spec.options}
    return {**parameters, **cls.option_types(given)}


def convert(value: str, hint: Any, what: str) -> Any:
    """Convert the text of an option to its declared type: `int`, `float` or `bool`, optional or not.

    Text stays text for any other type. `what` names the option in the error: `UsageError` for a value of another type
    and for NaN.

    >>> convert("0.5", float | None, "rate"), convert("yes", bool, "spaced"), convert("a", str, "name")
    (0.5, True, 'a')
    """
    if typing.get_origin(hint) in (UnionType, typing.Union):
        members = [t for t in typing.get_args(hint) if t is not type(None)]
        hint = members[0] if len(members) == 1 else str
    try:
        if hint is bool:
            return _BOOLEANS[value.lower()]
        if hint is float and math.isnan(float(value)):
            raise ValueError(value)
        return hint(value) if hint in (int, float) else value
    except (ValueError, KeyError):
        hint_text = "write true or false" if hint is bool else None
        raise UsageError(f"{what} is not of type {hint.__name__}: {value!r}", hint=hint_text) from None
