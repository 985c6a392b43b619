"""Recognition with GLiNER2: entities of types that are described in words, without training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from xlner.core.entity import Entity
from xlner.core.options import options_fingerprint
from xlner.core.pickling import PicklesWithoutCache
from xlner.core.sentence import Sentence
from xlner.errors import BackendError, MissingArgumentError, MissingExtraError
from xlner.models.hub import folder_version, model_folder
from xlner.models.loading import device_named, silence
from xlner.recognition.open_types import DEFAULT_TYPES, OpenTypeOptions, count_words, parse_types, types_text
from xlner.recognition.whole_words import whole_word_entities

_LONG = 384
"""Words beyond which a text is read in windows."""


class Gliner2Recognizer(PicklesWithoutCache):
    """Recognizes entities with a GLiNER2 model (Zaratiana et al. 2025), whose types are described in words.

    - `model`: a folder or a name on the hub, such as `fastino/gliner2-multi-v1`.
    - `labels`: the types to look for, and their labels if they are others: `person,sports team=ORG`.
    - `threshold`: the lowest score of an entity.
    - `device`: a name that torch knows; `auto` uses a GPU if there is one.
    - `batch_size`: the number of sentences that are computed at once.
    - `revision`: a branch, tag or commit of a model on the hub.

    Entities are extended to whole words of the sentence. Sentences of more than 384 words are read in overlapping
    windows.

    Raises `MissingExtraError` without the package, `BackendError` if the model cannot be found or loaded,
    `MissingArgumentError` without a model, and `UsageError` for labels that cannot be parsed. For an example see
    docs/recognizers.md.

    >>> from xlner.stages import Recognizer
    >>> issubclass(Gliner2Recognizer, Recognizer)
    True
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        labels: str = DEFAULT_TYPES,
        threshold: float = 0.5,
        device: str = "auto",
        batch_size: int = 8,
        revision: str | None = None,
    ) -> None:
        self._labels = parse_types(labels)
        self.options = OpenTypeOptions(types_text(self._labels), float(threshold), device, batch_size)
        _package()
        if model is None:
            raise MissingArgumentError("gliner2 needs a model", hint="write gliner2:NAME or gliner2:FOLDER")
        self._folder = model_folder(model, revision=revision)
        self._model  # noqa: B018 - raises if it cannot be loaded

    @property
    def fingerprint(self) -> str:
        """The options and the versions of the package and the model."""
        from importlib.metadata import version

        options = options_fingerprint("gliner2", self.options)
        return f"{options}&model={folder_version(self._folder)}&gliner2={version('gliner2')}"

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """Return the entities of each sentence with scores."""
        texts = [sentence.with_text() for sentence in sentences]
        found: list[list[Entity]] = [[] for _ in texts]
        sizes = [count_words(text.text or "") for text in texts]
        for long in (False, True):
            todo = [k for k, size in enumerate(sizes) if size and (size > _LONG) == long]
            for k, row in zip(todo, self._extracted([texts[k].text or "" for k in todo], long), strict=True):
                found[k] = whole_word_entities(texts[k], self._spans(row))
        return found

    def _extracted(self, texts: Sequence[str], long: bool) -> list[Mapping[str, Any]]:
        if not texts:
            return []
        extract = self._model.batch_extract_entities_long if long else self._model.batch_extract_entities
        rows: list[Mapping[str, Any]] = extract(
            list(texts),
            list(self._labels),
            batch_size=self.options.batch_size,
            threshold=self.options.threshold,
            include_confidence=True,
            include_spans=True,
        )
        return rows

    def _spans(self, found: Mapping[str, Any]) -> Iterator[tuple[int, int, str, float]]:
        for name, spans in found["entities"].items():
            for span in spans:
                yield span["start"], span["end"], self._labels[name], span["confidence"]

    @cached_property
    def _model(self) -> Any:
        try:
            with silence():
                model = _package().AutoExtractor.from_pretrained(str(self._folder))
        except (ImportError, OSError, ValueError, RuntimeError) as error:
            raise BackendError(f"GLiNER2 cannot load {self._folder}: {error}") from None
        return model.to(device_named(self.options.device)).eval()


def _package() -> Any:
    try:
        import gliner2
        import torch  # noqa: F401 - the package imports it later
    except ImportError:
        raise MissingExtraError("GLiNER2", extra="gliner2") from None
    return gliner2
