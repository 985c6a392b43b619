"""Recognition with a large language model behind an OpenAI-compatible chat endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from xlner.core.entity import Entity
from xlner.core.options import options_fingerprint
from xlner.core.pickling import PicklesWithoutCache
from xlner.core.sentence import Sentence
from xlner.errors import StageError, ValidationError
from xlner.models.chat.endpoint import EndpointOptions
from xlner.models.chat.language_names import in_language, language_name
from xlner.models.chat.question import Question, form_of
from xlner.models.chat.structured import AGAIN, ask_structured
from xlner.models.chat.usage import Usage
from xlner.recognition.chat.found_entities import Found, found_entities
from xlner.recognition.chat.voting import class_shares, voted
from xlner.recognition.open_types import DEFAULT_TYPES, parse_types, types_text
from xlner.stages import without_errors

_FIND = (
    "You find named entities in a text{language}. These are the types of entities: {types}. Answer with JSON alone: "
    '{{"entities": [{{"text": …, "type": …}}]}}. Copy the text of each entity exactly as it is, letter by letter. List '
    "the entities in the order of the text, and each one as often as it occurs. Entities do not overlap. If there are "
    'none, answer {{"entities": []}}.'
)
_REMEMBERED = 4096
"""Sentences whose entities are remembered."""

_Samples = tuple[tuple[Entity, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRecognizerOptions(EndpointOptions):
    """Options of `ChatRecognizer`; see there.

    Raises `ValidationError` for numbers out of range, and `UnknownNameError` for an unknown language.
    """

    labels: str = DEFAULT_TYPES
    language: str | None = None
    samples: int = 1
    temperature: float = 0.7
    agreement: float = 0.5
    structure: str = "schema"

    def __post_init__(self) -> None:
        super(ChatRecognizerOptions, self).__post_init__()
        if self.samples < 1 or not 0 <= self.temperature <= 2 or not 0 <= self.agreement < 1:
            raise ValidationError(
                f"samples {self.samples} must be at least 1, temperature {self.temperature} from 0 to 2, and "
                f"agreement {self.agreement} from 0 to below 1"
            )
        if self.language is not None:
            language_name(self.language)


class ChatRecognizer(PicklesWithoutCache):
    """Recognizes entities with a chat model, in any language: `chat:MODEL?url=http://localhost:8000/v1`.

    Works with every server that speaks the protocol of OpenAI: llama.cpp, vLLM, Ollama, hosted services.

    - `labels`: the types to look for, and their labels if they are others: `person,sports team=ORG`.
    - `language`: the language of the sentences, for the prompt; by default that of each sentence.
    - `samples`: how often the model is asked about a sentence. With more than one, the answers vote, and the score of
      an entity is the share of them that have it.
    - `temperature`: that of several samples; a single one has temperature 0.
    - `agreement`: an entity is kept if more than this share of the samples have it.
    - `structure`: what the endpoint is told about the form of the answer: its JSON Schema (`schema`), that it is JSON
      (`json`), or nothing (`none`). The answer is checked in any case.
    - All other options: see `EndpointOptions`.

    The model says which texts are entities, never where they are: each text is looked up in the sentence, letter by
    letter and in whole words. What is not there, is there less often, overlaps, or has another type is left out and
    counted in `usage`, see `Rejection`. A sentence whose answer is not the JSON that was asked for, even when asked
    again, is an error.

    Raises `MissingExtraError` without httpx2, `MissingArgumentError` without a model or url, `UsageError` for labels
    that cannot be parsed, `UnknownNameError` for an unknown structure or language, and `ValidationError` for a bad
    address or numbers out of range.

    >>> from xlner.stages import ProbabilisticRecognizer
    >>> isinstance(ChatRecognizer("one", url="http://localhost:8000/v1"), ProbabilisticRecognizer)
    True
    """

    classes: Sequence[str]
    """The IOB2 classes, `O` first."""

    def __init__(
        self,
        model: str | None = None,
        *,
        url: str | None = None,
        labels: str = DEFAULT_TYPES,
        language: str | None = None,
        samples: int = 1,
        temperature: float = 0.7,
        agreement: float = 0.5,
        structure: str = "schema",
        key_env: str = "OPENAI_API_KEY",
        at_once: int = 4,
        timeout: float = 120.0,
        retries: int = 5,
        wait: float = 1.0,
        stop_after: int = 25,
        max_tokens: int | None = None,
        cache: bool = True,
        input_price: float = 0.0,
        output_price: float = 0.0,
    ) -> None:
        self._types = parse_types(labels)
        self._form = form_of(structure, "entities", _schema(list(self._types)))
        self.options = ChatRecognizerOptions(
            model=model,
            url=url,
            labels=types_text(self._types),
            language=language,
            samples=samples,
            temperature=temperature,
            agreement=agreement,
            structure=structure,
            key_env=key_env,
            at_once=at_once,
            timeout=timeout,
            retries=retries,
            wait=wait,
            stop_after=stop_after,
            max_tokens=max_tokens,
            cache=cache,
            input_price=input_price,
            output_price=output_price,
        )
        self._client = self.options.client()
        labels_found = dict.fromkeys(self._types.values())
        self.classes = ("O", *(f"{prefix}-{label}" for label in labels_found for prefix in "BI"))

    @property
    def fingerprint(self) -> str:
        """The options and a hash of the prompts. It does not notice another model under the same name."""
        prompts = sha256(f"{_FIND}\0{AGAIN}".encode()).hexdigest()[:8]
        return f"{options_fingerprint('chat', self.options)} prompts={prompts}"

    @property
    def usage(self) -> Usage:
        """The requests, tokens and cost of the model in this process, and what was left out of its answers."""
        return self._client.usage

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """Return the entities of each sentence.

        Raises the error of the first sentence without an answer, once all others have theirs. Raises `BackendError` if
        the endpoint cannot be reached, refuses, is overloaded for longer than `retries` allow, or fails too often.
        """
        return without_errors(self.recognize_each(sentences), by=self)

    def recognize_each(self, sentences: Sequence[Sentence]) -> list[list[Entity] | Exception]:
        """Return the entities of each sentence or its error."""
        found = self._samples(sentences)
        return [s if isinstance(s, Exception) else voted(s, self.options.agreement) for s in found]

    def probabilities(self, sentences: Sequence[Sentence]) -> list[NDArray[np.float32]]:
        """Return the share of samples that have each class at each word, shape `(n_words, n_classes)`; see `classes`.

        Raises what `recognize` raises.
        """
        found = without_errors(self._samples(sentences), by=self)
        return [class_shares(samples, self.classes, len(s)) for samples, s in zip(found, sentences, strict=True)]

    def check_stopped(self) -> None:
        """Raise `StoppedError`, once, if the endpoint failed too often, or refuses after it has answered."""
        self._client.check_stopped()

    def _samples(self, sentences: Sequence[Sentence]) -> list[_Samples | Exception]:
        """The entities of each sample of each sentence; remembered, because ensembles ask twice."""
        new = [s for s in dict.fromkeys(sentences) if s not in self._recent]
        made = dict(zip(new, self._asked([s.with_text() for s in new]), strict=True))
        self._recent.update((s, found) for s, found in made.items() if not isinstance(found, Exception))
        results = [made[s] if s in made else self._recent[s] for s in sentences]
        for sentence in list(islice(self._recent, max(0, len(self._recent) - _REMEMBERED))):
            del self._recent[sentence]
        return results

    @cached_property
    def _recent(self) -> dict[Sentence, _Samples]:
        return {}

    def _asked(self, sentences: Sequence[Sentence]) -> list[_Samples | Exception]:
        numbers = range(self.options.samples)
        places = [(k, n) for k, sentence in enumerate(sentences) if sentence.tokens for n in numbers]
        questions = [self._question(sentences[k], n) for k, n in places]

        def read(number: int, answer: str) -> Found | None:
            return found_entities(answer, sentences[places[number][0]], self._types)

        by_sentence: list[list[Found | StageError]] = [[] for _ in sentences]
        for (k, _), result in zip(places, ask_structured(self._client, questions, read), strict=True):
            by_sentence[k].append(result)
        return [self._joined(results) for results in by_sentence]

    def _joined(self, results: Sequence[Found | StageError]) -> _Samples | Exception:
        for result in results:
            if isinstance(result, StageError):
                return result
        found = [result for result in results if isinstance(result, Found)]
        for reason in (reason for result in found for reason in result.rejected):
            self._client.reject(reason)
        return tuple(result.entities for result in found) or ((),)

    def _question(self, sentence: Sentence, sample: int) -> Question:
        language = in_language(self.options.language or sentence.language)
        system = _FIND.format(language=language, types=", ".join(self._types))
        temperature = 0.0 if self.options.samples == 1 else self.options.temperature
        return Question(system, " ".join((sentence.text or "").split()), sample, temperature, self._form)


def _schema(types: Sequence[str]) -> dict[str, object]:
    """The JSON Schema of an answer."""
    fields = {"text": {"type": "string"}, "type": {"type": "string", "enum": list(types)}}
    entity = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    entities = {"type": "array", "items": entity}
    return {
        "type": "object",
        "properties": {"entities": entities},
        "required": ["entities"],
        "additionalProperties": False,
    }
