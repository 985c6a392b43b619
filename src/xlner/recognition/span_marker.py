"""Recognition with SpanMarker models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from xlner.core.entity import Entity
from xlner.core.labels import LabelMap
from xlner.core.options import options_fingerprint, speed_option
from xlner.core.pickling import PicklesWithoutCache
from xlner.core.sentence import Sentence
from xlner.errors import BackendError, MissingArgumentError, StageError
from xlner.models.hub import folder_version, model_folder
from xlner.models.loading import device_named
from xlner.recognition.rounding import rounded
from xlner.text.spelling import without_hidden


@dataclass(frozen=True, slots=True)
class SpanMarkerOptions:
    """Options of `SpanMarkerRecognizer`; see there."""

    labels: str = "none"
    device: str = speed_option("auto")
    batch_size: int = speed_option(4)


class SpanMarkerRecognizer(PicklesWithoutCache):
    """Recognizes entities with a SpanMarker model (Aarsen 2023), on the words of the sentence as they are.

    - `model`: a folder or a name on the hub, such as `tomaarsen/span-marker-mbert-base-multinerd`.
    - `labels`: a label map, see `xlner.LabelMap`.
    - `device`: a name that torch knows; `auto` uses a GPU if there is one.
    - `batch_size`: the number of sentences that are computed at once.
    - `revision`: a branch, tag or commit of a model on the hub.

    A sentence that exceeds the model's limit is an error; it is not truncated. SpanMarker needs transformers 4, and the
    extra `hf` needs transformers 5, so they cannot share an environment.

    Raises `BackendError` if the package is not installed or the model cannot be found or loaded, and
    `MissingArgumentError` without a model. For an example see docs/recognizers.md.

    >>> from xlner.stages import Recognizer
    >>> issubclass(SpanMarkerRecognizer, Recognizer)
    True
    """

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
        self.options = SpanMarkerOptions(self.labels.name, device, batch_size)
        _package()
        if model is None:
            raise MissingArgumentError("span-marker needs a model", hint="write span-marker:NAME or span-marker:FOLDER")
        self._folder = model_folder(model, revision=revision)
        self._model  # noqa: B018 - raises if it cannot be loaded

    @property
    def fingerprint(self) -> str:
        """The options and the versions of the package and the model."""
        from importlib.metadata import version

        options = options_fingerprint("span-marker", self.options)
        return f"{options}&model={folder_version(self._folder)}&span_marker={version('span_marker')}"

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """Return the entities of each sentence with mapped labels. Raises `StageError` for a sentence too long."""
        shown = [_shown_words(s) for s in sentences]  # the package fails on a word without sub-words
        todo = [k for k, places in enumerate(shown) if places]
        words = [[sentences[k].tokens[i] for i in shown[k]] for k in todo]
        self._check_lengths(words)
        found: list[list[Entity]] = [[] for _ in sentences]
        if todo:
            predicted = self._model.predict(words, batch_size=self.options.batch_size)
            for k, row in zip(todo, predicted, strict=True):
                found[k] = list(self.labels.apply((_entity(e, shown[k]) for e in row), sentences[k].tokens))
        return found

    @cached_property
    def _model(self) -> Any:
        try:
            model = _package().SpanMarkerModel.from_pretrained(str(self._folder))
        except (OSError, ValueError, RuntimeError) as error:
            raise BackendError(f"SpanMarker cannot load {self._folder}: {error}") from None
        model.to(device_named(self.options.device))
        return model

    def _check_lengths(self, sentences: Sequence[list[str]]) -> None:
        tokenizer = self._model.tokenizer
        limit = tokenizer.model_max_length
        for words in sentences:
            n = len(tokenizer.tokenizer(words, is_split_into_words=True, truncation=False)["input_ids"])
            if n > limit:
                raise StageError(f"a sentence of {n} sub-words exceeds SpanMarker's limit of {limit}")


def _package() -> Any:
    try:
        import span_marker
    except ImportError as error:
        raise BackendError(
            f"SpanMarker cannot be imported: {error}",
            hint="pip install span_marker, in an environment with transformers 4",
        ) from None
    return span_marker


def _shown_words(sentence: Sentence) -> list[int]:
    """The positions of the words that have a character that shows."""
    return [i for i, word in enumerate(sentence.tokens) if without_hidden(word).strip()]


def _entity(found: dict[str, Any], places: Sequence[int]) -> Entity:
    label = "_".join(found["label"].split())
    start, end = places[found["word_start_index"]], places[found["word_end_index"] - 1] + 1
    return Entity(start, end, label, rounded(found["score"]))
