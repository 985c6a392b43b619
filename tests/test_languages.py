from __future__ import annotations

from pathlib import Path

import pytest

from xlner import Sentence
from xlner.errors import UnknownNameError
from xlner.formats import jsonl, write_sentences
from xlner.text import languages
from xlner.text.language_names import codes_by_name
from xlner.text.recasing import title_case

MASAKHANER2 = ("bam", "ewe", "fon", "hau", "ibo", "kin", "lug", "luo", "mos")
MASAKHANER2 += ("nya", "sna", "swa", "tsn", "twi", "wol", "xho", "yor", "zul")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("es", "es"),
        ("spa", "es"),
        ("spa_Latn", "es"),
        ("pt-BR", "pt"),
        ("eng_US", "en"),
        ("zho_Hans", "zh"),
        ("zh_Hant", "zh-Hant"),
        ("hbs", "sr-Latn"),
        ("arb_Arab", "ar"),
        ("cmn", "zh"),
        ("twi", "tw"),
        ("bbj", "bbj"),
        (" gl ", "gl"),
        ("zh-TW", "zh-Hant"),
        ("zh_HK", "zh-Hant"),
        ("cmn-MO", "zh-Hant"),
        ("zh-CN", "zh"),
        ("zh-Hans-HK", "zh"),
        ("sr-ME", "sr-Latn"),
        ("pa-PK", "pa-Arab"),
        ("kor_Hang", "ko"),
        ("nb", "no"),
        ("nob_Latn", "no"),
        ("nn-NO", "nn"),
        ("prs_Arab", "prs"),
        ("fa-AF", "prs"),
    ],
)
def test_canonical(code: str, expected: str) -> None:
    assert languages.canonical(code) == expected


@pytest.mark.parametrize("code", ["xx", "zzz", "english", "", "e", "es/en"])
def test_what_is_no_language_is_refused(code: str) -> None:
    with pytest.raises(UnknownNameError, match="not a language code"):
        languages.canonical(code)


@pytest.mark.parametrize(
    ("name", "code"),
    [("Catalan", "ca"), ("català", "ca"), ("Spansh", "es"), ("Norwegian", "no"), ("farsi", "fa"), ("Dari", "prs")],
)
def test_the_name_of_a_language_suggests_its_code(name: str, code: str) -> None:
    with pytest.raises(UnknownNameError, match=f"{name!r} is not a language code; did you mean {code!r}?"):
        languages.canonical(name)


def test_every_suggested_code_is_a_code() -> None:
    for code in codes_by_name().values():
        assert languages.canonical(code) == code


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ar", "arb_Arab"),
        ("et", "est_Latn"),
        ("fa", "pes_Arab"),
        ("ms", "zsm_Latn"),
        ("sw", "swh_Latn"),
        ("swa", "swh_Latn"),
        ("tl", "tgl_Latn"),
        ("zh", "zho_Hans"),
        ("zh-Hant", "zho_Hant"),
        ("lv", "lvs_Latn"),
        ("sr", "srp_Cyrl"),
        ("mk", "mkd_Cyrl"),
        ("zh-TW", "zho_Hant"),
        ("prs", "prs_Arab"),
        ("no", "nob_Latn"),
        ("nb", "nob_Latn"),
        ("nn", "nno_Latn"),
        ("ko", "kor_Hang"),
        ("azb", "azb_Arab"),
        ("acm", "acm_Arab"),
        ("crh", "crh_Latn"),
        ("tzm", "tzm_Tfng"),
    ],
)
def test_flores(code: str, expected: str) -> None:
    assert languages.flores(code) == expected
    assert languages.flores(expected) == expected


@pytest.mark.parametrize("code", MASAKHANER2)
def test_flores_of_masakhaner2_is_the_code_and_latin(code: str) -> None:
    assert languages.flores(code) == f"{'swh' if code == 'swa' else code}_Latn"


def test_apertium_names() -> None:
    assert languages.apertium("mk") == ("mkd", "mk")
    assert languages.apertium("nb")[0] == "nob"
    assert languages.apertium("sr-Latn")[:2] == ("hbs", "hbs_SR")
    assert "zlm" in languages.apertium("ms")
    assert "nob" in languages.apertium("no")


def test_scripts_and_spaces() -> None:
    assert languages.iso639_3("gl") == "glg"
    assert languages.script("ja") == "Jpan"
    assert languages.spaceless("zh-Hant")
    assert not languages.spaceless(None)


def test_codes_that_need_no_table_are_canonical_by_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = languages.CANONICAL
    monkeypatch.setattr(languages, "CANONICAL", frozenset())
    languages.canonical.cache_clear()
    assert {code: languages.canonical(code) for code in codes} == {code: code for code in codes}


@pytest.mark.parametrize("code", ["", "und", "mis", "mul", "zxx", "xx", "Klingonish", None])
def test_words_without_a_known_language_have_a_text(code: str | None) -> None:
    sentence = Sentence(("Ana", "vive", "."), language=code).with_text()
    assert (sentence.text, sentence.language) == ("Ana vive.", code)
    assert title_case("ANA", code) == "Ana"


@pytest.mark.parametrize("code", sorted(languages.NO_ONE_LANGUAGE))
def test_a_text_in_no_one_language_is_read(code: str) -> None:
    (read,) = jsonl.read([(1, f'{{"text": "Ana vive.", "lang": "{code}"}}')])
    assert isinstance(read, Sentence)
    assert (read.tokens, read.language) == (("Ana", "vive", "."), code or None)


@pytest.mark.parametrize("name", ["doccano", "label-studio", "prodigy", "text", "webanno", "xmi", "csv"])
def test_words_in_no_one_language_are_written(name: str, tmp_path: Path) -> None:
    assert write_sentences([Sentence(("Ana", "."), language="und")], tmp_path / "out", format=name) == 1
