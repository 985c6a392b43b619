"""Sentences as documents of spaCy, and back.

A `Doc` has words and, after each, a space or none. Any other space between words is a word of its own there, as in
spaCy's own tokenizers. What a `Doc` has no place for is in `doc.user_data["xlner"]`: scores, identifier, language and
meta.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from xlner.core.entity import Entity
from xlner.core.sentence import Sentence
from xlner.errors import MissingExtraError, ValidationError

KEY = "xlner"
"""The key of `doc.user_data`."""


def to_doc(sentence: Sentence, vocab: Any = None) -> Any:
    """A `Doc` with the words, the text and the entities of a sentence, in a vocabulary or in a new one.

    Raises `MissingExtraError` without spaCy.
    """
    try:
        from spacy.tokens import Doc, Span
        from spacy.vocab import Vocab
    except ImportError:
        raise MissingExtraError("spacy", extra="offline") from None
    made = sentence.with_text()
    words, spaces, places = _with_spaces(made.text or "", made.offsets or ())
    doc = Doc(Vocab() if vocab is None else vocab, words=words, spaces=spaces)
    spans = [Span(doc, places[e.start], places[e.end - 1] + 1, label=e.label) for e in made.entities]
    doc.set_ents(spans, default="outside")
    kept = _kept(made, words, places)
    if kept:
        doc.user_data[KEY] = kept
    return doc


def _with_spaces(text: str, offsets: tuple[tuple[int, int], ...]) -> tuple[list[str], list[bool], list[int]]:
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


def _kept(sentence: Sentence, words: list[str], places: list[int]) -> dict[str, object]:
    kept: dict[str, object] = {}
    if sentence.id is not None:
        kept["id"] = sentence.id
    if sentence.language is not None:
        kept["lang"] = sentence.language
    if any(entity.score is not None for entity in sentence.entities):
        kept["scores"] = [entity.score for entity in sentence.entities]
    if [k for k, word in enumerate(words) if not word.isspace()] != places:
        kept["words"] = places
    if sentence.meta:
        kept["meta"] = dict(sentence.meta)
    return kept


def from_doc(doc: Any) -> Sentence:
    """The sentence of a `Doc`. Words of spaces are none of its words, and an entity loses those at its ends.

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
    return Sentence(tokens, tuple(entities), text, offsets, language, id_, meta)


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
