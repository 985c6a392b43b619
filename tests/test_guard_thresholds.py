"""Every threshold of the guards, from both sides: a changed constant fails a test here."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from xlner.errors import ValidationError
from xlner.fakes import EchoTranslator
from xlner.translation import GuardedTranslator, TranslationStatistics
from xlner.translation.guards import language_identification
from xlner.translation.guards.checks.completeness import is_cut_off, lost_sentences
from xlner.translation.guards.checks.copies import copied_fraction, is_copied, may_be_copied
from xlner.translation.guards.checks.language import is_wrong_language, may_be_wrong_language
from xlner.translation.guards.checks.length import is_rather_short, is_too_long, is_too_short
from xlner.translation.guards.checks.loops import repeats
from xlner.translation.guards.checks.script import is_wrong_script
from xlner.translation.guards.retention import Improbability, Retention


@dataclass
class Known(TranslationStatistics):
    """Statistics with evidence that a test sets."""

    lost: float = 0.0
    kept_words: float = 0.0
    strangest: float = 9.0
    familiar_words: float = 1.0

    @property
    def knows_words(self) -> bool:
        return True

    def improbability(self, text: str, translation: str) -> Improbability:
        return Improbability(self.lost, self.kept_words, self.strangest)

    def familiar(self, translation: str) -> float:
        return self.familiar_words


def uniform() -> TranslationStatistics:
    """Many translations, all as long as their texts."""
    return TranslationStatistics(ratios=[0.0] * 9000, word_ratios=[0.0] * 9000)


# --- length


@pytest.mark.parametrize(
    ("statistics", "limit"), [(TranslationStatistics(), 5 * 0.15), (uniform(), 0.4)], ids=["prior", "uniform"]
)
def test_lengths_are_wrong_beyond_the_limit(statistics: TranslationStatistics, limit: float) -> None:
    assert not is_too_long(limit - 0.01, statistics)
    assert is_too_long(limit + 0.01, statistics)
    assert not is_too_short("", "", -limit + 0.01, statistics)
    assert is_too_short("", "", -limit - 0.01, statistics)


def test_a_loss_counts_for_translations_that_are_a_little_short() -> None:
    assert not is_too_short("", "", -0.39 * 0.75, Known(lost=9.0))
    assert is_too_short("", "", -0.41 * 0.75, Known(lost=9.0))
    assert not is_too_short("", "", -0.5 * 0.75, Known(lost=0.5 * 1.5 - 0.02))
    assert is_too_short("", "", -0.5 * 0.75, Known(lost=0.5 * 1.5 + 0.02))


@pytest.mark.parametrize(
    ("statistics", "fewest"), [(TranslationStatistics(), 54), (uniform(), 68)], ids=["prior", "uniform"]
)
def test_few_letters_are_a_reason_to_retry(statistics: TranslationStatistics, fewest: int) -> None:
    assert fewest + 10 == math.ceil(100 * math.exp(-max(0.25, 3 * statistics.spread)))
    assert not is_rather_short("x" * 90, "y" * fewest, statistics, spaced=True)
    assert is_rather_short("x" * 90, "y" * (fewest - 1), statistics, spaced=True)


@pytest.mark.parametrize(
    ("statistics", "fewest"), [(TranslationStatistics(), 63), (uniform(), 74)], ids=["prior", "uniform"]
)
def test_few_words_are_a_reason_to_retry(statistics: TranslationStatistics, fewest: int) -> None:
    assert fewest + 1 == math.ceil(100 * math.exp(-max(0.3, 3 * statistics.spread_of_words)))
    text = "xx " * 99

    def translation(words: int) -> str:
        return "yy " * (words - 1) + "y" * (200 - 2 * words)

    assert not is_rather_short(text, translation(fewest), statistics, spaced=True)
    assert is_rather_short(text, translation(fewest - 1), statistics, spaced=True)
    assert not is_rather_short(text, translation(fewest - 1), statistics, spaced=False)


def test_a_loss_is_a_reason_to_retry() -> None:
    assert not is_rather_short("x", "x", Known(lost=2.0), spaced=True)
    assert is_rather_short("x", "x", Known(lost=2.05), spaced=True)


# --- loops and scripts


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("so so so", 0),
        ("so so so so", 4),
        ("it is it is", 0),
        ("it is it is it is", 3),
        (" ".join("abcdefghij" * 3), 3),
        (" ".join("abcdefghijk" * 3), 0),
        ("abababababx", 0),
        ("abababababab", 6),
        ("aaaaaa", 6),
        ("abcdefghijkl" * 6, 6),
        ("abcdefghijklm" * 6, 0),
        ("......", 0),
    ],
)
def test_repeats(text: str, times: int) -> None:
    assert repeats(text) == times


def test_letters_of_another_script() -> None:
    assert not is_wrong_script("abcdefgжжж", "en")
    assert is_wrong_script("abcdefghiжжжж", "en")
    assert not is_wrong_script("жж", "en")
    assert is_wrong_script("жжж", "en")


# --- languages and copies


@pytest.mark.parametrize(("check", "limit"), [(is_wrong_language, 22.0), (may_be_wrong_language, 5.0)])
def test_another_language_by_its_letters(
    check: Callable[..., bool], limit: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    for nats, wrong in ((limit, False), (limit + 0.1, True)):
        monkeypatch.setattr(language_identification, "another_language", lambda *texts, nats=nats: nats)
        assert check("", "", "gl", "en", TranslationStatistics()) is wrong


@pytest.mark.parametrize(("check", "limit"), [(is_wrong_language, 0.15), (may_be_wrong_language, 0.2)])
def test_another_language_by_unfamiliar_words(check: Callable[..., bool], limit: float) -> None:
    assert not check("", "", "gl", "ee", Known(familiar_words=limit))
    assert check("", "", "gl", "ee", Known(familiar_words=limit - 0.005))


def test_copied_words() -> None:
    def copied(shared: int, new: int) -> bool:
        text, made = "a" * shared, "a" * shared + "b" * new
        return is_copied(" ".join(text), " ".join(made), "gl", "en", TranslationStatistics())

    assert not copied(8, 2)
    assert copied(9, 2)
    assert copied_fraction("a b c d e", "a b c d") == 1.0
    assert copied_fraction("a b c d e", "a b c") == 0.0
    assert copied_fraction("a b c", " a b c") == 1.0
    assert copied_fraction("a b", "a b") == 0.0


@pytest.mark.parametrize(
    ("kept", "strangest", "nats", "copied"),
    [
        (1.5, 9.0, 0.0, True),
        (1.49, 9.0, 0.0, False),
        (9.0, 0.4, 0.0, True),
        (9.0, 0.39, 0.0, False),
        (1.0, 9.0, 6.0, True),
        (1.0, 9.0, 5.9, False),
        (1.4, 9.0, -99.0, False),
    ],
)
def test_short_copies(
    kept: float, strangest: float, nats: float, copied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language_identification, "log_probabilities", lambda *_: [nats, 0.0])
    known = Known(kept_words=kept, strangest=strangest)
    assert is_copied("casa vella", "casa", "gl", "en", known) is copied
    assert not is_copied("casa vella", "house", "gl", "en", known)


def test_possible_copies() -> None:
    assert not may_be_copied("casa", "casa", Known(kept_words=0.1))
    assert may_be_copied("casa", "casa", Known(kept_words=0.11))
    assert not may_be_copied("casa", "house", Known(kept_words=9.0))


# --- completeness


def test_sentences_without_an_end() -> None:
    assert is_cut_off("a b c d.", "x")
    assert not is_cut_off("a b c.", "x")
    assert not is_cut_off("a b c d.", "x:")
    assert not is_cut_off("a b c d", "x")


def test_fewer_sentences() -> None:
    assert not lost_sentences("A casa. O mar.", "The house.", -0.25)
    assert lost_sentences("A casa. O mar.", "The house.", -0.26)
    assert not lost_sentences("A casa. O mar.", "The house. The sea.", -0.26)


# --- statistics


def test_what_is_usual_is_shrunk_toward_the_prior() -> None:
    assert TranslationStatistics().spread == TranslationStatistics().spread_of_words == 0.15
    statistics = TranslationStatistics(ratios=[0.0] * 10 + [1.0] * 10)
    assert statistics.center == pytest.approx(20 / 40)
    assert statistics.spread == pytest.approx((0.5 * 1.4826 * 20 + 0.15 * 20) / 40)


def test_ten_letters_are_added_to_every_length() -> None:
    assert TranslationStatistics().deviation("x" * 10, "y" * 30) == pytest.approx(math.log(40 / 20))
    assert TranslationStatistics().deviation_of_words("x x x", "y") == pytest.approx(math.log(2 / 4))


def test_words_count_from_200_translations() -> None:
    statistics = TranslationStatistics()
    for k in range(199):
        statistics.add(f"x{k}", f"y {k}")
    assert not statistics.knows_words
    assert statistics.improbability("y (15)", "y") == Improbability()
    statistics.add("x", "y")
    assert statistics.knows_words
    assert statistics.improbability("y (15)", "y") != Improbability()


def test_nothing_is_learned_after_20_000_translations() -> None:
    statistics = TranslationStatistics(ratios=[0.0] * 19_999)
    for _ in range(2):
        statistics.add("x", "y")
    assert len(statistics.ratios) == 20_000


def test_familiar_words_are_in_more_than_two_percent_of_the_translations() -> None:
    statistics = TranslationStatistics(seen={str(k) for k in range(1000)})
    words = "a b c d e"
    for count, familiar in ((20, 0.0), (21, 1.0)):
        statistics.words.update(dict.fromkeys(words.split(), count - statistics.words["a"]))
        assert statistics.familiar(words) == familiar
    assert statistics.familiar("v w x y") == 1.0
    assert statistics.familiar("v w x y z") == 0.0


# --- retention


@pytest.mark.parametrize(
    ("text", "lost", "kept"),
    [
        ("x 12", 1 - 0.9, None),
        ("x (", 1 - 0.8, None),
        ("x Ana", 1 - 0.7, 0.7),
        ("x ana", 1 - 0.1, 0.1),
        ("Ana", 1 - 0.4, 0.7),
        ("", 1.0, None),
    ],
)
def test_new_tokens_are_like_others_of_their_kind(text: str, lost: float, kept: float | None) -> None:
    retention = Retention()
    rest = -math.log10(0.9) if text.startswith("x") else 0.0
    assert retention.improbability(text, "…").lost == pytest.approx(-math.log10(lost) + rest)
    if kept is not None:
        word = text.rsplit(maxsplit=1)[-1]
        assert retention.improbability(text, word).kept == pytest.approx(-math.log10(kept))
        assert retention.improbability(text, word).strangest == pytest.approx(-math.log10(kept))


def test_a_lost_full_stop() -> None:
    found = Retention().improbability("x.", "x")
    assert found.lost == pytest.approx(-math.log10(1 - 0.95) - math.log10(1 - 0.8))


def test_rates_of_tokens_and_kinds() -> None:
    retention = Retention()
    retention.add("x ana", "ana")
    of_kind = (1 + 20 * 0.1) / (2 + 20)
    assert retention.improbability("y ana", "ana").kept == pytest.approx(-math.log10((1 + 2 * of_kind) / (1 + 2)))
    assert retention.improbability("nova", "nova").kept == pytest.approx(-math.log10(of_kind))


def test_no_token_counts_for_more_than_one_percent() -> None:
    retention = Retention()
    for k in range(999):
        retention.add(f"{k} ana", "x")
        retention.add(f"{k} b", "b")
    assert retention.improbability("ana", "ana") == Improbability(0.0, 2.0, 2.0)
    assert retention.improbability("b", "x").lost == 2.0


# --- the guarded translator


class Recording(EchoTranslator):
    """Copies, and remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[list[str]] = []

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        self.calls.append(list(texts))
        return super().translate(texts, from_lang=from_lang, to_lang=to_lang)


@pytest.mark.parametrize(
    ("text", "pieces"), [("a bb cc dd ee", ["a bb cc dd ee"]), ("aa bb cc dd ee", ["aa bb cc dd", "ee"])]
)
def test_short_texts_are_not_split(text: str, pieces: list[str]) -> None:
    translator = Recording()
    GuardedTranslator(translator).translate_checked([text], from_lang="gl", to_lang="en")
    assert translator.calls == [[text], [text], pieces]


def test_a_long_text_is_shown_in_part() -> None:
    text = "a casa " * 20
    guarded = GuardedTranslator(EchoTranslator(), on_warning="stop")
    with pytest.raises(Exception, match=rf": '{text[:60]}…' → '{text[:60]}'; use"):
        guarded.translate([text], from_lang="gl", to_lang="en")


def test_batches_have_at_least_one_word() -> None:
    with pytest.raises(ValidationError, match="batch_words must be at least 1, not 0"):
        GuardedTranslator(EchoTranslator(), batch_words=0)
