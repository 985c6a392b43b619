from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner.text import detokenize, tokenize
from xlner.text.offsets import words_in
from xlner.text.tokenizer import locate

LANGUAGES = st.sampled_from([None, "en", "es", "ca", "fr", "zh", "th"])


def words(text: str, language: str | None = None) -> list[str]:
    return [text[a:b] for a, b in tokenize(text, language)]


@given(st.text(max_size=60), LANGUAGES)
def test_every_character_that_shows_is_in_one_token(text: str, language: str | None) -> None:
    spans = tokenize(text, language)
    covered = [k for a, b in spans for k in range(a, b)]
    assert len(covered) == len(set(covered))
    assert covered == sorted(covered)
    for k in set(range(len(text))) - set(covered):
        hidden = unicodedata.category(text[k]) in ("Cc", "Cf", "Zs", "Zl", "Zp")
        assert text[k].isspace() or hidden or text[k] == "\u1361", repr(text[k])
    assert all(a < b and not text[a:b].isspace() for a, b in spans)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("L'Ajuntament de l'Hospitalet", "ca", ["L'", "Ajuntament", "de", "l'", "Hospitalet"]),
        ("d’Eivissa col·legi", "ca", ["d’", "Eivissa", "col·legi"]),
        ("Ana's U.S. trip, it's", "en", ["Ana", "'s", "U.S.", "trip", ",", "it", "'s"]),
        ("J. K. Rowling", "en", ["J.", "K.", "Rowling"]),
        (
            "Mr. Cox, (Dr.Ana), no Dr. here. St.",
            "en",
            ["Mr.", "Cox", ",", "(", "Dr.", "Ana", ")", ",", "no", "Dr", ".", "here", ".", "St", "."],
        ),
        ("la Sra. Gil y el Xsr. Gil", "es", ["la", "Sra.", "Gil", "y", "el", "Xsr", ".", "Gil"]),
        ("okw'okugeza", "lg", ["okw'okugeza"]),
        ("EE.UU. y 1.234,5 (3,5%)", "es", ["EE.UU.", "y", "1.234,5", "(", "3,5", "%", ")"]),
        ("¿Qué? ...", "es", ["¿", "Qué", "?", "..."]),
        ("Castilla-La Mancha", "es", ["Castilla-La", "Mancha"]),
        ("a@b.org https://x.org/y.", "en", ["a@b.org", "https://x.org/y", "."]),
        ("हिन्दी में", "hi", ["हिन्दी", "में"]),
        ("北京2008年", "zh", ["北", "京", "2008", "年"]),
        ("Bar\u200bce\u200blo\u200bna", None, ["Bar\u200bce\u200blo\u200bna"]),
        ("x\u200by", "th", ["x", "y"]),
        ("O`zbekiston", "uz", ["O`zbekiston"]),
        ("use `x` or `foo`s: O`zbek", "uz", ["use", "`", "x", "`", "or", "`", "foo", "`", "s", ":", "O`zbek"]),
        ("the`x`", "en", ["the", "`", "x", "`"]),
        ("anar-se'n dóna-me'l", "ca", ["anar-se'n", "dóna-me'l"]),
        ("porta'm l'n", "ca", ["porta", "'m", "l'", "n"]),
        ("Val-d'Isère, Jean-Luc's", "fr", ["Val-d'Isère", ",", "Jean-Luc", "'s"]),
        ("d'aujourd’hui quelqu'un", "fr", ["d'", "aujourd’hui", "quelqu'un"]),
        ("می‌خواهم", "fa", ["می‌خواهم"]),
        ("Bar\u00adce\u00adlo\u00adna és", "ca", ["Bar\u00adce\u00adlo\u00adna", "és"]),
        ("re\u2060-\u2060cyclage \u200fشمال\u200f.", "fr", ["re\u2060-\u2060cyclage", "شمال", "."]),
        ("क्\u200dष \u200d \u00ad", "hi", ["क्\u200dष"]),
        ('ארה"ב, צה"ל וד"ר', "he", ['ארה"ב', ",", 'צה"ל', 'וד"ר']),
        ('מנכ”לית "שלום" ב"הארץ"', "he", ["מנכ”לית", '"', "שלום", '"', "ב", '"', "הארץ", '"']),
        ("ג׳ורג׳ בצה''ל", "he", ["ג׳ורג׳", "בצה''ל"]),
        ("ինչո՞ւ Հայե՛ր", "hy", ["ինչո՞ւ", "Հայե՛ր"]),
        ("O‘zbekiston, Oʻzbekiston, o’zbek", "uz", ["O‘zbekiston", ",", "Oʻzbekiston", ",", "o’zbek"]),
        ("Hawai‘i", "en", ["Hawai‘i"]),
        ("‘ja’ sanʼat", "uz", ["‘", "ja", "’", "sanʼat"]),
        ("トヨタとスーパーは", "ja", ["トヨタ", "と", "スーパー", "は"]),
        ("NHKのﾄﾖﾀ", "ja", ["NHK", "の", "ﾄﾖﾀ"]),
        ("ኢትዮጵያ፡አገር።", "am", ["ኢትዮጵያ", "አገር", "።"]),
        ("‘Catalonia’s crisis’", "ca", ["‘", "Catalonia", "’s", "crisis", "’"]),
        ("l'S. de McDonald's d‘Ana", "fr", ["l", "'S", ".", "de", "McDonald", "'s", "d‘", "Ana"]),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467 hi", "es", ["\U0001f468\u200d\U0001f469\u200d\U0001f467", "hi"]),
        ("🇪🇸🇫🇷👍🏽👍🏽❤️Ana", "es", ["🇪🇸", "🇫🇷", "👍🏽", "👍🏽", "❤️", "Ana"]),
        ("1️⃣2️⃣ #️⃣ 12", "es", ["1️⃣", "2️⃣", "#️⃣", "12"]),
        ("កម្ពុជា กำลัง", "km", ["ក", "ម្ពុ", "ជា", "กำ", "ลั", "ง"]),
        ("\u0301\u0301", None, ["\u0301\u0301"]),
        ("", None, []),
    ],
)
def test_words(text: str, language: str | None, expected: list[str]) -> None:
    assert words(text, language) == expected


@given(st.text(st.sampled_from("Aé́ \u00ad\u200c\u200d\u2060'’‘\"-👩👍🏽🇪🇸️⃣1#ーカあ京กำក្មא.ि"), max_size=12), LANGUAGES)
def test_no_token_begins_with_what_does_not_show(text: str, language: str | None) -> None:
    for start, end in tokenize(text, language):
        assert unicodedata.category(text[start]) != "Cf"
        assert " " not in text[start:end]


def test_a_segmenter_cuts_scripts_without_spaces() -> None:
    text = "Xi在北京说 hi。中国"
    spans = tokenize(text, "zh", segmenter=lambda run: [run[k : k + 2] for k in range(0, len(run), 2)])
    assert [text[a:b] for a, b in spans] == ["Xi", "在北", "京说", "hi", "。", "中国"]


def test_a_segmenter_must_not_change_the_text() -> None:
    with pytest.raises(ValueError, match="the segmenter changed"):
        tokenize("北京", "zh", segmenter=lambda run: ["Beijing"])


@given(st.lists(st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=4), max_size=8), LANGUAGES)
def test_detokenized_text_holds_every_token_at_its_offsets(tokens: list[str], language: str | None) -> None:
    text, offsets = detokenize(tokens, language)
    assert [text[a:b] for a, b in offsets] == tokens
    assert "".join(text.split()) == "".join("".join(tokens).split())


@pytest.mark.parametrize(
    ("tokens", "language", "expected"),
    [
        (["¿", "Vive", "en", "Vigo", "(", "Galicia", ")", "?"], "es", "¿Vive en Vigo (Galicia)?"),
        (["Il", "dit", ":", "«", "Oui", "!", "»"], "fr", "Il dit : « Oui ! »"),
        (["He", "said", '"', "yes", '"', "."], "en", 'He said "yes".'),
        (["l'", "Ajuntament"], "ca", "l'Ajuntament"),
        (["北", "京", "。"], "zh", "北京。"),
        (["他", "在", "New", "York", "買", "iPhone", "15", "。"], "zh-Hant", "他在New York買iPhone 15。"),
        (["เขา", "อยู่", "กรุงเทพ"], "th", "เขาอยู่กรุงเทพ"),
        (["「", "東京", "」", "へ"], "ja", "「東京」へ"),
        (["I", "'m", "sure", "they", "'ll", "say", "they", "do", "n't"], "en", "I'm sure they'll say they don't"),
        (["``", "So", "''", ",", "she", "said"], "en", "``So'', she said"),
        (["the", "boys'", "house"], "en", "the boys' house"),
        (["dell'", "Italia"], "it", "dell'Italia"),
        (["Er", "sagte", "„", "ja", "“", "und", "»", "nein", "«", "."], "de", "Er sagte „ja“ und »nein«."),
        (["Hon", "sa", "”", "ja", "”", "."], "sv", "Hon sa ”ja”."),
        (["He", "said", "“", "no", "‘", "way", "’", "”", "."], "en", "He said “no ‘way’”."),
        (["«", "Да", "»", ",", "сказал", "он"], "ru", "«Да», сказал он"),
        (["'s", "Avonds", "in", "Gent"], "nl", "'s Avonds in Gent"),
        (["هل", "جاء", "؟"], "ar", "هل جاء؟"),
        (["वह", "गया", "।"], "hi", "वह गया।"),
        (["sì", "”", "disse"], "it", "sì” disse"),
    ],
)
def test_detokenize(tokens: list[str], language: str, expected: str) -> None:
    assert detokenize(tokens, language)[0] == expected


def test_locate_gives_up_where_a_token_is_not_in_the_text() -> None:
    assert locate('say "hi"', ["say", "``", "hi"]) is None


@given(st.lists(st.integers(0, 12), max_size=8), st.integers(0, 13), st.integers(0, 13))
def test_words_that_share_a_character_with_a_span(bounds: list[int], start: int, end: int) -> None:
    places = sorted(bounds)
    offsets = list(zip(places[::2], places[1::2], strict=False))
    expected = [k for k, (a, b) in enumerate(offsets) if a < end and start < b]
    assert words_in(offsets, start, end) == ((expected[0], expected[-1] + 1) if expected else None)
