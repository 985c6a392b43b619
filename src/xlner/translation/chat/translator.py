"""Large language models behind an OpenAI-compatible chat endpoint, as translators of text and of labels."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from xlner.core.entity import Entity, Span, overlaps
from xlner.core.options import options_fingerprint, speed_option
from xlner.core.pair import Outcome, Projection, Reason
from xlner.core.sentence import Sentence
from xlner.errors import MissingArgumentError, StageError, ValidationError
from xlner.models.chat.client import Answer, ChatClient, Question, checked_url
from xlner.models.chat.patience import Patience
from xlner.stages import without_errors
from xlner.text import languages
from xlner.text.offsets import whole_words_in
from xlner.translation.shield import shielded

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
T = TypeVar("T")
_QUOTES = "\"'“”‘’«»„`"


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """Options of `ChatTranslator`. Raises `ValidationError` for a bad address, or numbers out of range."""

    model: str
    url: str
    key_env: str = speed_option("OPENAI_API_KEY")
    at_once: int = speed_option(4)
    timeout: float = speed_option(120.0)
    retries: int = speed_option(5)
    wait: float = speed_option(1.0)
    stop_after: int = speed_option(25)
    max_tokens: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", checked_url(self.url))
        if self.at_once < 1 or (self.max_tokens is not None and self.max_tokens < 1):
            raise ValidationError(f"at_once {self.at_once} and max_tokens {self.max_tokens} must be at least 1")


class ChatTranslator:
    """Translates with a chat model: `chat:MODEL?url=http://localhost:8000/v1`.

    Works with every server that speaks the protocol of OpenAI: llama.cpp, vLLM, Ollama, hosted services. Each text is
    one request, at temperature 0.

    - `url`: the address before `/chat/completions`. By default the environment variable OPENAI_BASE_URL.
    - `key_env`: the environment variable with the key. The key is never in a spec, recipe or run folder.
    - `at_once`: requests at a time.
    - `timeout`: seconds that a request may take, from connecting to the last byte of its answer.
    - `retries`: further attempts for requests that time out, that the endpoint refuses for now (429, 5xx), or that do
      not reach it. A warning is logged.
    - `wait`: seconds before the first further attempt; each further one waits twice as long.
    - `stop_after`: texts in a row without an answer after which a run stops with what is done.
    - `max_tokens`: limit of an answer. An answer that is cut off is an error.

    `translate_labeled` is contextual label translation (CLaP, Parekh et al. 2024): it translates the sentence, and then
    each entity in the context of the sentence and its translation.

    Raises `MissingExtraError` without httpx2, `MissingArgumentError` without a model or url, and `ValidationError` for
    a bad address or numbers out of range.

    >>> from xlner.stages import LabelingTranslator
    >>> issubclass(ChatTranslator, LabelingTranslator)
    True
    """

    shields_verbatim = True
    is_external = True

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
        stop_after: int = 25,
        max_tokens: int | None = None,
    ) -> None:
        url = url or os.environ.get("OPENAI_BASE_URL")
        if model is None or not url:
            missing = "a model" if model is None else "the url of an endpoint"
            raise MissingArgumentError(f"chat needs {missing}", hint="write chat:MODEL?url=http://HOST/v1")
        self.options = ChatOptions(model, url, key_env, at_once, timeout, retries, wait, stop_after, max_tokens)
        self._client = ChatClient(
            model,
            self.options.url,
            key_env=key_env,
            patience=Patience(timeout, retries, wait, stop_after),
            at_once=at_once,
            max_tokens=max_tokens,
        )

    @property
    def fingerprint(self) -> str:
        """The options and a hash of the prompts. It does not notice another model under the same name."""
        prompts = sha256("\0".join((_TRANSLATE, _FIND, _PHRASE)).encode()).hexdigest()[:8]
        return f"{options_fingerprint('chat', self.options)} prompts={prompts}"

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Translate each text on its own; the translation of a blank text is empty.

        Raises the error of the first text without an answer, once all others have theirs. Raises `BackendError` if the
        endpoint cannot be reached, refuses, is overloaded for longer than `retries` allow, or fails too often.
        """
        return without_errors(self.translate_each(texts, from_lang=from_lang, to_lang=to_lang), by=self)

    def translate_each(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str | Exception]:
        """Return the translation of each text or its error.

        A text whose answer loses an address, @name, #tag, path or code is asked again with placeholders for them.
        Raises `BackendError` if the endpoint cannot be reached or refuses, before it ever answered.
        """
        system = _TRANSLATE.format(**_languages(from_lang, to_lang))

        def ask(batch: Sequence[str]) -> list[str | Exception]:
            answers = iter(self._client.ask([(system, text) for text in batch if text]))
            return [_on_one_line(next(answers)) if text else "" for text in batch]

        return shielded([" ".join(text.split()) for text in texts], ask)

    def translate_labeled(self, sentences: Sequence[Sentence], *, from_lang: str, to_lang: str) -> list[Projection]:
        """Translate sentences with their entities, and return one projection per sentence, in order.

        An entity is projected onto the words of the answer, at the first free place in the translation where they are
        whole words. It is dropped as `no-candidate` if they are not in the translation, as `overlap` if other entities
        have taken them, and as `discontinuous` if the answer for another entity is inside its own. Raises what
        `translate` raises.
        """
        return without_errors(self.translate_labeled_each(sentences, from_lang=from_lang, to_lang=to_lang), by=self)

    def translate_labeled_each(
        self, sentences: Sequence[Sentence], *, from_lang: str, to_lang: str
    ) -> list[Projection | Exception]:
        """Return what `translate_labeled` does, with errors in their places; raises what `translate_each` raises.

        A sentence that has a translation but no answer for one of its entities has a `StageError`.
        """
        sentences = [sentence.with_text() for sentence in sentences]
        texts = [" ".join((sentence.text or "").split()) for sentence in sentences]
        made = self.translate_each(texts, from_lang=from_lang, to_lang=to_lang)
        system = _FIND.format(**_languages(from_lang, to_lang), nothing=_NOTHING)
        questions: list[Question] = [
            (system, _PHRASE.format(text=text, translation=translation, phrase=sentence.surface(entity)))
            for sentence, text, translation in zip(sentences, texts, made, strict=True)
            for entity in sentence.entities
            if isinstance(translation, str)
        ]
        answers = iter(self._client.ask(questions))
        return [
            placed_or_error(sentence, translation, [next(answers) for _ in sentence.entities], to_lang)
            if isinstance(translation, str)
            else translation
            for sentence, translation in zip(sentences, made, strict=True)
        ]

    def check_stopped(self) -> None:
        """Raise `StoppedError`, once, if the endpoint failed too often, or refuses after it has answered."""
        self._client.check_stopped()


def _on_one_line(answer: Answer) -> str | Exception:
    return " ".join(answer.split()) if isinstance(answer, str) else answer


def placed_or_error(
    source: Sentence, translation: str, answers: Sequence[Answer], language: str
) -> Projection | Exception:
    """Return what `placed` returns, or the error if a question about an entity has no answer.

    >>> vigo = Sentence(("Vigo",), (Entity(0, 1, "LOC"),))
    >>> str(placed_or_error(vigo, "Vigo", [StageError("no message")], "gl"))
    "no answer for the entity 'Vigo': no message"
    """
    for entity, answer in zip(source.entities, answers, strict=True):
        if isinstance(answer, StageError):
            return StageError(f"no answer for the entity {source.surface(entity)!r}: {answer.message}")
    return placed(source, translation, [answer for answer in answers if isinstance(answer, str)], language)


def placed(source: Sentence, translation: str, answers: Sequence[str], language: str) -> Projection:
    """Return the translation with each entity at the words of its answer.

    >>> vigo = Sentence(("In", "Vigo"), (Entity(1, 2, "LOC"),), id="1")
    >>> placed(vigo, "En Vigo", ["«vigo»"], "gl").sentence.tags()
    ['O', 'B-LOC']
    """
    target = Sentence.from_text(translation, language=language, id=source.id)
    taken: list[Span] = []
    outcomes: dict[int, Outcome] = {}
    order = sorted(
        range(len(answers)), key=lambda k: -len(answers[k])
    )  # the longest answer has the fewest possible places
    for k in order:
        entity = source.entities[k]
        spans = _places(target, answers[k])
        free = next((span for span in spans if not any(overlaps(span, other) for other in taken)), None)
        if free is None:
            outcomes[k] = Outcome(entity, reason=Reason.OVERLAP if spans else Reason.NO_CANDIDATE)
        else:
            taken.append(free)
            outcomes[k] = Outcome(entity, (Entity(*free, entity.label),))
    _free_inner(source, outcomes, {k: _places(target, answers[k]) for k, o in outcomes.items() if o.dropped})
    found = [entity for outcome in outcomes.values() for entity in outcome.projected]
    return Projection(target.with_entities(found), tuple(outcomes[k] for k in range(len(answers))))


def _free_inner(source: Sentence, outcomes: dict[int, Outcome], places: dict[int, list[Span]]) -> None:
    """Give a dropped entity its place inside another one, which is dropped, unless that one has its name, too."""
    for k, spans in places.items():
        entity = source.entities[k]
        for m, outer in list(outcomes.items()):
            inside = [s for p in outer.projected for s in spans if s != p.span and p.start <= s[0] and s[1] <= p.end]
            if inside and outcomes[k].dropped and source.surface(entity) not in source.surface(outer.entity):
                outcomes[k] = Outcome(entity, (Entity(*inside[0], entity.label),))
                outcomes[m] = Outcome(outer.entity, reason=Reason.DISCONTINUOUS)


def _places(target: Sentence, answer: str) -> list[Span]:
    """The places of an answer in a sentence, in whole words; without regard to case if it is not there as written."""
    wanted = " ".join(answer.split())
    bare = wanted.strip(_QUOTES).strip()
    for phrase in dict.fromkeys((wanted, bare, bare.rstrip(".,;:"))):
        if phrase and phrase != _NOTHING:
            for flags in (re.NOFLAG, re.IGNORECASE):
                found = re.finditer(re.escape(phrase), target.text or "", flags)
                spans = [span for match in found if (span := whole_words_in(target.offsets or (), *match.span()))]
                if spans:
                    return spans
    return []


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
