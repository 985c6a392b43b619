"""A component of spaCy pipelines that runs a recognizer: `nlp.add_pipe("xlner", config={"lang": "gl"})`.

Where xlner is installed, spaCy finds it by its entry point; elsewhere import this module first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from xlner.core.registry import DEFAULT_RECOGNIZER, load
from xlner.core.sentence import Sentence
from xlner.core.spacy_docs import KEY
from xlner.text.languages import canonical


class XlnerComponent:
    """Labels documents with a recognizer, each sentence by itself if the document has sentences.

    - `recognizer`: its spec, such as `multilingual` or `hf:NAME`.
    - `lang`: the language of the texts; by default that of the pipeline.
    - `overwrite`: replace the entities that a document has; by default they stay, and new ones that overlap with them
      are left out.

    The scores of the entities are in `doc.user_data["xlner"]["scores"]`, if all of them are from this component.
    """

    def __init__(self, recognizer: str, lang: str | None, overwrite: bool) -> None:
        self.language = None if lang is None else canonical(lang)
        self.overwrite = overwrite
        self._recognizer: Any = load("recognizer", recognizer, language=self.language)

    def __call__(self, doc: Doc) -> Doc:
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 64) -> Iterator[Doc]:
        """Label documents in batches."""
        docs = iter(stream)
        while batch := list(islice(docs, batch_size)):
            parts = [part for doc in batch for part in _parts(doc)]
            sentences = [self._sentence(part) for _, part in parts]
            found = self._recognizer.recognize(sentences)
            spans: dict[int, list[tuple[Span, float | None]]] = {}
            for (doc, part), sentence, entities in zip(parts, sentences, found, strict=True):
                for entity in entities:
                    start, end = sentence.char_span(entity) or (0, 0)
                    first = part[0].idx
                    span = doc.char_span(first + start, first + end, label=entity.label, alignment_mode="expand")
                    if span is not None:
                        spans.setdefault(id(doc), []).append((span, entity.score))
            for doc in batch:
                yield self._labeled(doc, spans.get(id(doc), []))

    def _sentence(self, part: Span) -> Sentence:
        bare = Sentence.from_spacy(part)
        return replace(bare.with_entities(()), language=self.language, meta={})

    def _labeled(self, doc: Doc, found: list[tuple[Span, float | None]]) -> Doc:
        kept = [] if self.overwrite else list(doc.ents)
        taken = {token.i for span in kept for token in span}
        new = filter_spans([span for span, _ in found if taken.isdisjoint(token.i for token in span)])
        doc.set_ents([*kept, *new], default="outside")
        scores = {(span.start, span.end): score for span, score in found}
        if new and not kept and all(scores[span.start, span.end] is not None for span in new):
            made = doc.user_data.get(KEY)
            order = [scores[span.start, span.end] for span in doc.ents]
            doc.user_data[KEY] = {**(made if isinstance(made, dict) else {}), "scores": order}
        return doc


def _parts(doc: Doc) -> Iterator[tuple[Doc, Span]]:
    """The sentences of a document, or all of it if nothing has split it."""
    parts = doc.sents if doc.has_annotation("SENT_START") else [doc[:]]
    return ((doc, part) for part in parts if len(part))


@Language.factory(
    "xlner",
    default_config={"recognizer": DEFAULT_RECOGNIZER, "lang": None, "overwrite": False},
    assigns=["doc.ents", "token.ent_iob", "token.ent_type"],
)
def create(nlp: Language, name: str, recognizer: str, lang: str | None, overwrite: bool) -> XlnerComponent:
    """Make the component for a pipeline; the language is that of the pipeline, unless `lang` is given.

    Raises what loading the recognizer raises, such as `BackendError` if it cannot run.
    """
    chosen = lang if lang is not None else None if nlp.lang == "xx" else nlp.lang
    return XlnerComponent(recognizer, chosen, overwrite)
