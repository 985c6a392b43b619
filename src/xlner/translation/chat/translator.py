"""Large language models behind an OpenAI-compatible chat endpoint, as translators of text and of labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from xlner.core.options import options_fingerprint
from xlner.core.pair import Projection
from xlner.core.sentence import Sentence
from xlner.models.chat.endpoint import EndpointOptions
from xlner.models.chat.language_names import language_name
from xlner.models.chat.question import Answer, Question
from xlner.stages import without_errors
from xlner.text import languages
from xlner.translation.chat.placing import NOTHING, placed_or_error
from xlner.translation.chat.templates import filled, template_named
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatOptions(EndpointOptions):
    """Options of `ChatTranslator`. Raises what `EndpointOptions` raises."""

    template: str | None = None


class ChatTranslator:
    """Translates with a chat model: `chat:MODEL?url=http://localhost:8000/v1`.

    Works with every server that speaks the protocol of OpenAI: llama.cpp, vLLM, Ollama, hosted services. Each text is
    one request, at temperature 0.

    - `template`: the prompt of a model that was trained for translation: `translategemma`, `tower`, `hunyuan`, or a
      file, see `xlner.translation.chat.templates`. By default the system message asks for a translation.
    - All other options: see `EndpointOptions`.

    `translate_labeled` is contextual label translation (CLaP, Parekh et al. 2024): it translates the sentence, and then
    each entity in the context of the sentence and its translation.

    Raises `MissingExtraError` without httpx2, `MissingArgumentError` without a model or url, `ValidationError` for a
    bad address or numbers out of range, and `UsageError` for a template that cannot be read.

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
        cache: bool = True,
        input_price: float = 0.0,
        output_price: float = 0.0,
        template: str | None = None,
    ) -> None:
        self.options = ChatOptions(
            model=model,
            url=url,
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
            template=template,
        )
        self._template = None if template is None else template_named(template)
        self._client = self.options.client()

    @property
    def fingerprint(self) -> str:
        """The options and a hash of the prompts. It does not notice another model under the same name."""
        prompts = sha256("\0".join((self._template or _TRANSLATE, _FIND, _PHRASE)).encode()).hexdigest()[:8]
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

        def ask(batch: Sequence[str]) -> list[str | Exception]:
            answers = iter(self._client.ask([self._question(text, from_lang, to_lang) for text in batch if text]))
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
        system = _FIND.format(**_languages(from_lang, to_lang), nothing=NOTHING)
        questions: list[Question] = [
            Question(system, _PHRASE.format(text=text, translation=translation, phrase=sentence.surface(entity)))
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

    def _question(self, text: str, from_lang: str, to_lang: str) -> Question:
        if self._template is None:
            return Question(_TRANSLATE.format(**_languages(from_lang, to_lang)), text)
        codes = {"source_code": languages.base(from_lang), "target_code": languages.base(to_lang)}
        return Question("", filled(self._template, text=text, **_languages(from_lang, to_lang), **codes))


def _on_one_line(answer: Answer) -> str | Exception:
    return " ".join(answer.split()) if isinstance(answer, str) else answer


def _languages(from_lang: str, to_lang: str) -> dict[str, str]:
    return {"source": language_name(from_lang), "target": language_name(to_lang)}
