"""Texts in ALL CAPS are read in another case, and results keep the capitals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Command
from xlner import Entity, InputError, Pair, Pipeline, RecognitionPipeline, Sentence, TrainingDataBuilder
from xlner.fakes import DictionaryRecognizer, EchoTranslator
from xlner.pipeline import DocumentPipeline, RecasedPipeline
from xlner.text.recasing import is_all_caps, sentence_case, title_case


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("O PRESIDENTE EN VIGO", "O Presidente En Vigo"),
        ("JEAN-PAUL O'NEILL", "Jean-Paul O'Neill"),
        ("L’AJUNTAMENT DE L'ÍNSUA", "L’Ajuntament De L'Ínsua"),
        ("ANA'S SHE'LL DON'T", "Ana's She'll Don't"),
        ("THE U.S. AND @USER", "The U.S. And @USER"),
        ("ОСТАННІ НОВИНИ", "Останні Новини"),
        ("ΟΔΟΣ ΑΘΗΝΑΣ", "Οδος Αθηνας"),
    ],
)
def test_title_case(text: str, title: str) -> None:
    assert title_case(text) == title


def test_the_final_sigma_and_the_dotless_i() -> None:
    assert title_case("ΟΔΥΣΣΕΥΣ ΕΔΩ") == "Οδυσσευς Εδω"
    assert title_case("DİYARBAKIR ISPARTA", "tr") == "Diyarbakır Isparta"
    assert title_case("DİYARBAKIR ISPARTA") == "Diyarbakir Isparta"


def test_sentence_case_knows_names() -> None:
    assert sentence_case("SOCCER - JAPAN WIN", [(9, 14)]) == "Soccer - Japan win"
    assert sentence_case("- THE NEW YORK TIMES", [(6, 14)]) == "- The New York times"


@pytest.mark.parametrize(
    ("text", "all_caps"),
    [
        ("USA 2 - UK 1", False),
        ("ANA PARDO", True),
        ("Ana PARDO LUGO", False),
        ("BROADCASTING", False),
        ("VER https://x.org/abc AGORA MESMO", True),
        ("#vigo @ana", False),
        ("東京の天気です", False),
        ("", False),
    ],
)
def test_what_is_all_caps(text: str, all_caps: bool) -> None:
    assert is_all_caps(text) is all_caps


@given(st.text(max_size=30).map(str.upper), st.sampled_from([None, "tr"]))
def test_every_letter_stays_in_its_place(text: str, language: str | None) -> None:
    for made in (title_case(text, language), sentence_case(text, [(0, 5)], language)):
        assert len(made) == len(text)
        assert all(a == b or (a.isalpha() and b.isalpha()) for a, b in zip(made, text, strict=True))


NAMES = {"Vigo": "LOC", "Ana Pardo": "PER"}
CAPS = "ANA PARDO CHEGOU A VIGO. FOI ONTE."


@pytest.mark.parametrize("has_text", [True, False])
def test_labels_land_on_the_words_as_they_are_written(has_text: bool) -> None:
    document = Sentence.from_text(CAPS, language="gl", id="7")
    if not has_text:
        document = Sentence(document.tokens, language="gl", id="7")
    pipeline = Pipeline("echo", DictionaryRecognizer(NAMES), "oracle", "exact", target_lang="gl", on_warning=None)
    plain = Sentence.from_text("Ana Pardo chegou a Vigo", language="gl")
    bad = InputError("no", path="a", line=1)
    made, other, unread = RecasedPipeline(pipeline).run_pairs([Pair(document), Pair(plain), bad])
    assert made.target == document
    assert made.labeled.with_entities(()) == document
    assert [made.labeled.surface(e) for e in made.labeled.entities] == ["ANA PARDO", "VIGO"]
    assert made.require_source().text == "Ana Pardo Chegou A Vigo. Foi Onte."
    assert [other.labeled.surface(e) for e in other.labeled.entities] == ["Ana Pardo", "Vigo"]
    assert unread.error == str(bad)


def test_documents_may_have_some_sentences_in_capitals() -> None:
    inner = RecasedPipeline(RecognitionPipeline(DictionaryRecognizer(NAMES), lang="gl"))
    pipeline = DocumentPipeline(inner)
    text = "ANA PARDO CHEGOU ONTE. Vive en Vigo."
    (made,) = pipeline.run_pairs([Pair(Sentence.from_text(text))])
    assert [made.labeled.surface(e) for e in made.labeled.entities] == ["ANA PARDO", "Vigo"]
    assert inner.fingerprint.endswith("|recase")
    assert pipeline.labels == {"PER": 1, "LOC": 1}


def test_building_knows_the_names() -> None:
    texts: list[str] = []

    class Noting(EchoTranslator):
        def translate(self, texts_: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
            texts.extend(texts_)
            return super().translate(texts_, from_lang=from_lang, to_lang=to_lang)

    source = Sentence(("SOCCER", "-", "JAPAN", "WIN"), (Entity(2, 3, "LOC"),))
    (made,) = RecasedPipeline(TrainingDataBuilder(Noting(), "oracle", to_lang="es")).run_pairs([source])
    assert made.source == source
    assert made.labeled.tokens == ("Soccer", "-", "Japan", "win")
    assert made.labeled.tags() == ["O", "O", "B-LOC", "O"]
    (plain,) = RecasedPipeline(TrainingDataBuilder("echo", "oracle", to_lang="es")).run_pairs([Sentence(("Win",))])
    assert plain.labeled.tokens == ("Win",)


def test_on_the_command_line(tmp_path: Path, xlner: Command) -> None:
    (tmp_path / "names.tsv").write_text("Vigo\tLOC\n", encoding="utf-8")
    (tmp_path / "in.txt").write_text("CHEGOU ONTE A VIGO\n", encoding="utf-8")
    common = ("label", str(tmp_path / "in.txt"), "--lang", "gl", "--route", "direct")
    ran = xlner(*common, "--recognizer", f"gazetteer:{tmp_path / 'names.tsv'}", "--recase", "--output-format", "conll")
    assert ran.code == 0, ran.err
    assert "VIGO\tB-LOC" in ran.out
    ran = xlner("translate", str(tmp_path / "in.txt"), "--from", "gl", "--to", "en", "--translator", "echo", "--recase")
    assert ran.out.strip() == "Chegou Onte A Vigo"
