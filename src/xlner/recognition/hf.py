"""Recognition with token classifiers of Hugging Face, at the level of words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity
from xlner.core.labels import LabelMap
from xlner.core.sentence import Sentence
from xlner.core.tags import decode
from xlner.errors import BackendError, MissingArgumentError, UnknownNameError, ValidationError
from xlner.models.adapters import is_adapted, load_adapted
from xlner.models.hub import folder_version, model_folder
from xlner.models.loading import device_named, dtype_named, load_model, load_tokenizer, require_torch
from xlner.models.subwords import Subwords
from xlner.models.tokenizers import SubwordTokenizer, longest_input, word_options
from xlner.models.windows import FloatArray
from xlner.recognition.sequence_logits import SequenceLogits
from xlner.recognition.tag_set import TagSet
from xlner.recognition.viterbi import best_path, transitions

_AUTO_CLASS = "AutoModelForTokenClassification"
_SENTENCES = 1000
"""Sentences whose probabilities are held at a time."""
_DECIMALS = 5
"""Scores are rounded: they must not hang on the last bits, which depend on the machine and the batch."""

_Tokens = tuple[str, ...]


class HfRecognizer:
    """Entities from a model for token classification: BERT, XLM-R, mDeBERTa and whatever else transformers knows.

    `model` is a folder, or a name on the hub, which is read from the cache where it is there; see `revision` for a
    branch, tag or commit. Every word of a sentence gets the class probabilities of its sub-words: those of the
    `first`, their `mean`, or those of the one that is surest of its class (`max`). A word without sub-words is
    `O`. Long sentences are read in overlapping windows of `max_length` sub-words (default: what the model takes).

    The tags are read from the model's configuration, their scheme is told by their prefixes; `tag_names`, with commas
    between them in the order of the ids, and `scheme` replace them. `constrained` picks the most likely tags that the
    scheme allows instead of the most likely tag of each word. `labels` is a label map, see `xlner.LabelMap`. The score
    of an entity is the mean probability of the tags of its words.

    `device` and `dtype` are chosen by default: a GPU with half precision where there is one, else the CPU.
    `batch_tokens` bounds the sub-words, padding included, that are computed at once.

    A folder with adapters, see `xlner.transfer.add_adapters`, is read with them; `adapter` is a folder of a language
    adapter that takes the place of the one that such a model was trained with.

    Raises `MissingExtraError` without PyTorch and transformers, `BackendError` where the model cannot be found, is no
    token classifier or has no tokenizer, `UnknownNameError` for tags that make no sense and for unknown options,
    `ValidationError` for numbers that leave no room.

    >>> HfRecognizer.name
    'hf'
    """

    name = "hf"

    def __init__(
        self,
        model: str | None = None,
        *,
        pool: str = "first",
        labels: str = "none",
        tag_names: str | None = None,
        scheme: str = "auto",
        constrained: bool = False,
        device: str = "auto",
        dtype: str = "auto",
        batch_tokens: int | None = None,
        max_length: int | None = None,
        revision: str | None = None,
        adapter: str | None = None,
    ) -> None:
        require_torch()
        if model is None:
            raise MissingArgumentError("hf needs a model", hint="write hf:NAME or hf:FOLDER")
        if pool not in _POOLS:
            raise UnknownNameError(f"unknown pool {pool!r}", hint=f"one of {', '.join(_POOLS)}")
        if batch_tokens is not None and batch_tokens < 1:
            raise ValidationError(f"batch_tokens {batch_tokens} must be at least 1")
        self.labels = LabelMap.parse(labels)
        self._pool, self._constrained = pool, constrained
        self._device = device_named(device)
        self._dtype = dtype_named(dtype, self._device)
        self._folder = model_folder(model, revision=revision)
        self._adapter = None if adapter is None else Path(adapter).expanduser()
        self._model = _loaded(self._folder, self._adapter, self._device, self._dtype)
        self._tags = TagSet.of(_tag_names(self._model.config, tag_names), scheme)
        self._outside = self._tags.tags.index("O")
        self._allowed = transitions(self._tags.tags, self._tags.scheme)
        self.classes, self._to_classes = self._tags.classes(self.labels)
        tokenizer = load_tokenizer(self._folder, **word_options(self._model.config))
        longest = longest_input(self._model, tokenizer)
        if max_length is not None and not 0 < max_length <= longest:
            raise ValidationError(f"max_length {max_length} is not between 1 and {longest}, which the model takes")
        self._max_length = max_length or longest
        self._subwords = SubwordTokenizer(tokenizer, self._max_length)
        pad = tokenizer.pad_token_id or 0
        self._logits = SequenceLogits(self._model, self._subwords, pad=pad, batch_tokens=batch_tokens)

    @cached_property
    def fingerprint(self) -> str:
        """What the result depends on."""
        import torch
        import transformers

        tags = f"{','.join(self._tags.tags)} {self._tags.scheme}{' constrained' * self._constrained}"
        options = f"pool={self._pool} labels={self.labels.name} max_length={self._max_length} {self._dtype}"
        versions = f"transformers {transformers.__version__} torch {torch.__version__.partition('+')[0]}"
        adapter = "" if self._adapter is None else f" adapter={folder_version(self._adapter)}"
        return f"hf {folder_version(self._folder)}{adapter} {tags} {options} {versions}"

    @property
    def model(self) -> Any:
        """The model of transformers."""
        return self._model

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """The entities of each sentence with mapped labels and scores."""
        found = self._of_each(sentences, self._entities)
        return [list(self.labels.apply(found[s.tokens], s.tokens)) for s in sentences]

    def probabilities(self, sentences: Sequence[Sentence]) -> list[NDArray[np.float32]]:
        """The class probabilities of the words of each sentence, shape `(n_words, n_classes)`; see `classes`.

        Labels are mapped and prefixes are those of IOB2, whatever the scheme of the model.
        """
        found = self._of_each(sentences, lambda tags: tags @ self._to_classes)
        return [found[s.tokens] for s in sentences]

    def _of_each(self, sentences: Sequence[Sentence], make: Callable[[FloatArray], Any]) -> dict[_Tokens, Any]:
        """What is made of the tag probabilities of each distinct sentence, shape `(n_words, n_tags)`."""
        distinct = list(dict.fromkeys(s.tokens for s in sentences))
        made: dict[_Tokens, Any] = {}
        for start in range(0, len(distinct), _SENTENCES):
            part = distinct[start : start + _SENTENCES]
            made.update(zip(part, map(make, self._tag_probabilities(part)), strict=True))
        return made

    def _tag_probabilities(self, sentences: Sequence[_Tokens]) -> list[FloatArray]:
        texts = self._subwords(sentences)
        rows = self._logits(texts)
        return [self._words(text, _softmax(row)) for text, row in zip(texts, rows, strict=True)]

    def _words(self, text: Subwords, rows: FloatArray) -> FloatArray:
        """The probabilities of words from those of their sub-words."""
        words = np.flatnonzero(text.counts)
        pooled = np.zeros((len(text.counts), len(self._tags.tags)), dtype=np.float32)
        pooled[:, self._outside] = 1
        if len(words):
            pooled[words] = _POOLS[self._pool](rows, text.starts()[words], text.counts[words])
        return pooled

    def _entities(self, tags: FloatArray) -> list[Entity]:
        """The entities that the tag probabilities of a sentence make."""
        best = best_path(tags, self._allowed, self._outside) if self._constrained else tags.argmax(axis=1)
        found = decode([self._tags.tags[k] for k in best], self._tags.scheme).entities
        sure = tags[np.arange(len(best)), best]
        return [replace(e, score=round(float(sure[e.start : e.end].mean()), _DECIMALS)) for e in found]


def _loaded(folder: Path, language: Path | None, device: Any, dtype: Any) -> Any:
    if is_adapted(folder):
        return load_adapted(_AUTO_CLASS, folder, device=device, dtype=dtype, language=language)
    if language is not None:
        raise BackendError(f"{folder} has no language adapter that another one could take the place of")
    return load_model(_AUTO_CLASS, folder, device=device, dtype=dtype)


def _first(rows: FloatArray, starts: NDArray[np.intp], counts: NDArray[np.intp]) -> FloatArray:
    return rows[starts]


def _mean(rows: FloatArray, starts: NDArray[np.intp], counts: NDArray[np.intp]) -> FloatArray:
    means: FloatArray = np.add.reduceat(rows, starts, axis=0)
    means /= counts[:, None]
    return means


def _max(rows: FloatArray, starts: NDArray[np.intp], counts: NDArray[np.intp]) -> FloatArray:
    """The rows of the sub-words whose best class is most likely, the first of equals."""
    top = rows.max(axis=1)
    surest = [start + int(top[start : start + n].argmax()) for start, n in zip(starts, counts, strict=True)]
    return rows[surest]


_POOLS: Mapping[str, Callable[[FloatArray, NDArray[np.intp], NDArray[np.intp]], FloatArray]] = {
    "first": _first,
    "mean": _mean,
    "max": _max,
}
"""How a word is made of its sub-words, given their probabilities, where words begin, and how many each has."""


def _softmax(logits: FloatArray) -> FloatArray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    made: FloatArray = powers / powers.sum(axis=1, keepdims=True)
    return made


def _tag_names(config: Any, given: str | None) -> list[str]:
    """The names of the classes in the order of their ids: the given ones, else the model's."""
    n = int(config.num_labels)
    names = [config.id2label[k] for k in range(n)] if given is None else [name.strip() for name in given.split(",")]
    if len(names) != n:
        raise UnknownNameError(f"{len(names)} tag names for a model with {n} classes")
    return ["_".join(str(name).split()) for name in names]
