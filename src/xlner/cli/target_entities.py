"""Projectors that choose among the entities of the target: these must be in the file, or be recognized."""

from __future__ import annotations

from typing import Any

from xlner.core.files import STANDARD_STREAM
from xlner.core.registry import DEFAULT_RECOGNIZER, Spec, backend_class, load, options_of
from xlner.core.sentence import Sentence
from xlner.errors import UsageError
from xlner.formats import read_sentences
from xlner.stages import TargetEntityProjector


def with_target_recognizer(spec: str, path: str, format: str, **reading: Any) -> str:
    """The spec of a projector, with the shipped recognizer if it needs entities that the target does not have."""
    parsed = Spec.parse(spec)
    known = options_of(backend_class("projector", parsed.name), parsed)
    if "recognizer" not in known or "recognizer" in parsed.options:
        return spec
    projector = load("projector", spec)
    if not (isinstance(projector, TargetEntityProjector) and projector.reads_target_entities):
        return spec
    if format != "text" and (path == STANDARD_STREAM or _has_entities(path, format, reading)):
        return spec
    return f"{spec}{'&' if '?' in spec else '?'}recognizer={DEFAULT_RECOGNIZER}"


def require_target_entities(projector: object, path: str, format: str, **reading: Any) -> None:
    """Raise `UsageError` if a projector chooses among the entities of the target, but the target has none.

    Reads the file up to the first entity. Standard input is not checked.
    """
    if not (isinstance(projector, TargetEntityProjector) and projector.reads_target_entities):
        return
    if format == "text" or (path != STANDARD_STREAM and not _has_entities(path, format, reading)):
        raise UsageError(
            f"this projector chooses among the entities of the target, and {path} has none",
            hint="name a recognizer for its language, as in ner-candidates?recognizer=hf:MODEL",
        )


def _has_entities(path: str, format: str, reading: dict[str, Any]) -> bool:
    items = read_sentences(path, format=format, **reading)
    return any(isinstance(item, Sentence) and item.entities for item in items)
