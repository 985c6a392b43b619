"""Recognition with SpanMarker models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlner.core.entity import Entity
from xlner.core.labels import LabelMap
from xlner.core.sentence import Sentence
from xlner.errors import BackendError, MissingArgumentError, StageError
from xlner.models.hub import folder_version, model_folder
from xlner.models.loading import device_named

_DECIMALS = 5


class SpanMarkerRecognizer:
    """Entities from a SpanMarker model (Aarsen 2023), which reads the words of the sentence as they are.

    `model` is a folder or a name on the hub, such as `tomaarsen/span-marker-mbert-base-multinerd`. `labels` is a label
    map, see `xlner.LabelMap`. A sentence that is longer than the model takes is an error, not cut.

    SpanMarker needs transformers 4, and the extra `hf` transformers 5: they do not fit into one environment.

    Raises `BackendError` where the package is not installed or the model cannot be found or loaded.

    >>> SpanMarkerRecognizer.name
    'span-marker'
    """

    name = "span-marker"

    def __init__(
        self,
        model: str | None = None,
        *,
        labels: str = "none",
        device: str = "auto",
        batch_size: int = 4,
        revision: str | None = None,
    ) -> None:
        self.labels = LabelMap.parse(labels)
        self._batch_size = batch_size
        try:
            from span_marker import SpanMarkerModel
        except ImportError as error:
            raise BackendError(
                f"SpanMarker cannot be imported: {error}",
                hint="pip install span_marker, in an environment with transformers 4",
            ) from None
        if model is None:
            raise MissingArgumentError("span-marker needs a model", hint="write span-marker:NAME or span-marker:FOLDER")
        self._folder = model_folder(model, revision=revision)
        try:
            self._model: Any = SpanMarkerModel.from_pretrained(str(self._folder))
        except (OSError, ValueError, RuntimeError) as error:
            raise BackendError(f"{self._folder} cannot be loaded by SpanMarker: {error}") from None
        self._model.to(device_named(device))

    @property
    def fingerprint(self) -> str:
        """What the result depends on."""
        from importlib.metadata import version

        return f"span-marker {version('span_marker')} {folder_version(self._folder)} labels={self.labels.name}"

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """The entities of each sentence with mapped labels; raises `StageError` for a sentence that is too long."""
        todo = [k for k, s in enumerate(sentences) if s.tokens]
        words = [list(sentences[k].tokens) for k in todo]
        self._check(words)
        found: list[list[Entity]] = [[] for _ in sentences]
        if todo:
            made = self._model.predict(words, batch_size=self._batch_size)
            for k, row in zip(todo, made, strict=True):
                found[k] = list(self.labels.apply(map(_entity, row), sentences[k].tokens))
        return found

    def _check(self, sentences: Sequence[list[str]]) -> None:
        tokenizer = self._model.tokenizer
        longest = tokenizer.model_max_length
        for words in sentences:
            n = len(tokenizer.tokenizer(words, is_split_into_words=True, truncation=False)["input_ids"])
            if n > longest:
                raise StageError(f"a sentence of {n} sub-words is longer than SpanMarker takes, {longest}")


def _entity(found: dict[str, Any]) -> Entity:
    label = "_".join(found["label"].split())
    return Entity(found["word_start_index"], found["word_end_index"], label, round(found["score"], _DECIMALS))
