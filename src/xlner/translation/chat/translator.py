"""Large language models behind an OpenAI-compatible chat endpoint, as translators and as translators of labels."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from hashlib import sha256

from xlner.core.entity import Entity, Span, overlaps
from xlner.core.pair import Outcome, Projection, Reason
from xlner.core.sentence import Sentence
from xlner.errors import MissingArgumentError
from xlner.text import languages
from xlner.translation.chat.client import ChatClient, Patience, Question

_TRANSLATE = (
    "You are a translator. Translate the text of the user from {source} to {target}. Answer with the translation "
    "alone, on one line, without comments, quotes or notes. Keep names, numbers and punctuation."
)
_FIND = (
    "You are given a text in {source}, its translation into {target}, and a phrase of the text. Answer with the words "
    "of the translation that stand for the phrase, copied exactly as they are there, and with nothing else. Answer "
    "{nothing} where the translation has no such words."
)
_PHRASE = "Text: {text}\nTranslation: {translation}\nPhrase: {phrase}"
_NOTHING = "NONE"
_QUOTES = "\"'“”‘’«»„`"


class ChatTranslator:
    """Translates by a chat model: `chat:MODEL?url=http://localhost:8000/v1`.

    Works with whatever speaks the protocol of OpenAI: llama.cpp, vLLM, Ollama, hosted services. `url` is what comes
    before `/chat/completions`; without it the environment variable OPENAI_BASE_URL counts. The key is in the
    environment variable that `key_env` names, never in a spec, recipe or run folder. One request for each text,
    `at_once` of them at a time, at temperature 0. Requests that time out (`timeout` seconds) or that the endpoint turns
    down for now (429, 5xx), or that do not reach it, are sent again `retries` times, after `wait` seconds and then
    twice as long each time; a warning says so.
    `max_tokens` limits an answer; one that is cut off is an error.

    `translate_labeled` is contextual label translation (CLaP, Parekh et al. 2024): the sentence is translated, then
    each entity in the context of the sentence and its translation.

    Raises `MissingExtraError` without httpx, `BackendError` without a model or url, `ValidationError` for options that
    make no sense.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        url: str | None = None,
        key_env: str = "OPENAI_API_KEY",
        at_once: int = 4,
        timeout: float = 120.0,
        retries: int = 5,
        wait: float = 1.0,
        max_tokens: int | None = None,
    ) -> None:
        url = url or os.environ.get("OPENAI_BASE_URL")
        if model is None or not url:
            missing = "a model" if model is None else "the url of an endpoint"
            raise MissingArgumentError(f"chat needs {missing}", hint="write chat:MODEL?url=http://HOST/v1")
        patience = Patience(timeout, retries, wait)
        self._client = ChatClient(
            model, url, key_env=key_env, patience=patience, at_once=at_once, max_tokens=max_tokens
        )

    @property
    def fingerprint(self) -> str:
        """Model, address and prompts; what an endpoint does under the name of a model is its own affair."""
        client = self._client
        prompts = sha256("\0".join((_TRANSLATE, _FIND, _PHRASE)).encode()).hexdigest()[:8]
        return f"chat:{client.model} at {client.url} prompts={prompts} max_tokens={client.max_tokens}"

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Translate each text on its own; a text without anything visible gives an empty text.

        Raises `StageError` for the first text without an answer, once all others are answered, `BackendError` where
        the endpoint cannot be reached, refuses, or is overrun for longer than `retries` allow.
        """
        system = _TRANSLATE.format(**_languages(from_lang, to_lang))
        asked = [(system, " ".join(text.split())) for text in texts if text.strip()]
        answers = iter(self._client.ask(asked))
        return [" ".join(next(answers).split()) if text.strip() else "" for text in texts]

    def translate_labeled(self, sentences: Sequence[Sentence], *, from_lang: str, to_lang: str) -> list[Projection]:
        """Translate sentences with their entities: one projection each, in order.

        An entity is projected to the words of the answer where they stand in the translation, in whole tokens, the
        first place that is free. Reasons: `no-candidate` where they do not stand there, `overlap` where others have
        taken them. Raises what `translate` raises.
        """
        sentences = [sentence.with_text() for sentence in sentences]
        texts = [" ".join((sentence.text or "").split()) for sentence in sentences]
        made = self.translate(texts, from_lang=from_lang, to_lang=to_lang)
        system = _FIND.format(**_languages(from_lang, to_lang), nothing=_NOTHING)
        questions: list[Question] = [
            (system, _PHRASE.format(text=text, translation=translation, phrase=sentence.surface(entity)))
            for sentence, text, translation in zip(sentences, texts, made, strict=True)
            for entity in sentence.entities
        ]
        answers = iter(self._client.ask(questions))
        return [
            placed(sentence, translation, [next(answers) for _ in sentence.entities], to_lang)
            for sentence, translation in zip(sentences, made, strict=True)
        ]


def placed(source: Sentence, translation: str, answers: Sequence[str], language: str) -> Projection:
    """The translation with the entities where their words stand in it.

    >>> vigo = Sentence(("In", "Vigo"), (Entity(1, 2, "LOC"),), id="1")
    >>> placed(vigo, "En Vigo", ["«vigo»"], "gl").sentence.tags()
    ['O', 'B-LOC']
    """
    target = Sentence.from_text(translation, language=language, id=source.id)
    taken: list[Span] = []
    outcomes: dict[int, Outcome] = {}
    order = sorted(range(len(answers)), key=lambda k: -len(answers[k]))  # the longest has the fewest places to go
    for k in order:
        entity = source.entities[k]
        spans = _places(target, answers[k])
        free = next((span for span in spans if not any(overlaps(span, other) for other in taken)), None)
        if free is None:
            outcomes[k] = Outcome(entity, reason=Reason.OVERLAP if spans else Reason.NO_CANDIDATE)
        else:
            taken.append(free)
            outcomes[k] = Outcome(entity, (Entity(*free, entity.label),))
    found = [entity for outcome in outcomes.values() for entity in outcome.projected]
    return Projection(target.with_entities(found), tuple(outcomes[k] for k in range(len(answers))))


def _places(target: Sentence, answer: str) -> list[Span]:
    """Where the words of an answer stand in a sentence, in whole tokens: written the same, or else but for case."""
    wanted = " ".join(answer.split())
    bare = wanted.strip(_QUOTES).strip()
    for phrase in dict.fromkeys((wanted, bare, bare.rstrip(".,;:"))):
        if phrase and phrase != _NOTHING:
            for flags in (re.NOFLAG, re.IGNORECASE):
                found = re.finditer(re.escape(phrase), target.text or "", flags)
                spans = [span for match in found if (span := _tokens(target, *match.span())) is not None]
                if spans:
                    return spans
    return []


def _tokens(target: Sentence, start: int, end: int) -> Span | None:
    """The tokens that a range of the text is made of; None where it begins or ends inside of one."""
    offsets = target.offsets or ()
    inside = [k for k, (a, b) in enumerate(offsets) if start <= a and b <= end]
    if not inside or offsets[inside[0]][0] != start or offsets[inside[-1]][1] != end:
        return None
    return (inside[0], inside[-1] + 1)


def _languages(from_lang: str, to_lang: str) -> dict[str, str]:
    return {"source": _name(from_lang), "target": _name(to_lang)}


def _name(code: str) -> str:
    return _NAMES.get(languages.canonical(code), f"the language with the code {languages.flores(code)}")


# Models know the codes, but they know the names of common languages better.
_NAMES = {
    "ar": "Arabic", "ca": "Catalan", "de": "German", "en": "English", "es": "Spanish", "eu": "Basque", "fr": "French",
    "gl": "Galician", "hi": "Hindi", "it": "Italian", "ja": "Japanese", "nl": "Dutch", "pl": "Polish",
    "pt": "Portuguese", "ru": "Russian", "sw": "Swahili", "tr": "Turkish", "uk": "Ukrainian", "zh": "Chinese",
}  # fmt: skip
