"""What all pipelines share: building stages, running one stage over many pairs, and putting its results on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar
from unicodedata import normalize

from xlner.core.pair import Pair, PairError
from xlner.core.registry import load
from xlner.core.sentence import Sentence
from xlner.core.turns import wait_for_turn
from xlner.errors import InputError, StageError, ValidationError
from xlner.pipeline.isolation import describe, in_batches
from xlner.stages import Aligner, DirectedTranslator, Translator, needs_training
from xlner.text.spelling import without_hidden

if TYPE_CHECKING:
    from xlner.translation.guards.guarded_translator import CheckedTranslation

DEFAULT_WINDOW = 1000
"""Sentences that a pipeline reads ahead."""
DEFAULT_BATCH_WORDS = 4096
"""Words in a batch, counted with padding: the number of sentences times the length of the longest."""

R = TypeVar("R")


def failed(pair: Pair, error: str) -> Pair:
    """The pair with the error of a stage."""
    return replace(pair, error=error)


@dataclass(frozen=True, slots=True)
class StageRunner:
    """Runs stages over pairs, `window` pairs at a time, in batches of at most `batch_words` words.

    Raises `ValidationError` unless both are at least 1.

    >>> from xlner import Alignment
    >>> from xlner.fakes import OracleAligner
    >>> pair = Pair(Sentence(("Vigo",)), Sentence(("Vigo",)))
    >>> put = lambda pair, alignment: replace(pair, alignment=alignment)
    >>> StageRunner().run("aligner", OracleAligner().align, [pair], lambda pair: True, put)[0].alignment.links
    ((0, 0),)
    """

    window: int = DEFAULT_WINDOW
    batch_words: int = DEFAULT_BATCH_WORDS

    def __post_init__(self) -> None:
        if self.window < 1 or self.batch_words < 1:
            raise ValidationError(f"window {self.window} and batch_words {self.batch_words} must be at least 1")

    def run(
        self,
        name: str,
        stage: Callable[[Sequence[Pair]], Sequence[R | Exception]],
        pairs: Sequence[Pair],
        wanted: Callable[[Pair], bool],
        put: Callable[[Pair, R], Pair],
        *,
        on_error: Callable[[Pair, str], Pair] = failed,
    ) -> list[Pair]:
        """Run a stage on the wanted pairs that have no error, and return all pairs in order.

        `put` adds a result to its pair, and `on_error` the message of an exception.
        """
        if name != "translator":
            wait_for_turn()
        todo = [k for k, pair in enumerate(pairs) if pair.error is None and wanted(pair)]
        results = in_batches(stage, [pairs[k] for k in todo], length=_length, budget=self.batch_words)
        out = list(pairs)
        for k, result in zip(todo, results, strict=True):
            out[k] = put_result(name, pairs[k], result, put, on_error)
        return out


def put_result(
    name: str,
    pair: Pair,
    result: R | Exception,
    put: Callable[[Pair, R], Pair],
    on_error: Callable[[Pair, str], Pair] = failed,
) -> Pair:
    """The pair with the result of a stage or its error. A result that does not fit its pair is an error, too."""
    try:
        if isinstance(result, Exception):
            raise result
        return put(pair, result)
    except Exception as error:
        return on_error(pair, describe(error, name))


def build_stage(kind: str, stage: Any, **defaults: object) -> Any:
    """The stage that a spec names, with `defaults` for options that the spec does not give; an object as it is."""
    return load(kind, stage, **defaults) if isinstance(stage, str) else stage


def build_aligner(aligner: Aligner | str | None) -> Aligner | None:
    """The aligner that a spec names; raises `BackendError` for one that has not been trained yet."""
    built: Aligner | None = build_stage("aligner", aligner)
    if built is not None and needs_training(built):
        built.align([])  # raises an error that says how to train it
    return built


def check_direction(translator: Translator | None, from_lang: str, to_lang: str) -> None:
    """Raise `BackendError` if a translator knows that it cannot translate in this direction."""
    if isinstance(translator, DirectedTranslator):
        translator.check_direction(from_lang, to_lang)


def text_to_translate(sentence: Sentence) -> str:
    """The text of a sentence as translators expect it: with composed letters (NFC), and without soft hyphens."""
    return normalize("NFC", without_hidden(sentence.with_text().text or ""))


def translated_sentence(checked: CheckedTranslation, language: str) -> Sentence:
    """The words of a checked translation; raises its error, or `StageError` if it is empty."""
    if checked.error is not None:
        raise checked.error
    if not isinstance(checked.text, str):
        raise StageError(f"gave {type(checked.text).__name__} instead of a text")
    sentence = Sentence.from_text(checked.text, language=language)
    if not sentence.tokens:
        raise StageError("the translation is empty")
    return replace(sentence, meta=checked.meta)


def unread(error: InputError) -> Pair:
    """A pair for a sentence that could not be read: with its target if that could be read, else empty."""
    return Pair(error.target if isinstance(error, PairError) else Sentence(()), error=str(error))


def _length(pair: Pair) -> int:
    return len(pair.target) + len(pair.source or ())
