"""Recognition with GLiNER: entities of types that are described in words, without training."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from xlner.core.entity import Entity
from xlner.core.options import options_fingerprint, speed_option
from xlner.core.pickling import PicklesWithoutCache
from xlner.core.sentence import Sentence
from xlner.errors import BackendError, MissingArgumentError, StageError, UsageError, ValidationError
from xlner.models.hub import folder_version, model_folder
from xlner.models.loading import device_named
from xlner.recognition.rounding import rounded
from xlner.text.offsets import words_in

_TYPES = "person=PER,organization=ORG,location=LOC"
_CONFIG = "gliner_config.json"
_WORDS = re.compile(r"\w+(?:[-_]\w+)*|\S")
"""How GLiNER counts the words of a text."""
_DEFAULT_MAX_WORDS = 384


@dataclass(frozen=True, slots=True)
class GlinerOptions:
    """Options of `GlinerRecognizer`; see there."""

    types: str = _TYPES
    threshold: float = 0.5
    device: str = speed_option("auto")
    batch_size: int = speed_option(8)


class GlinerRecognizer(PicklesWithoutCache):
    """Recognizes entities with a GLiNER model (Zaratiana et al. 2024), whose types are described in words.

    - `model`: a folder or a name on the hub, such as `urchade/gliner_multi-v2.1`.
    - `types`: the types to look for and their labels, as pairs separated by commas: `person=PER,sports team=ORG`.
    - `threshold`: the lowest score of an entity.
    - `device`: a name that torch knows; `auto` uses a GPU if there is one.
    - `batch_size`: the number of sentences that are computed at once.
    - `revision`: a branch, tag or commit of a model on the hub.

    Entities are extended to whole words of the sentence. A sentence that exceeds the model's limit is an error; it is
    not truncated.

    Raises `BackendError` if the package is not installed or the model cannot be found, `MissingArgumentError` without a
    model, and `UsageError` for types that cannot be parsed. For an example see docs/recognizers.md.

    >>> from xlner.stages import Recognizer
    >>> issubclass(GlinerRecognizer, Recognizer)
    True
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        types: str = _TYPES,
        threshold: float = 0.5,
        device: str = "auto",
        batch_size: int = 8,
        revision: str | None = None,
    ) -> None:
        self._labels = _parse_types(types)
        canonical = ",".join(f"{prompt}={label}" for prompt, label in self._labels.items())
        if not 0 <= float(threshold) <= 1:
            raise ValidationError(f"threshold {threshold} is not between 0 and 1")
        self.options = GlinerOptions(canonical, float(threshold), device, batch_size)
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
                found[k] = self._entities(texts[k], row)
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
        words = sum(1 for _ in _WORDS.finditer(text))
        if words > self._max_words:
            raise StageError(f"a sentence of {words} words exceeds GLiNER's limit of {self._max_words}")

    def _entities(self, sentence: Sentence, spans: Iterable[Mapping[str, Any]]) -> list[Entity]:
        entities: list[Entity] = []
        for span in sorted(spans, key=lambda s: (s["start"], -s["end"])):
            words = words_in(sentence.offsets or (), span["start"], span["end"])
            if words is not None and (not entities or entities[-1].end <= words[0]):
                entities.append(Entity(*words, self._labels[span["label"]], rounded(span["score"])))
        return entities


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
        raise BackendError("GLiNER is not installed", hint="pip install gliner") from None
    return gliner


def _parse_types(types: str) -> dict[str, str]:
    """Return the types to look for and their labels.

    >>> _parse_types("person=PER, sports team=ORG")
    {'person': 'PER', 'sports team': 'ORG'}
    """
    pairs = [part.partition("=") for part in types.split(",")]
    if not all(prompt.strip() and label.split() == [label.strip()] for prompt, _, label in pairs):
        raise UsageError(f"cannot parse types {types!r}", hint=f"write pairs such as {_TYPES}")
    return {prompt.strip(): label.strip() for prompt, _, label in pairs}
