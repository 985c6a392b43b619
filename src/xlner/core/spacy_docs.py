"""Sentences as documents of spaCy, and back.

A `Doc` has words and, after each, a space or none. Any other space between words is a word of its own there, as in
spaCy's own tokenizers. What a `Doc` has no place for is in `doc.user_data["xlner"]`: scores, identifier, language and
meta.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from xlner.core.entity import Entity
from xlner.core.entity import Span as Range
from xlner.core.spacy_import import import_spacy
from xlner.errors import MissingExtraError, ValidationError

KEY = "xlner"
"""The key of `doc.user_data`."""


class DocParts(NamedTuple):
    """What a `Doc` says about a sentence: the fields of `xlner.Sentence`, in order."""

    tokens: tuple[str, ...]
    entities: tuple[Entity, ...]
    text: str
    offsets: tuple[Range, ...]
    language: str | None
    id: str | None
    meta: dict[str, object]


def to_doc(
    text: str, offsets: Sequence[Range], entities: Sequence[Entity], rest: Mapping[str, object], vocab: Any = None
) -> Any:
    """A `Doc` with words, a text and entities, in a vocabulary or in a new one. `rest` are other fields.

    Raises `MissingExtraError` without spaCy.
    """
    try:
        import_spacy()
    except ImportError:
        raise MissingExtraError("spaCy", extra="offline") from None
    from spacy.tokens import Doc, Span
    from spacy.vocab import Vocab

    words, spaces, places = _with_spaces(text, offsets)
    doc = Doc(Vocab() if vocab is None else vocab, words=words, spaces=spaces)
    spans = [Span(doc, places[e.start], places[e.end - 1] + 1, label=e.label) for e in entities]
    doc.set_ents(spans, default="outside")
    kept = {name: value for name, value in rest.items() if value}
    if any(entity.score is not None for entity in entities):
        kept["scores"] = [entity.score for entity in entities]
    if [k for k, word in enumerate(words) if not word.isspace()] != places:
        kept["words"] = places
    if kept:
        doc.user_data[KEY] = kept
    return doc


def _with_spaces(text: str, offsets: Sequence[Range]) -> tuple[list[str], list[bool], list[int]]:
    """All words of a `Doc`, whether a space follows each, and which of them are those of the sentence."""
    words: list[str] = []
    spaces: list[bool] = []
    places: list[int] = []
    position = 0
    for start, end in (*offsets, (len(text), len(text))):
        gap = text[position:start]
        if words and gap.startswith(" "):
            spaces[-1] = True
            gap = gap[1:]
        if gap:
            words.append(gap)
            spaces.append(False)
        if start < end:
            places.append(len(words))
            words.append(text[start:end])
            spaces.append(False)
        position = end
    return words, spaces, places


def from_doc(doc: Any) -> DocParts:
    """The parts of a sentence. Words of spaces are none of its words, and an entity loses those at its ends.

    Raises `ValidationError` for a `Doc` whose entities are only in span groups that overlap.
    """
    kept = doc.user_data.get(KEY)
    kept = kept if isinstance(kept, Mapping) else {}
    spans = [(span.start, span.end, span.label_) for span in doc.ents]
    if not spans and not doc.has_annotation("ENT_IOB"):
        spans = _of_groups(doc)
    chosen = kept.get("words")
    places = list(chosen) if chosen is not None else [token.i for token in doc if not token.text.isspace()]
    offsets = tuple((doc[k].idx, doc[k].idx + len(doc[k])) for k in places)
    at = {place: k for k, place in enumerate(places)}
    entities = []
    for start, end, label in spans:
        inside = [at[k] for k in range(start, end) if k in at]
        if inside:
            entities.append(Entity(inside[0], inside[-1] + 1, "_".join(label.split()) or "ENTITY"))
    scores = kept.get("scores") or ()
    if len(scores) == len(entities):
        entities = [replace(e, score=score) for e, score in zip(entities, scores, strict=True)]
    text = doc.text
    tokens = tuple(text[a:b] for a, b in offsets)
    language, id_, meta = kept.get("lang"), kept.get("id"), kept.get("meta") or {}
    meta = json.loads(meta) if isinstance(meta, str) else dict(meta)
    return DocParts(tokens, tuple(entities), text, offsets, language, id_, meta)


def _of_groups(doc: Any) -> list[tuple[int, int, str]]:
    groups = {name: [(s.start, s.end, s.label_) for s in group] for name, group in doc.spans.items() if len(group)}
    if not groups:
        return []
    if len(groups) > 1:
        raise ValidationError(
            f"several groups of spans: {', '.join(groups)}", hint="put those that are entities into doc.ents"
        )
    (spans,) = groups.values()
    return sorted(spans)
