"""Projection with a large language model behind a chat endpoint: it chooses the words of the target sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from xlner.core.options import options_fingerprint
from xlner.core.pair import Pair, Projection
from xlner.core.sentence import Sentence
from xlner.errors import StageError, ValidationError
from xlner.models.chat.endpoint import EndpointOptions
from xlner.models.chat.language_names import in_language, language_name
from xlner.models.chat.question import Question, form_of
from xlner.models.chat.structured import AGAIN, ask_structured, json_in
from xlner.models.chat.usage import Usage
from xlner.stages import without_errors
from xlner.translation.chat.placing import NOTHING, placed_on, places_of

_CHOOSE = (
    "You are given a text{source}, its translation{target}, and entities of the text with numbers. For each entity, "
    "give the words of the translation that stand for it, copied exactly as they are there, or null if the translation "
    "has no such words. Answer with JSON alone, with one field for each number: {example}"
)
_PAIR = "Text: {text}\nTranslation: {translation}\nEntities:\n{entities}"
_MOST_CHOICES = 500
"""Phrases of a target sentence that a JSON Schema names; hosted services limit their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatProjectorOptions(EndpointOptions):
    """Options of `ChatProjector`; see there.

    Raises `ValidationError` for numbers out of range, and `UnknownNameError` for an unknown language.
    """

    source_lang: str | None = None
    target_lang: str | None = None
    max_words: int = 10
    structure: str = "schema"

    def __post_init__(self) -> None:
        super(ChatProjectorOptions, self).__post_init__()
        if self.max_words < 1:
            raise ValidationError(f"max_words {self.max_words} must be at least 1")
        for code in (self.source_lang, self.target_lang):
            if code is not None:
                language_name(code)


class ChatProjector:
    """Asks a chat model for the words of the target sentence that stand for each entity of the source sentence.

    One request for each pair with entities, at temperature 0. An answer can only be words of the target sentence: with
    `structure=schema` the JSON Schema of the answer lists all phrases of up to `max_words` words, if there are at most
    500, and in any case the words are looked up in the sentence. An entity is at the first free place of its words. It
    is dropped as `no-candidate` if they are not in the sentence, as `overlap` if other entities have taken them, and as
    `discontinuous` if the words of another entity are inside its own.

    - `source_lang`, `target_lang`: the languages, for the prompt; by default those of the sentences.
    - `max_words`: the longest phrase in the JSON Schema.
    - `structure`: `schema`, `json` or `none`: what the endpoint is told about the form of the answer.
    - All other options: see `EndpointOptions`.

    Links are not read. Raises what `EndpointOptions` raises, `MissingExtraError` without httpx2, and `UnknownNameError`
    for an unknown structure or language.

    >>> from xlner.stages import IsolatingProjector
    >>> isinstance(ChatProjector("one", url="http://localhost:8000/v1"), IsolatingProjector)
    True
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        url: str | None = None,
        source_lang: str | None = None,
        target_lang: str | None = None,
        max_words: int = 10,
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
        form_of(structure, "projection", {})
        self.options = ChatProjectorOptions(
            model=model,
            url=url,
            source_lang=source_lang,
            target_lang=target_lang,
            max_words=max_words,
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

    @property
    def fingerprint(self) -> str:
        """The options and a hash of the prompts. It does not notice another model under the same name."""
        prompts = sha256("\0".join((_CHOOSE, _PAIR, AGAIN)).encode()).hexdigest()[:8]
        return f"{options_fingerprint('chat', self.options)} prompts={prompts}"

    @property
    def usage(self) -> Usage:
        """The requests, tokens and cost of the model in this process, and what was left out of its answers."""
        return self._client.usage

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """Project the entities of every pair. Raises the error of the first pair without an answer.

        Raises `BackendError` if the endpoint cannot be reached, refuses, or fails too often.
        """
        return without_errors(self.project_each(pairs), by=self)

    def project_each(self, pairs: Sequence[Pair]) -> list[Projection | Exception]:
        """Return the projection of each pair or its error."""
        sources = [pair.require_source().with_text() for pair in pairs]
        targets = [pair.target.with_entities(()).with_text() for pair in pairs]
        todo = [k for k, (s, t) in enumerate(zip(sources, targets, strict=True)) if s.entities and t.tokens]
        questions = [self._question(sources[k], targets[k]) for k in todo]
        answers = dict(zip(todo, ask_structured(self._client, questions, _fields), strict=True))
        return [self._placed(pair, sources[k], targets[k], answers.get(k, {})) for k, pair in enumerate(pairs)]

    def check_stopped(self) -> None:
        """Raise `StoppedError`, once, if the endpoint failed too often, or refuses after it has answered."""
        self._client.check_stopped()

    def _placed(
        self, pair: Pair, source: Sentence, target: Sentence, said: Mapping[str, object] | StageError
    ) -> Projection | Exception:
        if isinstance(said, StageError):
            return said
        words = [said.get(str(number)) for number in range(1, len(source.entities) + 1)]
        phrases = [word if isinstance(word, str) and word != NOTHING else "" for word in words]
        for phrase in phrases:
            if phrase and not places_of(target, phrase):
                self._client.reject("not-in-text")
        made = placed_on(source, target, phrases)
        return replace(made, sentence=pair.target.with_entities(made.sentence.entities))

    def _question(self, source: Sentence, target: Sentence) -> Question:
        surfaces = [" ".join(source.surface(entity).split()) for entity in source.entities]
        numbered = [
            f"{n}. {text} ({e.label})" for n, (text, e) in enumerate(zip(surfaces, source.entities, strict=True), 1)
        ]
        fields = [str(n) for n in range(1, len(surfaces) + 1)]
        system = _CHOOSE.format(
            source=in_language(self.options.source_lang or source.language),
            target=in_language(self.options.target_lang or target.language, "into"),
            example=json.dumps({fields[0]: "…"}, ensure_ascii=False),
        )
        text, translation = (" ".join((sentence.text or "").split()) for sentence in (source, target))
        user = _PAIR.format(text=text, translation=translation, entities="\n".join(numbered))
        schema = _schema(fields, phrases_of(target, self.options.max_words))
        return Question(system, user, form=form_of(self.options.structure, "projection", schema))


def phrases_of(sentence: Sentence, max_words: int) -> list[str]:
    """Return the distinct phrases of a sentence with text, of up to `max_words` words.

    >>> phrases_of(Sentence.from_text("En Vigo"), 10)
    ['En', 'En Vigo', 'Vigo']
    """
    text, offsets = sentence.text or "", sentence.offsets or ()
    found = (
        " ".join(text[offsets[start][0] : offsets[end][1]].split())
        for start in range(len(offsets))
        for end in range(start, min(start + max_words, len(offsets)))
    )
    return list(dict.fromkeys(phrase for phrase in found if phrase))


def _schema(fields: Sequence[str], phrases: Sequence[str]) -> dict[str, object]:
    """The JSON Schema of an answer, in which each field is one of the phrases or null."""
    chosen: dict[str, object] = {"type": ["string", "null"]}
    if len(phrases) <= _MOST_CHOICES:
        chosen["enum"] = [*phrases, None]
    return {
        "type": "object",
        "properties": {name: {"$ref": "#/$defs/words"} for name in fields},
        "required": list(fields),
        "additionalProperties": False,
        "$defs": {"words": chosen},
    }


def _fields(number: int, answer: str) -> Mapping[str, object] | None:
    said = json_in(answer)
    return said if isinstance(said, Mapping) else None
