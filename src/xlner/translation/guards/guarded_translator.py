"""A translator whose translations are checked, attempted again where they look wrong, and marked with warnings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from itertools import islice

from xlner.core.batches import isolated, listed
from xlner.core.options import options_fingerprint, speed_option
from xlner.errors import BackendError, StageError, UnansweredError, UnknownNameError, ValidationError
from xlner.models.batching import batches_in_memory
from xlner.stages import (
    DirectedTranslator,
    RetryingTranslator,
    Translator,
    fingerprint_of,
    translate_each,
    without_errors,
)
from xlner.text import languages
from xlner.text.offsets import Span
from xlner.text.sentence_splitter import join_pieces, split_lines, split_pieces, split_sentences
from xlner.text.suggestions import names_hint
from xlner.text.verbatim import is_verbatim, verbatim_spans
from xlner.translation.guards import language_identification
from xlner.translation.guards.retry_reasons import retry_reasons
from xlner.translation.guards.statistics import TranslationStatistics
from xlner.translation.guards.warnings import TranslationWarning, find_warnings, severity
from xlner.translation.shield import shielded

_SNIPPET = 60
"""Characters of a text that an error message shows."""
_SMALLEST_PIECE = 12
"""Characters below which a text is not split further."""
_RULES = 4
"""Version of the guards. Raise it when they keep other translations than before."""


class OnWarning(StrEnum):
    """What to do with a translation that still has warnings after all attempts.

    >>> OnWarning("drop")
    <OnWarning.DROP: 'drop'>
    """

    KEEP = "keep"
    """Keep it, with its warnings on the record."""
    DROP = "drop"
    """Put an error on the sentence instead."""
    STOP = "stop"
    """End the run."""


class Attempt(StrEnum):
    """Which attempt a translation comes from.

    >>> Attempt("pieces")
    <Attempt.PIECES: 'pieces'>
    """

    FIRST = "first"
    AGAIN = "again"
    """The whole text again, by `retranslate` if the translator has it."""
    PIECES = "pieces"
    """Sentence by sentence, or in shorter parts."""


@dataclass(frozen=True, slots=True)
class CheckedTranslation:
    """A translation with its warnings, or the error that the translator raised.

    A translation without warnings may have `retry_reasons`: it was attempted again, and the second attempt was no
    better. They are not on the record.

    >>> CheckedTranslation("a casa", (TranslationWarning.COPIED,)).meta
    {'translation_warnings': ['copied']}
    """

    text: str
    warnings: tuple[TranslationWarning, ...] = ()
    attempt: Attempt = Attempt.FIRST
    error: Exception | None = None
    retry_reasons: tuple[TranslationWarning, ...] = ()

    @property
    def meta(self) -> dict[str, object]:
        """The metadata of the record: the warnings, and the attempt if it was not the first."""
        found: dict[str, object] = {}
        if self.warnings:
            found["translation_warnings"] = [str(warning) for warning in self.warnings]
        if self.attempt is not Attempt.FIRST:
            found["translation_attempt"] = str(self.attempt)
        return found

    @property
    def badness(self) -> float:
        """How bad it is; 0 is best. All retry reasons together weigh less than one warning."""
        if self.error is not None:
            return float("inf")
        return severity(self.warnings) or len(self.retry_reasons) / (len(TranslationWarning) + 1)

    @property
    def has_warnings(self) -> bool:
        """Whether it has warnings, or an error instead of a translation."""
        return bool(self.warnings) or self.error is not None

    @property
    def retried(self) -> bool:
        """Whether there was a second attempt, even if the first one was kept."""
        return bool(self.badness) or self.attempt is not Attempt.FIRST


_Translate = Callable[[Sequence[str]], Sequence[str | Exception]]


@dataclass(frozen=True, slots=True)
class GuardOptions:
    """Options of `GuardedTranslator`. Raises `ValidationError` for a `batch_words` below 1."""

    on_warning: OnWarning = OnWarning.KEEP
    batch_words: int = speed_option(4096)

    def __post_init__(self) -> None:
        if self.batch_words < 1:
            raise ValidationError(f"batch_words must be at least 1, not {self.batch_words}")


class GuardedTranslator:
    """Any translator, with its translations checked and attempted again where they look wrong.

    A translation with warnings (see `find_warnings`) is made again, by the translator's `retranslate` if it has that,
    and then from smaller pieces. The attempt with the fewest warnings is kept. A translation with retry reasons only is
    made again once, and replaced if that is better.

    Verbatim text, such as an address or a #tag, is shielded in every attempt, see `xlner.translation.shield`.

    Every line is translated on its own. A text on which the translator raises, or for which it gives no translation, is
    found by halving the batch, and costs no other text.

    - `on_warning`: what to do with a translation that keeps its warnings, see `OnWarning`.
    - `batch_words`: words in a batch. The translator may use smaller batches.

    Raises `UnknownNameError` for an unknown `on_warning`.

    >>> from xlner.fakes import DictionaryTranslator
    >>> guarded = GuardedTranslator(DictionaryTranslator({"Ola": " ", "vive": "lives"}))
    >>> guarded.translate_checked(["Ola"], from_lang="gl", to_lang="en")[0].warnings
    (<TranslationWarning.EMPTY: 'empty'>,)
    """

    def __init__(
        self, translator: Translator, *, on_warning: OnWarning | str = OnWarning.KEEP, batch_words: int = 4096
    ) -> None:
        self.translator = translator
        try:
            policy = OnWarning(on_warning)
        except ValueError:
            raise UnknownNameError(
                f"unknown policy {on_warning!r} for translation warnings",
                hint=names_hint(on_warning, OnWarning, "one of"),
            ) from None
        self.options = GuardOptions(policy, batch_words)

    @property
    def fingerprint(self) -> str:
        """Options, version of the guards and of the language identification, and the fingerprint of the translator."""
        guards = options_fingerprint("guarded", self.options)
        return f"{guards} rules={_RULES} {language_identification.version()} {fingerprint_of(self.translator)}"

    def check_direction(self, from_lang: str, to_lang: str) -> None:
        """Raise `BackendError` if the translator knows that it cannot translate in this direction."""
        if isinstance(self.translator, DirectedTranslator):
            self.translator.check_direction(from_lang, to_lang)

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Return the translations without their warnings. Raises the first error."""
        made = self.translate_checked(texts, from_lang=from_lang, to_lang=to_lang)
        return without_errors([checked.text if checked.error is None else checked.error for checked in made])

    def translate_checked(
        self, texts: Sequence[str], *, from_lang: str, to_lang: str, statistics: TranslationStatistics | None = None
    ) -> list[CheckedTranslation]:
        """Return one checked translation, or its error, for each text, in order.

        `statistics` learns from these translations before it judges them. Pass the same object to the next call to go
        on learning. Raises `BackendError` if the translator does, and with the policy `stop` for the first warning.
        """
        statistics = TranslationStatistics() if statistics is None else statistics
        work = _Work(self.translator, from_lang, to_lang, statistics, self.options.batch_words)
        made = work.attempt(texts, work.translate, Attempt.FIRST)
        for text, checked in zip(texts, made, strict=True):
            if checked.error is None and checked.text.strip():
                statistics.add(text, checked.text)
        made = [work.judged(text, checked) for text, checked in zip(texts, made, strict=True)]
        for attempt, translate in ((Attempt.AGAIN, work.retranslate), (Attempt.PIECES, work.in_pieces)):
            todo = [k for k, c in enumerate(made) if _is_attempted(c, attempt)]
            second = work.attempt([texts[k] for k in todo], translate, attempt)
            for k, checked in zip(todo, second, strict=True):
                made[k] = min(made[k], work.judged(texts[k], checked), key=lambda c: c.badness)
        return [self.apply_policy(text, checked) for text, checked in zip(texts, made, strict=True)]

    def apply_policy(self, text: str, checked: CheckedTranslation) -> CheckedTranslation:
        """Return the translation as the policy wants it: unchanged, or with an error because of its warnings.

        An empty translation is always an error. Raises `BackendError` for warnings with the policy `stop`.
        """
        if not checked.warnings or checked.error is not None:
            return checked
        reason = f"the translation looks wrong ({', '.join(checked.warnings)})"
        if self.options.on_warning is OnWarning.STOP:
            shown = text if len(text) <= _SNIPPET else f"{text[:_SNIPPET]}…"
            raise BackendError(
                f"{reason}: {shown!r} → {checked.text[:_SNIPPET]!r}", hint="use the policy keep or drop to go on"
            )
        if TranslationWarning.EMPTY in checked.warnings:
            return replace(checked, error=StageError("the translation is empty"))
        if self.options.on_warning is OnWarning.DROP:
            return replace(checked, error=StageError(reason))
        return checked


@dataclass(frozen=True, slots=True)
class _Work:
    """The translator, direction and statistics of one call."""

    translator: Translator
    from_lang: str
    to_lang: str
    statistics: TranslationStatistics
    batch_words: int

    def translate(self, texts: Sequence[str]) -> Sequence[str | Exception]:
        return self._shielded(texts, partial(translate_each, self.translator))

    def retranslate(self, texts: Sequence[str]) -> Sequence[str | Exception]:
        if not isinstance(self.translator, RetryingTranslator):
            return self.translate(texts)
        return self._shielded(texts, self.translator.retranslate)

    def _shielded(
        self, texts: Sequence[str], translate: Callable[..., Sequence[str | Exception]]
    ) -> Sequence[str | Exception]:
        directed = partial(translate, from_lang=self.from_lang, to_lang=self.to_lang)
        return shielded(texts, directed, by=self.translator)

    def in_pieces(self, texts: Sequence[str]) -> Sequence[str | Exception]:
        """Translate the sentences of each text, or the halves of a single sentence, and join them."""
        cut = [_smaller(text) for text in texts]
        pieces = [piece.strip() for parts in cut for piece in parts]
        made = iter(_texts(listed(self.retranslate(pieces), len(pieces))))
        return [self._joined_pieces(list(islice(made, len(parts))), parts) for parts in cut]

    def judged(self, text: str, checked: CheckedTranslation) -> CheckedTranslation:
        """Add the warnings, or the retry reasons where there are none."""
        if checked.error is not None:
            return checked
        known = {"from_lang": self.from_lang, "to_lang": self.to_lang}
        warnings = find_warnings(text, checked.text, **known, statistics=self.statistics)
        weak = () if warnings else retry_reasons(text, checked.text, **known, statistics=self.statistics)
        return replace(checked, warnings=warnings, retry_reasons=weak)

    def attempt(self, texts: Sequence[str], translate: _Translate, attempt: Attempt) -> list[CheckedTranslation]:
        """Translate line by line, in batches. A text with nothing to translate is its own translation."""
        cut = [[] if is_verbatim(text) else split_lines(text) for text in texts]
        flat = [line.strip() for parts in cut for line in parts]
        made: list[str | Exception] = [""] * len(flat)
        sizes = [len(line.split()) + len(line) // 20 for line in flat]
        for batch in batches_in_memory(sizes, self.batch_words):
            wanted = [k for k in batch if flat[k]]
            for k, result in zip(wanted, isolated(translate, [flat[k] for k in wanted]), strict=True):
                made[k] = result
        results = iter(_texts(made))
        return [
            self._joined(text, parts, list(islice(results, len(parts))), attempt)
            for text, parts in zip(texts, cut, strict=True)
        ]

    def _joined(self, text: str, parts: list[str], made: list[str | Exception], attempt: Attempt) -> CheckedTranslation:
        if not parts:
            return CheckedTranslation(text.strip(), attempt=attempt)
        joined = self._joined_pieces(made, parts)
        if isinstance(joined, Exception):
            return CheckedTranslation("", attempt=attempt, error=joined)
        return CheckedTranslation(joined, attempt=attempt)

    def _joined_pieces(self, made: Sequence[str | Exception], parts: list[str]) -> str | Exception:
        """The translations of the parts of a text as one text, or their first error."""
        failed = next((result for result in made if isinstance(result, Exception)), None)
        spaced = not languages.spaceless(self.to_lang)
        return failed or join_pieces([str(result) for result in made], parts, spaced=spaced)


def _is_attempted(checked: CheckedTranslation, attempt: Attempt) -> bool:
    """Whether a translation is attempted again in this way."""
    if isinstance(checked.error, UnansweredError):
        return False  # the translator has made all attempts
    return checked.has_warnings or (bool(checked.retry_reasons) and attempt is Attempt.AGAIN)


def _smaller(text: str) -> list[str]:
    """The sentences of a text, or parts of about half its length if it is a single sentence."""
    parts = _rejoined(split_sentences(text), verbatim_spans(text))
    if len(parts) > 1 or len(text) < _SMALLEST_PIECE:
        return parts
    halves = split_pieces(text, lambda piece: len(piece) <= (len(text) + 1) // 2 + _SMALLEST_PIECE // 2)
    return _rejoined(halves, verbatim_spans(text))


def _rejoined(pieces: list[str], whole: Sequence[Span]) -> list[str]:
    """The pieces of a text, joined where a cut went through a span that must stay whole."""
    out: list[str] = []
    position = 0
    for piece in pieces:
        if any(start < position < end for start, end in whole):
            out[-1] += piece
        else:
            out.append(piece)
        position += len(piece)
    return out


def _texts(results: Sequence[str | Exception]) -> list[str | Exception]:
    """The translations and errors; an error in the place of anything else."""
    return [result if isinstance(result, (str, Exception)) else _no_text(result) for result in results]


def _no_text(result: object) -> StageError:
    return StageError(f"the translator gave {type(result).__name__} instead of a text")
