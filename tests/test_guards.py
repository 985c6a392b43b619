from __future__ import annotations

import json
import pickle
import random
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Command
from xlner import BackendError, Pipeline
from xlner.errors import StageError, UnknownNameError
from xlner.fakes import DictionaryRecognizer, EchoTranslator, OracleAligner
from xlner.translation.guards import language_identification
from xlner.translation.guards.checks.copies import copied_fraction
from xlner.translation.guards.checks.loops import repeats
from xlner.translation.guards.guarded_translator import CheckedTranslation, GuardedTranslator
from xlner.translation.guards.identified_words import IdentifiedWords
from xlner.translation.guards.language_identification import foreignness, foreignness_without_names, knows
from xlner.translation.guards.retention import Retention, tokens
from xlner.translation.guards.retry_reasons import retry_reasons
from xlner.translation.guards.statistics import TranslationStatistics, length
from xlner.translation.guards.warnings import TranslationWarning, find_warnings

WORDS = (
    ("a", "the"), ("casa", "house"), ("choiva", "rain"), ("de", "of"), ("en", "in"), ("vella", "old"), ("cae", "falls"),
    ("sobre", "over"), ("xente", "people"), ("canta", "sings"), ("non", "not"), ("para", "stops"), ("mar", "sea"),
    ("longo", "long"), ("camiño", "way"), ("cando", "when"), ("chega", "comes"), ("noite", "night"), ("e", "and"),
    ("fala", "speaks"), ("neno", "child"), ("grande", "great"), ("cidade", "city"), ("onte", "yesterday"),
)  # fmt: skip
ENGLISH = dict(WORDS)
DIRECTION = {"from_lang": "gl", "to_lang": "en"}


def made_up(count: int, seed: int = 0) -> list[str]:
    """Distinct Galician-looking sentences of 8 to 24 words, some of them two in one text."""
    draw = random.Random(seed)
    texts = []
    for number in range(count):
        words = [draw.choice(WORDS)[0] for _ in range(draw.randint(8, 24))]
        words[0] = words[0].capitalize()
        words.insert(draw.randint(1, len(words)), f"Vigo{number}")
        if number % 7 == 0:
            words[len(words) // 2] += "."
            words[len(words) // 2 + 1] = words[len(words) // 2 + 1].capitalize()
        texts.append(" ".join(words) + ".")
    return texts


def english(text: str) -> str:
    """A clean translation, word by word."""
    out = []
    for word in text.split():
        bare = word.strip(".")
        translated = ENGLISH.get(bare.lower(), bare)
        out.append((translated.capitalize() if bare[:1].isupper() else translated) + word[len(bare) :])
    return " ".join(out)


class Faulty:
    """Translates well, except for some texts, by their number; `persistent` faults are there at every attempt."""

    kinds = ("empty", "loop", "half", "script", "language", "copy", "raise", "few")

    def __init__(self, texts: Sequence[str], rate: int, *, persistent: bool) -> None:
        self.fault = {text: self.kinds[(k // rate) % len(self.kinds)] for k, text in enumerate(texts) if k % rate == 0}
        self.persistent = persistent
        self.seen: set[str] = set()
        self.bad_pieces: dict[str, str] = {}

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        out = []
        for text in texts:
            kind = self.fault.get(text)
            if kind is None and self.persistent:
                kind = next((f for whole, f in self.fault.items() if len(text) > 8 and text in whole), None)
            if kind is None or (not self.persistent and kind not in ("raise", "few") and text in self.seen):
                out.append(english(text))
                continue
            if kind == "raise" and (self.persistent or len(texts) > 1 or text not in self.seen):
                self.seen.add(text)
                raise RuntimeError("out of memory")
            if kind == "few" and (self.persistent or len(texts) > 1 or text not in self.seen):
                self.seen.add(text)
                continue
            self.seen.add(text)
            out.append(self.broken(text, kind))
        return out

    def broken(self, text: str, kind: str) -> str:
        clean = english(text)
        words = clean.split()
        return {
            "empty": " ",
            "loop": " ".join(words[:3] * 9),
            "half": " ".join(words[: len(words) // 2]),
            "script": "Дождь падает на старый город и люди поют ночью",
            "language": "Der Regen fällt auf die alte Stadt und das Volk singt in der langen Nacht am Meer.",
            "copy": text,
        }.get(kind, clean)


@pytest.mark.parametrize(
    ("count", "persistent"), [(1000, False), (1000, True), pytest.param(5000, False, marks=pytest.mark.slow)]
)
def test_every_fault_has_a_warning_or_is_mended_and_no_sentence_is_lost(count: int, persistent: bool) -> None:
    texts = made_up(count)
    faulty = Faulty(texts, 20, persistent=persistent)
    made = GuardedTranslator(faulty, batch_words=400).translate_checked(texts, **DIRECTION)
    assert len(made) == len(texts)
    missed = []
    retried = 0
    for text, checked in zip(texts, made, strict=True):
        kind = faulty.fault.get(text)
        if kind is None:
            assert replace(checked, retry_reasons=()) == CheckedTranslation(english(text)), text
            retried += bool(checked.retry_reasons)
        elif not persistent:
            assert (checked.text, checked.error, checked.warnings) == (english(text), None, ()), (kind, text)
        elif not (checked.warnings or checked.error):
            missed.append((kind, text, checked))
    assert missed == []
    assert retried < len(texts) / 50


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from(["ben", "mal", "nada", "", "...", "un\ndous\n\ntres"]), max_size=20), st.integers(1, 9))
def test_order_and_number_are_kept(texts: list[str], batch_words: int) -> None:
    class Broken(EchoTranslator):
        def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
            if "mal" in texts:
                raise ValueError("mal")
            return [text.upper() for text in texts if text != "nada"]

    made = GuardedTranslator(Broken(), batch_words=batch_words).translate_checked(texts, **DIRECTION)
    assert len(made) == len(texts)
    for text, checked in zip(texts, made, strict=True):
        if text in ("mal", "nada"):
            assert checked.error is not None
        else:
            assert checked.text == text.upper()


@pytest.mark.parametrize(
    ("text", "translation", "warning"),
    [
        (
            "A casa cae.",
            "The old house falls over the sea when night comes and people sing.",
            TranslationWarning.TOO_LONG,
        ),
        ("A casa vella cae sobre a xente cando chega a noite.", "The old.", TranslationWarning.TOO_SHORT),
        ("A casa vella cae onte.", "The old the old the old.", TranslationWarning.REPEATED),
        ("A casa vella cae.", "Старый дом пал.", TranslationWarning.WRONG_SCRIPT),
        ("a casa vella cae sobre o mar.", "a casa vella cae sobre o mar.", TranslationWarning.COPIED),
        ("A casa vella cae en Vigo.", "The old house falls in", TranslationWarning.CUT_OFF),
        (
            "Cae a vella casa en Vigo. Canta a xente do mar.",
            "The people of the sea sing.",
            TranslationWarning.SENTENCES,
        ),
        ("Hai {count} casas en Vigo.", "There are houses in Vigo.", TranslationWarning.PLACEHOLDERS),
        ("Vigo", "", TranslationWarning.EMPTY),
    ],
)
def test_warnings(text: str, translation: str, warning: TranslationWarning) -> None:
    assert warning in find_warnings(text, translation, **DIRECTION)


@pytest.mark.parametrize(
    ("text", "translation", "to_lang"),
    [
        ("Ana Pardo, Vigo", "Ana Pardo, Vigo", "en"),
        ("A casa vella cae sobre o mar.", "The old house falls over the sea.", "en"),
        ("A casa vella cae sobre o mar de Vigo.", "老房子倒在维哥的海上。", "zh"),
        ("A casa vella cae sobre o mar.", "古い家が海に落ちる。", "ja"),
        ("A casa vella cae sobre o mar.", "Старый дом Ana падает в море.", "ru"),
        ("Non, non, non, non!", "No, no, no, no!", "en"),
        ("Que... ...", "What .....................", "en"),
        ("...", "", "en"),
        ("Hai {count} casas.", "{count} houses there are.", "en"),
        ("Ola", "Qo'noS", "tlh"),
    ],
)
def test_no_warnings(text: str, translation: str, to_lang: str) -> None:
    assert find_warnings(text, translation, from_lang="gl", to_lang=to_lang) == ()


def test_one_language_may_be_copied() -> None:
    text = "a choiva non para en Vigo de noite"
    assert find_warnings(text, text, from_lang="gl", to_lang="glg_Latn") == ()
    assert copied_fraction(text, text) == 1.0


def test_statistics_learn_the_pair() -> None:
    statistics = TranslationStatistics()
    long = "palabra " * 10
    assert TranslationWarning.TOO_SHORT in find_warnings(long, "word " * 4, **DIRECTION, statistics=statistics)
    for k in range(100):
        statistics.add(long + "a" * k, "word " * (5 + k // 40))
    assert find_warnings(long, "word " * 5 + ".", **DIRECTION, statistics=statistics) == ()
    assert statistics.center < -0.3
    statistics.ratios *= 300
    known = len(statistics.ratios)
    statistics.add("a", "b")
    assert len(statistics.ratios) == known


def usual() -> TranslationStatistics:
    """What a run of clean translations has shown."""
    statistics = TranslationStatistics()
    for text in made_up(400):
        statistics.add(text, english(text))
    return statistics


@pytest.mark.parametrize(
    ("text", "translation", "warnings"),
    [
        ("Cae Xoán Vilar en Vigo.", "Falls Xoán", (TranslationWarning.TOO_SHORT, TranslationWarning.CUT_OFF)),
        ("Cae Xoán na cidade (15)", "Falls Xoán", (TranslationWarning.TOO_SHORT,)),
        ("Cae Xoán Vilar", "Falls Vilar Xoán", ()),
        ("Casa vella", "Casa vella", (TranslationWarning.COPIED,)),
        ("Casa vella de Vilar", "Casa vella", (TranslationWarning.COPIED,)),
        ("Xoán Vilar", "Xoán Vilar", ()),
    ],
)
def test_what_is_kept_and_lost_counts_in_short_texts(
    text: str, translation: str, warnings: tuple[TranslationWarning, ...]
) -> None:
    assert find_warnings(text, translation, **DIRECTION, statistics=usual()) == warnings
    assert set(find_warnings(text, translation, **DIRECTION)) <= {
        TranslationWarning.CUT_OFF,
        TranslationWarning.TOO_SHORT,
    }


@pytest.mark.parametrize(
    ("text", "translation", "retried"),
    [
        ("Cae Xoán (15)", "Falls Xoán", (TranslationWarning.TOO_SHORT,)),
        ("Fala a xente vella", "People speak", (TranslationWarning.TOO_SHORT,)),
        ("Cae a casa.", "The house falls", (TranslationWarning.TOO_SHORT,)),
        ("Chegamos.", "Chegamos.", (TranslationWarning.COPIED,)),
        ("Xoán Vilar", "Xoán", (TranslationWarning.COPIED,)),
        ("A noite chega.", "La nuit vient.", (TranslationWarning.WRONG_LANGUAGE,)),
        (
            "Cae a vella casa. Canta a xente do mar.",
            "The old house falls: sings the people of sea.",
            (TranslationWarning.SENTENCES,),
        ),
        ("Casa vella", "Old house", ()),
        ("A casa vella cae en Vigo.", "The old house falls in Vigo.", ()),
        ("12 (34)", "12 (34)", ()),
    ],
)
def test_retry_reasons_are_weaker_than_warnings(
    text: str, translation: str, retried: tuple[TranslationWarning, ...]
) -> None:
    assert find_warnings(text, translation, **DIRECTION, statistics=usual()) == ()
    found = retry_reasons(text, translation, **DIRECTION, statistics=usual())
    assert set(retried) <= set(found)
    assert bool(retried) == bool(found)


def test_retry_reasons_without_spaces_in_one_language_or_an_unknown_one() -> None:
    statistics = usual()
    text = "A casa vella cae sobre o mar de Vigo."
    assert (
        retry_reasons(text, "老房子倒在维哥的海上。", from_lang="gl", to_lang="zh", statistics=TranslationStatistics())
        == ()
    )
    assert retry_reasons(text, text, from_lang="gl", to_lang="glg_Latn", statistics=statistics) == ()
    ewe = {"from_lang": "gl", "to_lang": "ee"}
    assert retry_reasons(text, english(text), **ewe, statistics=statistics) == ()
    german = "der alte mann kommt heute nicht ans meer von vigo."
    assert retry_reasons(text, german, **ewe, statistics=statistics) == (TranslationWarning.WRONG_LANGUAGE,)
    for k in range(30):
        statistics.add(f"Xoán canta na casa vella número {k}.", f"Xoán sings in old house number {k}.")
    assert retry_reasons("Xoán", "Xoán", **DIRECTION, statistics=statistics) == ()
    assert retry_reasons("Brais", "Brais", **DIRECTION, statistics=statistics) == (TranslationWarning.COPIED,)


class Second(EchoTranslator):
    """Copies at first, and says what it was asked for again; then it knows better, or not."""

    def __init__(self, better: str | None) -> None:
        super().__init__()
        self.better = better
        self.again: list[str] = []

    def retranslate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        self.again += texts
        if self.better is None:
            raise RuntimeError("out of memory")
        return [self.better] * len(texts)


@pytest.mark.parametrize("policy", ["keep", "drop", "stop"])
@pytest.mark.parametrize(
    ("better", "text", "meta"),
    [
        ("We go back.", "We go back.", {"translation_attempt": "again"}),
        ("Volvemos.", "Volvemos.", {}),
        ("", "Volvemos.", {}),
        (None, "Volvemos.", {}),
    ],
)
def test_a_retry_reason_leads_to_one_quiet_attempt(
    policy: str, better: str | None, text: str, meta: dict[str, object]
) -> None:
    translator = Second(better)
    (checked,) = GuardedTranslator(translator, on_warning=policy).translate_checked(["Volvemos."], **DIRECTION)
    assert translator.again == ["Volvemos."]
    assert (checked.text, checked.meta, checked.warnings, checked.error) == (text, meta, (), None)
    assert checked.retried
    assert not checked.has_warnings
    assert bool(checked.retry_reasons) == (not meta)


def test_all_retry_reasons_weigh_less_than_a_warning() -> None:
    retried, warned = (
        CheckedTranslation("a", retry_reasons=tuple(TranslationWarning)),
        CheckedTranslation("a", (TranslationWarning.CUT_OFF,)),
    )
    assert (
        CheckedTranslation("a").badness
        < retried.badness
        < warned.badness
        < CheckedTranslation("", error=StageError("x")).badness
    )
    assert not CheckedTranslation("a").retried


def test_a_third_language_is_told_by_its_letters_unless_the_text_has_it_too() -> None:
    german = "Der Regen hört die ganze Nacht nicht auf."
    assert find_warnings("A choiva non para en toda a noite longa.", german, **DIRECTION) == (
        TranslationWarning.WRONG_LANGUAGE,
    )
    assert find_warnings(german, german.replace("Regen", "Rain"), **DIRECTION) == (TranslationWarning.COPIED,)
    quoted = "{}: Der Regen hört die ganze Nacht nicht auf, und die Leute bleiben heute zu Hause."
    assert find_warnings(quoted.format("Ana di isto"), quoted.format("Ana said this to us now"), **DIRECTION) == ()
    assert find_warnings("Ana di isto hoxe a todos, e moito máis.", quoted.format("Ana said this"), **DIRECTION) != ()
    assert find_warnings("A choiva non para en toda a noite.", german, from_lang="gl", to_lang="ee") == ()
    assert find_warnings("Xosé Núñez Feijóo, Íñigo Muñiz", "Xosé Núñez Feijóo, Íñigo Muñiz", **DIRECTION) == ()


@given(st.text(max_size=30), st.text(max_size=30))
def test_evidence_is_of_other_texts_and_its_order_does_not_matter(text: str, translation: str) -> None:
    alone, others, first, last = Retention(), Retention(), Retention(), Retention()
    alone.add(text, translation)
    first.add(text, translation)
    for other in made_up(20):
        for retention in (others, first, last):
            retention.add(other, english(other))
    last.add(text, translation)
    last.add(text, "something else")
    assert first.seen == last.seen
    assert first.own == last.own
    found = others.improbability("Vigo cae (15).", "Vigo falls.")
    assert found.lost > 0 < found.kept
    for judged in (text, translation, ""):
        improbability = alone.improbability(text, judged)
        assert min(improbability.lost, improbability.kept) >= 0
        assert max(improbability.lost, improbability.kept) <= 2 * len(tokens(text))
    assert Retention().improbability(text, text).lost == 0


def test_languages_are_told_apart() -> None:
    assert foreignness("Kiša ne prestaje celu noć i ljudi ostaju kod kuće.", "hr") == (0.0, "hr")
    assert foreignness("12 34", "en")[0] < 5
    assert foreignness("whatever", "ee") == (0.0, "ee")
    assert knows("glg_Latn")
    assert not knows("twi")


def test_words_of_identified_translations_make_identification_superfluous(monkeypatch: pytest.MonkeyPatch) -> None:
    identified = []

    def identify(text: str, translation: str, language: str) -> tuple[float, str]:
        identified.append(translation)
        return foreignness_without_names(text, translation, language)

    monkeypatch.setattr(language_identification, "foreignness_without_names", identify)
    texts = made_up(300)
    made = GuardedTranslator(Faulty(texts, 10**6, persistent=True)).translate_checked(texts, **DIRECTION)
    assert not any(checked.warnings for checked in made[1:])
    assert 0 < len(set(identified)) < 30


def test_a_run_in_another_language_is_identified_to_its_end() -> None:
    class German:
        def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
            return [f"Der Regen hört die ganze Nacht nicht auf, und {t.split()[-1]} singt laut im Haus." for t in texts]

    made = GuardedTranslator(German()).translate_checked(made_up(60), **DIRECTION)
    assert all(TranslationWarning.WRONG_LANGUAGE in checked.warnings for checked in made)


@given(st.lists(st.lists(st.sampled_from(("rain", "falls", "on", "the", "town")), min_size=5, max_size=8), max_size=12))
def test_a_known_word_is_in_two_identified_translations(rows: list[list[str]]) -> None:
    words, texts = IdentifiedWords(), [" ".join(row) for row in rows]
    for text in texts * 2:  # each counts once
        words.add(text)
    known = {word for row in rows for word in row if sum(word in text.split() for text in set(texts)) >= 2}
    for size in (5, 10):
        inside = (sorted(known) * 10)[: size * 4 // 5]
        judged = " ".join(inside + ["zug"] * (size - len(inside)))
        assert words.has_words_of(judged) == bool(known)
        assert not words.has_words_of(judged.replace("zug", "Zug")) or size == 10  # too few words without names
        assert not words.has_words_of(f"{judged} zug zug")
    assert all(words.has_words_of(text) for text in texts)


def test_lengths_and_loops() -> None:
    assert length("漢字かな") == 10.0
    assert length("한국") == 4.0
    assert repeats("as casas as casas as casas") == 3
    assert repeats("- - - - - -") == 0
    assert repeats("nananananana") == 6
    assert repeats("好好好好好好") == 6


def test_a_copy_from_a_pickle_translates_the_same() -> None:
    guarded = GuardedTranslator(EchoTranslator(), on_warning="drop")
    again = pickle.loads(pickle.dumps(guarded))
    assert again.fingerprint == guarded.fingerprint
    texts = ["a casa vella cae sobre o mar.", "Ana canta."]
    made, copied = (g.translate_checked(texts, **DIRECTION) for g in (guarded, again))
    assert [(c.text, str(c.error)) for c in copied] == [(c.text, str(c.error)) for c in made]


def test_policies() -> None:
    texts = ["a casa vella cae sobre o mar.", "Ana canta."]
    echo = EchoTranslator()
    warned = GuardedTranslator(echo).translate_checked(texts, **DIRECTION)
    assert [checked.meta for checked in warned] == [{"translation_warnings": ["copied"]}, {}]
    dropped = GuardedTranslator(echo, on_warning="drop").translate_checked(texts, **DIRECTION)
    assert str(dropped[0].error) == "the translation looks wrong (copied)"
    assert dropped[1].error is None
    with pytest.raises(BackendError, match=r"looks wrong \(copied\): 'a casa vella.*; use the policy keep or drop"):
        GuardedTranslator(echo, on_warning="stop").translate(texts, **DIRECTION)
    with pytest.raises(
        UnknownNameError, match="unknown policy 'panic' for translation warnings; one of keep, drop, stop"
    ):
        GuardedTranslator(echo, on_warning="panic")
    with pytest.raises(StageError, match="told to fail"):
        GuardedTranslator(EchoTranslator(fail_on="x")).translate(["x"], **DIRECTION)


def test_a_second_attempt_and_pieces() -> None:
    class Stubborn(EchoTranslator):
        """Drops all but the last sentence; its second way of translating is no better."""

        calls: list[tuple[str, ...]]

        def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
            return [english(text.rpartition(". ")[2]) for text in texts]

        def retranslate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
            return self.translate(texts, from_lang=from_lang, to_lang=to_lang)

    text = "A vella casa cae en Vigo. Canta a xente de mar en mar."
    (checked,) = GuardedTranslator(Stubborn()).translate_checked([text], **DIRECTION)
    assert checked.text == "The old house falls in Vigo. Sings the people of sea in sea."
    assert checked.meta == {"translation_attempt": "pieces"}


def test_backend_errors_end_the_run_and_routes_are_passed_on() -> None:
    class Gone(EchoTranslator):
        def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
            raise BackendError("no model")

        def check_direction(self, from_lang: str, to_lang: str) -> None:
            raise BackendError(f"not from {from_lang} to {to_lang}")

    with pytest.raises(BackendError, match="no model"):
        GuardedTranslator(Gone()).translate(["x"], **DIRECTION)
    with pytest.raises(BackendError, match="not from gl to en"):
        GuardedTranslator(Gone()).check_direction("gl", "en")
    GuardedTranslator(EchoTranslator()).check_direction("gl", "en")
    assert re.fullmatch(
        r"guarded\?on_warning=keep rules=4 py3langid [\d.]+ EchoTranslator\?fail_on=None&die_on=None",
        GuardedTranslator(EchoTranslator()).fingerprint,
    )


def pipeline(**options: Any) -> Pipeline:
    return Pipeline(
        EchoTranslator(), DictionaryRecognizer({"Vigo": "LOC"}), OracleAligner(), target_lang="gl", **options
    )


def test_warnings_reach_the_record() -> None:
    text = "a casa vella cae sobre o mar en Vigo."
    (pair,) = pipeline().run_texts([text])
    assert pair.source is not None
    assert pair.source.meta == {"translation_warnings": ["copied"]}
    assert pair.labeled.surface(pair.labeled.entities[0]) == "Vigo"
    (dropped,) = pipeline(on_warning="drop").run_texts([text])
    assert dropped.error == "translator: the translation looks wrong (copied)"
    (unchecked,) = pipeline(on_warning=None).run_texts([text])
    assert unchecked.source is not None
    assert unchecked.source.meta == {}
    assert pipeline(on_warning="drop").fingerprint != pipeline().fingerprint != pipeline(on_warning=None).fingerprint


def test_warnings_reach_the_file_and_the_summary(xlner: Command, fakes: list[str], tmp_path: Path) -> None:
    text, out = tmp_path / "in.txt", tmp_path / "out.jsonl"
    text.write_text("a casa vella cae sobre o mar en Vigo.\nAna canta.\n", encoding="utf-8")
    ran = xlner("label", text, "--lang", "gl", "-o", out, *fakes)
    assert ran.code == 0
    assert "1 translation looks wrong (copied 1)" in ran.err
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert records[0]["source"]["translation_warnings"] == ["copied"]
    assert "translation_warnings" not in records[1]["source"]
    assert xlner("label", text, "--lang", "gl", "--on-warning", "drop", *fakes).code == 1
    stopped = xlner("label", text, "--lang", "gl", "--on-warning", "stop", *fakes)
    assert stopped.code == 2
    assert "the translation looks wrong (copied)" in stopped.err


def test_translate(xlner: Command, tmp_path: Path) -> None:
    text, words, out = tmp_path / "in.txt", tmp_path / "words.tsv", tmp_path / "out.jsonl"
    text.write_text("Ana canta.\n\nmal\nVigo\n", encoding="utf-8")
    words.write_text("canta.\tsings.\n", encoding="utf-8")
    spec = f"dictionary:{words}"
    ran = xlner("translate", text, "--from", "gl", "--to", "en", "--translator", spec)
    assert (ran.code, ran.out) == (0, "Ana sings.\n\nmal\nVigo\n")
    assert ran.err == "xlner: 4 sentences\n"
    again = ("translate", text, "--from", "gl", "--to", "en", "--translator", spec, "--run-dir", tmp_path / "run")
    assert xlner(*again, "-o", out).code == 0
    record = json.loads(out.read_text(encoding="utf-8").splitlines()[0])
    assert (record["text"], record["source"]["text"]) == ("Ana canta.", "Ana sings.")
    assert xlner(*again).out == ran.out
    assert "another pipeline" in xlner(*again[:-3], "echo", *again[-2:]).err
    words.write_text("mal\t\u200b\n", encoding="utf-8")
    failed = xlner("translate", text, "--from", "gl", "--to", "en", "--translator", spec)
    assert (failed.code, failed.out) == (1, "Ana canta.\n\n\nVigo\n")
    assert "1 of 4 sentences failed; sentence 3: translator: the translation is empty" in failed.err
    assert xlner("translate", text, "--from", "gl", "--to", "en", "-o", tmp_path / "o.conll").code == 2
    assert "not a language code" in xlner("translate", text, "--from", "??", "--to", "en").err
