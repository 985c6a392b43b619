"""Recognition with GLiNER: entities of types that are named in words, without training."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xlner.core.entity import Entity
from xlner.core.sentence import Sentence
from xlner.errors import BackendError, MissingArgumentError, StageError, UnknownNameError
from xlner.models.hub import folder_version, model_folder
from xlner.models.loading import device_named
from xlner.recognition.char_spans import words_in

_TYPES = "person=PER,organization=ORG,location=LOC"
_CONFIG = "gliner_config.json"
_WORDS = re.compile(r"\w+(?:[-_]\w+)*|\S")
"""How GLiNER counts the words of a text."""
_DEFAULT_MAX_WORDS = 384
_DECIMALS = 5


class GlinerRecognizer:
    """Entities from a GLiNER model (Zaratiana et al. 2024), whose types are given in words.

    `model` is a folder or a name on the hub, such as `urchade/gliner_multi-v2.1`. `types` says what to look for and
    what it becomes, in pairs with commas between them. `threshold` is the least score to accept. Entities are widened
    to whole words of the sentence. A sentence that is longer than the model takes is an error, not cut.

    Raises `BackendError` where the package is not installed or the model cannot be found, `UnknownNameError` for types
    that cannot be read.

    >>> GlinerRecognizer.name
    'gliner'
    """

    name = "gliner"

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
        self._types = _pairs(types)
        self._threshold, self._batch_size = threshold, batch_size
        try:
            from gliner import GLiNER
        except ImportError:
            raise BackendError("GLiNER is not installed", hint="pip install gliner") from None
        if model is None:
            raise MissingArgumentError("gliner needs a model", hint="write gliner:NAME or gliner:FOLDER")
        self._folder = model_folder(model, revision=revision, config=_CONFIG)
        try:
            self._model: Any = GLiNER.from_pretrained(str(self._folder))
        except (OSError, ValueError, RuntimeError) as error:
            raise BackendError(f"{self._folder} cannot be loaded by GLiNER: {error}") from None
        self._model.to(device_named(device))
        self._max_words = int(getattr(self._model.config, "max_len", None) or _DEFAULT_MAX_WORDS)

    @property
    def fingerprint(self) -> str:
        """What the result depends on."""
        from importlib.metadata import version

        types = ",".join(f"{prompt}={label}" for prompt, label in self._types.items())
        return f"gliner {version('gliner')} {folder_version(self._folder)} {types} threshold={self._threshold}"

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """The entities of each sentence with scores; raises `StageError` for a sentence that is too long."""
        texts = [s.with_text() for s in sentences]
        todo = [k for k, s in enumerate(texts) if s.tokens]
        for k in todo:
            self._check(texts[k].text or "")
        found: list[list[Entity]] = [[] for _ in texts]
        if todo:
            spans = self._model.inference(
                [texts[k].text for k in todo],
                list(self._types),
                flat_ner=True,
                threshold=self._threshold,
                batch_size=self._batch_size,
            )
            for k, row in zip(todo, spans, strict=True):
                found[k] = self._entities(texts[k], row)
        return found

    def _check(self, text: str) -> None:
        words = sum(1 for _ in _WORDS.finditer(text))
        if words > self._max_words:
            raise StageError(f"a sentence of {words} words is longer than GLiNER takes, {self._max_words}")

    def _entities(self, sentence: Sentence, spans: Iterable[Mapping[str, Any]]) -> list[Entity]:
        entities: list[Entity] = []
        for span in sorted(spans, key=lambda s: (s["start"], -s["end"])):
            words = words_in(sentence.offsets or (), span["start"], span["end"])
            if words is not None and (not entities or entities[-1].end <= words[0]):
                score = round(float(span["score"]), _DECIMALS)
                entities.append(Entity(*words, self._types[span["label"]], score))
        return entities


def _pairs(types: str) -> dict[str, str]:
    """What to look for, and the label that it becomes.

    >>> _pairs("person=PER, sports team=ORG")
    {'person': 'PER', 'sports team': 'ORG'}
    """
    pairs = [part.partition("=") for part in types.split(",")]
    if not all(prompt.strip() and label.split() == [label.strip()] for prompt, _, label in pairs):
        raise UnknownNameError(f"cannot read types {types!r}", hint=f"write pairs such as {_TYPES}")
    return {prompt.strip(): label.strip() for prompt, _, label in pairs}
