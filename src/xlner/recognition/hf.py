"""Recognition with token classifiers of Hugging Face, on the words of a sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity
from xlner.core.labels import LabelMap
from xlner.core.options import options_fingerprint, speed_option
from xlner.core.pickling import PicklesWithoutCache
from xlner.core.sentence import Sentence
from xlner.errors import BackendError, MissingArgumentError, UnknownNameError, UsageError
from xlner.models.adapters import is_adapted, load_adapted
from xlner.models.hub import folder_version, model_folder
from xlner.models.loading import device_named, dtype_named, load_model, load_tokenizer, require_torch
from xlner.models.subwords import Subwords
from xlner.models.tokenizers import SubwordTokenizer, longest_input, word_options
from xlner.models.windows import FloatArray
from xlner.recognition.sequence_logits import SequenceLogits
from xlner.recognition.softmax import softmax
from xlner.recognition.tag_set import TagSet
from xlner.text.counts import counted
from xlner.text.suggestions import names_hint

_COMMIT = re.compile("[0-9a-f]{40}")
_AUTO_CLASS = "AutoModelForTokenClassification"
_SENTENCES_PER_BATCH = 1000
"""Sentences whose probabilities are held in memory at a time."""

_Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HfRecognizerOptions:
    """Options of `HfRecognizer`; see there."""

    pool: str = "first"
    labels: str = "none"
    tag_names: str | None = None
    scheme: str = "auto"
    constrained: bool = False
    dtype: str = "auto"
    max_length: int | None = None
    device: str = speed_option("auto")
    batch_tokens: int | None = speed_option(None)


class HfRecognizer(PicklesWithoutCache):
    """Recognizes entities with a model for token classification (BERT, XLM-R, mDeBERTa, …).

    - `model`: a folder or a name on the hub. A model in the cache is used without a network.
    - `pool`: which sub-words determine the probabilities of a word: the `first`, the `mean` of all, or the sub-word
      with the most confident prediction (`max`). A word without sub-words is `O`.
    - `labels`: a label map, see `xlner.LabelMap`.
    - `tag_names`: names of the tags, separated by commas in the order of their ids, if the model has none.
    - `scheme`: the tag scheme; by default guessed from the prefixes of the tags.
    - `constrained`: choose the most likely sequence of tags that the scheme allows, instead of the most likely tag of
      each word.
    - `device`, `dtype`: names that torch knows. `auto` uses a GPU and half precision if there is a GPU.
    - `batch_tokens`: the largest number of sub-words in a batch, including padding.
    - `max_length`: the window for long sentences, in sub-words. The default is the model's limit.
    - `revision`: a branch, tag or commit of a model on the hub.
    - `remote_code`: run the code that comes with the model, for classes that transformers does not have. A name on the
      hub then needs the commit as its `revision`, so that nobody can change the code after you have read it.
    - `adapter`: the folder of a language adapter that replaces the one a model with adapters was trained with. See
      `xlner.transfer.add_adapters`.

    The score of an entity is the mean probability of the tags of its words. In `options`, `dtype` and `max_length` have
    the values in use.

    Raises `MissingExtraError` without PyTorch and transformers; `BackendError` if the model cannot be found, is not a
    token classifier or has no tokenizer; `UnknownNameError` for tags that are not understood and unknown names of
    options; `UsageError` for numbers out of range. For an example see docs/recognizers.md.
    """

    classes: Sequence[str]
    """The IOB2 classes of mapped labels, or labels without a prefix for a model with an IOB1 or IO scheme."""

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
        remote_code: bool = False,
    ) -> None:
        require_torch()
        if model is None:
            raise MissingArgumentError("hf needs a model", hint="write hf:NAME or hf:FOLDER")
        if pool not in _POOLS:
            raise UnknownNameError(f"unknown pool {pool!r}", hint=names_hint(pool, _POOLS, "one of"))
        if batch_tokens is not None and batch_tokens < 1:
            raise UsageError(f"batch_tokens {batch_tokens} must be at least 1")
        self.labels = LabelMap.parse(labels)
        if remote_code and not Path(model).expanduser().is_dir() and not _COMMIT.fullmatch(revision or ""):
            raise UsageError(
                "remote_code runs the code of the model, which can change", hint="give revision=COMMIT, 40 hex digits"
            )
        self._options_of_load = {"trust_remote_code": remote_code}
        self._folder = model_folder(model, revision=revision, code=remote_code)
        if remote_code:
            _require_own_code(self._folder)
        self._adapter = None if adapter is None else Path(adapter).expanduser()
        resolved_dtype = str(dtype_named(dtype, device_named(device))).removeprefix("torch.")
        self.options = HfRecognizerOptions(
            pool, self.labels.name, tag_names, scheme, constrained, resolved_dtype, max_length, device, batch_tokens
        )
        self._tags = TagSet.of(_tag_names(self.model.config, tag_names), scheme)
        self.classes, self._to_classes = self._tags.classes(self.labels)
        limit = longest_input(self.model, self._tokenizer)
        if max_length is not None and not 0 < max_length <= limit:
            raise UsageError(f"max_length {max_length} is not between 1 and {limit}, the model's limit")
        self.options = replace(self.options, max_length=max_length or limit)
        self._subwords  # noqa: B018 - raises for a tokenizer that cannot be used

    @cached_property
    def fingerprint(self) -> str:
        """The options and the versions of the model, the adapter, transformers and torch."""
        import torch
        import transformers

        model = f"model={folder_version(self._folder)}"
        adapter = "none" if self._adapter is None else folder_version(self._adapter)
        versions = f"transformers={transformers.__version__}&torch={torch.__version__.partition('+')[0]}"
        return f"{options_fingerprint('hf', self.options)}&{model}&adapter={adapter}&{versions}"

    @cached_property
    def model(self) -> Any:
        """The model of transformers."""
        device = device_named(self.options.device)
        dtype = dtype_named(self.options.dtype, device)
        return _load(self._folder, self._adapter, device, dtype, self._options_of_load)

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """Return the entities of each sentence, with mapped labels and scores."""
        constrained = self.options.constrained
        found = self._for_each(sentences, lambda tags: self._tags.entities(tags, constrained=constrained))
        return [list(self.labels.apply(found[s.tokens], s.tokens)) for s in sentences]

    def probabilities(self, sentences: Sequence[Sentence]) -> list[NDArray[np.float32]]:
        """Return the class probabilities of the words of each sentence, shape `(n_words, n_classes)`; see `classes`.

        Labels are mapped, and prefixes are those of IOB2, whatever the scheme of the model.
        """
        found = self._for_each(sentences, lambda tags: tags @ self._to_classes)
        return [found[s.tokens] for s in sentences]

    def _for_each(self, sentences: Sequence[Sentence], function: Callable[[FloatArray], Any]) -> dict[_Tokens, Any]:
        """The result of a function of the tag probabilities, shape `(n_words, n_tags)`, for each distinct sentence."""
        distinct = list(dict.fromkeys(s.tokens for s in sentences))
        results: dict[_Tokens, Any] = {}
        for start in range(0, len(distinct), _SENTENCES_PER_BATCH):
            batch = distinct[start : start + _SENTENCES_PER_BATCH]
            results.update(zip(batch, map(function, self._tag_probabilities(batch)), strict=True))
        return results

    def _tag_probabilities(self, sentences: Sequence[_Tokens]) -> list[FloatArray]:
        texts = self._subwords(sentences)
        return [self._pooled(text, softmax(rows)) for text, rows in zip(texts, self._logits(texts), strict=True)]

    def _pooled(self, text: Subwords, rows: FloatArray) -> FloatArray:
        """The tag probabilities of words from those of their sub-words."""
        words = np.flatnonzero(text.counts)
        pooled = np.zeros((len(text.counts), len(self._tags.tags)), dtype=np.float32)
        pooled[:, self._tags.tags.index("O")] = 1
        if len(words):
            pooled[words] = _POOLS[self.options.pool](rows, text.starts()[words], text.counts[words])
        return pooled

    @cached_property
    def _tokenizer(self) -> Any:
        return load_tokenizer(self._folder, **word_options(self.model.config), **self._options_of_load)

    @cached_property
    def _subwords(self) -> SubwordTokenizer:
        assert self.options.max_length is not None
        return SubwordTokenizer(self._tokenizer, self.options.max_length)

    @cached_property
    def _logits(self) -> SequenceLogits:
        pad = self._tokenizer.pad_token_id or 0
        return SequenceLogits(self.model, self._subwords, pad=pad, batch_tokens=self.options.batch_tokens)


def _require_own_code(folder: Path) -> None:
    """Raise `BackendError` if a model names code of another repository, which no revision holds in place."""
    for path in (folder / "config.json", folder / "tokenizer_config.json"):
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # loading it says what is wrong
        if isinstance(config, dict) and "--" in json.dumps(config.get("auto_map")):  # OWNER/NAME--MODULE.CLASS
            raise BackendError(
                f"{path} names code of another repository, which can change",
                hint="copy that code into a folder with the model, and name it in auto_map",
            )


def _load(folder: Path, language: Path | None, device: Any, dtype: Any, options: Mapping[str, Any]) -> Any:
    if is_adapted(folder):
        return load_adapted(_AUTO_CLASS, folder, device=device, dtype=dtype, language=language)
    if language is not None:
        raise BackendError(f"{folder} has no language adapter that could be replaced", hint="leave the adapter out")
    return load_model(_AUTO_CLASS, folder, device=device, dtype=dtype, **options)


def _first(rows: FloatArray, starts: NDArray[np.intp], counts: NDArray[np.intp]) -> FloatArray:
    return rows[starts]


def _mean(rows: FloatArray, starts: NDArray[np.intp], counts: NDArray[np.intp]) -> FloatArray:
    means: FloatArray = np.add.reduceat(rows, starts, axis=0)
    means /= counts[:, None]
    return means


def _max(rows: FloatArray, starts: NDArray[np.intp], counts: NDArray[np.intp]) -> FloatArray:
    """The rows of the sub-words whose best class is most likely; ties go to the first."""
    top = rows.max(axis=1)
    chosen = [start + int(top[start : start + n].argmax()) for start, n in zip(starts, counts, strict=True)]
    return rows[chosen]


_POOLS: Mapping[str, Callable[[FloatArray, NDArray[np.intp], NDArray[np.intp]], FloatArray]] = {
    "first": _first,
    "mean": _mean,
    "max": _max,
}
"""From the probabilities of sub-words, the first sub-word of each word and their number, to those of words."""


def _tag_names(config: Any, given: str | None) -> list[str]:
    """The names of the tags in the order of their ids: the given ones, or else the model's."""
    n = int(config.num_labels)
    names = [config.id2label[k] for k in range(n)] if given is None else [name.strip() for name in given.split(",")]
    if len(names) != n:
        raise UsageError(
            f"{counted(len(names), 'tag name')} for a model with {counted(n, 'class', 'classes')}",
            hint="give one name per class",
        )
    return ["_".join(str(name).split()) for name in names]
