"""Recognition with GLiNER: entities of types that are described in words, without training."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from xlner.core.entity import Entity
from xlner.core.options import options_fingerprint
from xlner.core.pickling import PicklesWithoutCache
from xlner.core.sentence import Sentence
from xlner.errors import BackendError, MissingArgumentError, MissingExtraError, StageError
from xlner.models.hub import folder_version, model_folder
from xlner.models.loading import device_named
from xlner.recognition.open_types import DEFAULT_TYPES, OpenTypeOptions, count_words, parse_types, types_text
from xlner.recognition.whole_words import whole_word_entities

_CONFIG = "gliner_config.json"
_DEFAULT_MAX_WORDS = 384


class GlinerRecognizer(PicklesWithoutCache):
    """Recognizes entities with a GLiNER model (Zaratiana et al. 2024), whose types are described in words.

    - `model`: a folder or a name on the hub, such as `urchade/gliner_multi-v2.1`.
    - `labels`: the types to look for, and their labels if they are others: `person,sports team=ORG`.
    - `threshold`: the lowest score of an entity.
    - `device`: a name that torch knows; `auto` uses a GPU if there is one.
    - `batch_size`: the number of sentences that are computed at once.
    - `revision`: a branch, tag or commit of a model on the hub.

    Entities are extended to whole words of the sentence. A sentence that exceeds the model's limit is an error; it is
    not truncated.

    Raises `MissingExtraError` without the package, `BackendError` if the model cannot be found, `MissingArgumentError`
    without a model, and `UsageError` for labels that cannot be parsed. For an example see docs/recognizers.md.

    >>> from xlner.stages import Recognizer
    >>> issubclass(GlinerRecognizer, Recognizer)
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
            raise MissingArgumentError("gliner needs a model", hint="write gliner:NAME or gliner:FOLDER")
        self._folder = model_folder(model, revision=revision, config=_CONFIG, tokenizer=False)
        self._max_words = int(getattr(self._model.config, "max_len", None) or _DEFAULT_MAX_WORDS)

    @property
    def fingerprint(self) -> str:
        """The options and the versions of the package and the model."""
        from importlib.metadata import version

        options = options_fingerprint("gliner", self.options)
        return f"{options}&model={folder_version(self._folder)}&gliner={version('gliner')}"

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """Return the entities of each sentence with scores. Raises `StageError` for a sentence that is too long."""
        texts = [s.with_text() for s in sentences]
        todo = [k for k, s in enumerate(texts) if s.tokens]
        for k in todo:
            self._check_length(texts[k].text or "")
        found: list[list[Entity]] = [[] for _ in texts]
        if todo:
            spans = self._model.inference(
                [texts[k].text for k in todo],
                list(self._labels),
                flat_ner=True,
                threshold=self.options.threshold,
                batch_size=self.options.batch_size,
            )
            for k, row in zip(todo, spans, strict=True):
                found[k] = whole_word_entities(texts[k], self._spans(row))
        return found

    @cached_property
    def _model(self) -> Any:
        try:
            model = _package().GLiNER.from_pretrained(str(self._folder))
        except (OSError, ValueError, RuntimeError) as error:
            raise BackendError(
                f"GLiNER cannot load {self._folder}: {error}", hint=_hint_on_backbone(self._folder)
            ) from None
        model.to(device_named(self.options.device))
        return model

    def _check_length(self, text: str) -> None:
        words = count_words(text)
        if words > self._max_words:
            raise StageError(f"a sentence of {words} words exceeds GLiNER's limit of {self._max_words}")

    def _spans(self, found: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, int, str, float]]:
        return ((span["start"], span["end"], self._labels[span["label"]], span["score"]) for span in found)


def _hint_on_backbone(folder: Path) -> str | None:
    """What to do if the folder has no tokenizer: GLiNER then takes that of the encoder it was made from."""
    try:
        name = json.loads((folder / _CONFIG).read_text(encoding="utf-8")).get("model_name")
    except (OSError, ValueError, AttributeError):
        return None
    if not isinstance(name, str) or any((folder / file).is_file() for file in ("tokenizer.json", "spm.model")):
        return None
    return f"it takes tokenizer and settings from {name}, which must be in the cache: hf download {name}"


def _package() -> Any:
    try:
        import gliner
    except ImportError:
        raise MissingExtraError("GLiNER", extra="gliner") from None
    return gliner
