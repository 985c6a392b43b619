"""Projectors that choose among entities of the target, where the target has none."""

from __future__ import annotations

from typing import Any

from xlner.core.files import STANDARD_STREAM
from xlner.core.sentence import Sentence
from xlner.errors import UnknownNameError
from xlner.formats import read_sentences


def require_target_entities(projector: object, path: str, format: str, **reading: Any) -> None:
    """Raise `UnknownNameError` where a projector would find nothing, for no sentence of the target has entities.

    Reads the file up to the first entity; labels on standard input are taken on trust.
    """
    if not getattr(projector, "reads_target_entities", False):
        return
    if format == "text" or (path != STANDARD_STREAM and not _has_entities(path, format, reading)):
        raise UnknownNameError(
            f"this projector chooses among the entities of the target, and {path} has none",
            hint="name a recognizer of its language, as in ner-candidates?recognizer=hf:MODEL",
        )


def _has_entities(path: str, format: str, reading: dict[str, Any]) -> bool:
    items = read_sentences(path, format=format, **reading)
    return any(isinstance(item, Sentence) and item.entities for item in items)
