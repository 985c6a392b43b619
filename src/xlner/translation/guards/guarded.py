"""A translator with guards: what looks wrong is tried again, and flagged where it stays wrong; a doubt is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice

from xlner.errors import BackendError, StageError, UnknownNameError
from xlner.models.batching import padded_batches
from xlner.stages import DirectedTranslator, RetryingTranslator, Translator
from xlner.text import languages
from xlner.text.sentence_splitter import join_pieces, split_lines, split_pieces, split_sentences
from xlner.translation.guards import identification
from xlner.translation.guards.checks import TranslationWarning, find_warnings, severity
from xlner.translation.guards.retry_reasons import doubts
from xlner.translation.guards.statistics import TranslationStatistics

_SNIPPET = 60
_SMALLEST_PIECE = 12
_RULES = 2
"""Goes up when other translations are made again, or other ones kept."""


class OnWarning(StrEnum):
    """What becomes of a translation that is still suspicious after all attempts."""

    KEEP = "keep"
    """It is kept, with its flags on the record."""
    DROP = "drop"
    """The sentence gets an error instead."""
    STOP = "stop"
    """The run ends."""


class Attempt(StrEnum):
    """Which attempt a translation comes from."""

    FIRST = "first"
    AGAIN = "again"
    """Once more, by `retranslate` where the translator has it, which then takes care not to loop."""
    PIECES = "pieces"
    """Sentence by sentence, or in shorter parts."""


@dataclass(frozen=True, slots=True)
class CheckedTranslation:
    """A translation with what is suspicious about it; or the error that the translator made of the text.

    One without flags may have `doubts`: it was made again, which was no better. They are not on the record.
    """

    text: str
    flags: tuple[TranslationWarning, ...] = ()
    attempt: Attempt = Attempt.FIRST
    error: Exception | None = None
    doubts: tuple[TranslationWarning, ...] = ()

    @property
    def meta(self) -> dict[str, object]:
        """What the record says about the translation: its flags, and the attempt if it was not the first."""
        found: dict[str, object] = {"translation_warnings": [str(flag) for flag in self.flags]} if self.flags else {}
        return found if self.attempt is Attempt.FIRST else {**found, "translation_attempt": str(self.attempt)}

    @property
    def badness(self) -> float:
        """Less is better; all doubts together are less than a flag."""
        return (
            float("inf")
            if self.error is not None
            else severity(self.flags) or len(self.doubts) / (len(TranslationWarning) + 1)
        )

    @property
    def suspicious(self) -> bool:
        """Whether it has flags or an error."""
        return bool(self.flags) or self.error is not None

    @property
    def made_again(self) -> bool:
        """Whether there was a second attempt, be it this one or not."""
        return bool(self.badness) or self.attempt is not Attempt.FIRST


_Translate = Callable[[Sequence[str]], Sequence[str]]


class GuardedTranslator:
    """Any translator, with its translations checked (see `xlner.translation.guards.checks`) and attempted again.

    A suspicious translation is made again, by the translator's `retranslate` where it has one, then from smaller
    pieces; the attempt with the fewest warnings counts. What `on_warning` says is done with one that stays suspicious.
    One that is only in doubt (see `xlner.translation.guards.retry_reasons`) is made again once, and kept where that is
    no better. Lines are translated each on its own. A text that makes the translator raise, or give too few answers, is
    found by halving the batch and costs no other text. `batch_words` is the size of a batch; the translator may cut it
    smaller.

    >>> from xlner.fakes import DictionaryTranslator
    >>> guarded = GuardedTranslator(DictionaryTranslator({"Ola": " ", "vive": "lives"}))
    >>> guarded.translate_checked(["Ola"], from_lang="gl", to_lang="en")[0].flags
    (<TranslationWarning.EMPTY: 'empty'>,)
    """

    def __init__(
        self, translator: Translator, *, on_warning: OnWarning | str = OnWarning.KEEP, batch_words: int = 4096
    ) -> None:
        self.translator = translator
        try:
            self.on_warning = OnWarning(on_warning)
        except ValueError:
            known = ", ".join(OnWarning)
            raise UnknownNameError(f"unknown policy {on_warning!r} for suspects", hint=f"one of {known}") from None
        self.batch_words = batch_words

    @property
    def fingerprint(self) -> str:
        """The translator's, the policy, the rules, and what languages are told by."""
        inner = getattr(self.translator, "fingerprint", type(self.translator).__qualname__)
        return f"guarded {_RULES} {self.on_warning} {identification.version()} {inner}"

    def check_direction(self, from_lang: str, to_lang: str) -> None:
        """Raise `BackendError` where the translator knows that it cannot translate in this direction."""
        if isinstance(self.translator, DirectedTranslator):
            self.translator.check_direction(from_lang, to_lang)

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """The translations alone; raises the first error."""
        made = self.translate_checked(texts, from_lang=from_lang, to_lang=to_lang)
        failed = next((checked.error for checked in made if checked.error is not None), None)
        if failed is not None:
            raise failed
        return [checked.text for checked in made]

    def translate_checked(
        self, texts: Sequence[str], *, from_lang: str, to_lang: str, calibration: TranslationStatistics | None = None
    ) -> list[CheckedTranslation]:
        """One checked translation, or its error, for each text, in order.

        `calibration` learns from these translations before it judges them, and may be passed on to the next call.
        Raises `BackendError` where the translator does, and with the policy `stop`.
        """
        calibration = TranslationStatistics() if calibration is None else calibration
        work = _Work(self.translator, from_lang, to_lang, calibration, self.batch_words)
        made = work.attempt(texts, work.translate, Attempt.FIRST)
        for text, checked in zip(texts, made, strict=True):
            if checked.error is None and checked.text.strip():
                calibration.add(text, checked.text)
        made = [work.judged(text, checked) for text, checked in zip(texts, made, strict=True)]
        for attempt, translate in ((Attempt.AGAIN, work.retranslate), (Attempt.PIECES, work.in_pieces)):
            todo = [k for k, c in enumerate(made) if c.suspicious or (c.doubts and attempt is Attempt.AGAIN)]
            second = work.attempt([texts[k] for k in todo], translate, attempt)
            for k, checked in zip(todo, second, strict=True):
                made[k] = min(made[k], work.judged(texts[k], checked), key=lambda c: c.badness)
        return [self.decided(text, checked) for text, checked in zip(texts, made, strict=True)]

    def decided(self, text: str, checked: CheckedTranslation) -> CheckedTranslation:
        """The translation as it is kept, or with the error that the policy makes of its flags."""
        if not checked.flags or checked.error is not None:
            return checked
        suspicion = f"the translation is suspicious ({', '.join(checked.flags)})"
        if self.on_warning is OnWarning.STOP:
            shown = text if len(text) <= _SNIPPET else f"{text[:_SNIPPET]}…"
            raise BackendError(f"{suspicion}: {shown!r} → {checked.text[:_SNIPPET]!r}", hint="or flag or drop suspects")
        if TranslationWarning.EMPTY in checked.flags:
            return replace(checked, error=StageError("the translation is empty"))
        if self.on_warning is OnWarning.DROP:
            return replace(checked, error=StageError(suspicion))
        return checked


@dataclass(frozen=True, slots=True)
class _Work:
    """A call's translator, direction and statistics."""

    translator: Translator
    from_lang: str
    to_lang: str
    calibration: TranslationStatistics
    batch_words: int

    def translate(self, texts: Sequence[str]) -> Sequence[str]:
        return self.translator.translate(texts, from_lang=self.from_lang, to_lang=self.to_lang)

    def retranslate(self, texts: Sequence[str]) -> Sequence[str]:
        if not isinstance(self.translator, RetryingTranslator):
            return self.translate(texts)
        return self.translator.retranslate(texts, from_lang=self.from_lang, to_lang=self.to_lang)

    def in_pieces(self, texts: Sequence[str]) -> Sequence[str]:
        """Translate the sentences of each text, or halves of a single sentence, and join them."""
        cut = [_smaller(text) for text in texts]
        made = iter(_counted(self.retranslate, [piece.strip() for parts in cut for piece in parts]))
        spaced = not languages.spaceless(self.to_lang)
        return [join_pieces(list(islice(made, len(parts))), parts, spaced=spaced) for parts in cut]

    def judged(self, text: str, checked: CheckedTranslation) -> CheckedTranslation:
        if checked.error is not None:
            return checked
        known = {"from_lang": self.from_lang, "to_lang": self.to_lang}
        flags = find_warnings(text, checked.text, **known, calibration=self.calibration)
        weak = () if flags else doubts(text, checked.text, **known, calibration=self.calibration)
        return replace(checked, flags=flags, doubts=weak)

    def attempt(self, texts: Sequence[str], translate: _Translate, attempt: Attempt) -> list[CheckedTranslation]:
        """Translate line by line in batches; a text with nothing to read in it is its own translation."""
        cut = [split_lines(text) if any(c.isalnum() for c in text) else [] for text in texts]
        flat = [line.strip() for parts in cut for line in parts]
        made: list[str | Exception] = [""] * len(flat)
        sizes = [len(line.split()) + len(line) // 20 for line in flat]
        for batch in padded_batches(sizes, self.batch_words):
            wanted = [k for k in batch if flat[k]]
            for k, result in zip(wanted, _isolated(translate, [flat[k] for k in wanted]), strict=True):
                made[k] = result
        results = iter(made)
        return [
            self._joined(text, parts, list(islice(results, len(parts))), attempt)
            for text, parts in zip(texts, cut, strict=True)
        ]

    def _joined(self, text: str, parts: list[str], made: list[str | Exception], attempt: Attempt) -> CheckedTranslation:
        failed = next((result for result in made if isinstance(result, Exception)), None)
        if failed is not None:
            return CheckedTranslation("", attempt=attempt, error=failed)
        if not parts:
            return CheckedTranslation(text.strip(), attempt=attempt)
        translated = [str(result) for result in made]
        return CheckedTranslation(
            join_pieces(translated, parts, spaced=not languages.spaceless(self.to_lang)), attempt=attempt
        )


def _smaller(text: str) -> list[str]:
    """The sentences of a text; parts of at most half its length where it has one only."""
    parts = split_sentences(text)
    if len(parts) > 1 or len(text) < _SMALLEST_PIECE:
        return parts
    return split_pieces(text, lambda piece: len(piece) <= (len(text) + 1) // 2 + _SMALLEST_PIECE // 2)


def _counted(translate: _Translate, texts: Sequence[str]) -> list[str]:
    made = list(translate(texts))
    if len(made) != len(texts):
        raise StageError(f"the translator gave {len(made)} translations for {len(texts)} texts")
    return made


def _isolated(translate: _Translate, texts: Sequence[str]) -> list[str | Exception]:
    """One translation or exception for each text; a batch that breaks is halved until the text is found."""
    if not texts:
        return []
    try:
        return list(_counted(translate, texts))
    except BackendError:
        raise
    except Exception as error:  # whatever a model raises belongs to its sentence, not to the run
        if len(texts) == 1:
            return [error]
    half = len(texts) // 2
    return _isolated(translate, texts[:half]) + _isolated(translate, texts[half:])
